#include "core/text.h"
#include "image/dialect.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

// format=auto: asked for, and no format of its own.
const std::optional<std::optional<Format>> automatic(std::in_place);

Parsed parse(std::string_view target)
{
    const auto [path, query, has_query] = cut(target, '?');
    return parse_cloudflare({path, query});
}

Parsed with_options(std::string_view list)
{
    return parse("/cdn-cgi/image/" + std::string(list) + "/a.jpg");
}

Options options(std::string_view list)
{
    const auto parsed = with_options(list);
    if (!parsed || !*parsed) {
        ADD_FAILURE() << "refused: " << list;
        return {};
    }

    return (*parsed)->options;
}

std::string refusal(std::string_view list)
{
    const auto parsed = with_options(list);
    if (parsed) {
        return "accepted";
    }

    EXPECT_EQ(parsed.error().code, ErrorCode::bad_request) << list;
    return parsed.error().message;
}

void expect_refused(std::initializer_list<std::string_view> lists)
{
    for (const auto list : lists) {
        EXPECT_NE(refusal(list), "accepted") << list;
    }
}

TEST(CloudflareUrl, IsOneUnderItsPrefix)
{
    for (const std::string_view path : {"/a.jpg", "/cdn-cgi/image", "/x/cdn-cgi/image/w=1/a.jpg"}) {
        const auto parsed = parse(path);
        ASSERT_TRUE(parsed) << path;
        EXPECT_FALSE(*parsed) << path;
    }
}

TEST(CloudflareUrl, HasOptionsThenASource)
{
    const auto parsed = parse("/cdn-cgi/image/width=80,quality=75/uploads/a%20b.jpg?v=1,2");
    ASSERT_TRUE(parsed);
    EXPECT_EQ((*parsed)->options.width, 80);
    EXPECT_EQ((*parsed)->options.quality, (Quality{false, 75}));
    EXPECT_EQ((*parsed)->source, (Source{"", "/uploads/a%20b.jpg", "v=1,2"}));
}

TEST(CloudflareUrl, TakesAnAbsoluteSource)
{
    const auto parsed = parse("/cdn-cgi/image/w=80/https://img.example.com/a.jpg?v=1");
    ASSERT_TRUE(parsed);
    EXPECT_EQ((*parsed)->source, (Source{"https://img.example.com", "/a.jpg", "v=1"}));
}

TEST(CloudflareUrl, IsRefusedWithoutASource)
{
    for (const std::string_view target :
         {"/cdn-cgi/image/", "/cdn-cgi/image/a.jpg", "/cdn-cgi/image/w=80", "/cdn-cgi/image/w=80/",
          "/cdn-cgi/image/w=80/?a.jpg", "/cdn-cgi/image/w=80//", "/cdn-cgi/image/w=80/https://h/",
          "/cdn-cgi/image/w=80/../a.jpg"})
    {
        EXPECT_FALSE(parse(target)) << target;
    }
}

TEST(CloudflareOptions, HaveShortNames)
{
    const auto shorts = options("w=80,h=60,q=75,f=webp,g=left");
    const auto longs = options("width=80,height=60,quality=75,format=webp,gravity=left");

    for (const auto &asked : {shorts, longs}) {
        EXPECT_EQ(asked.width, 80);
        EXPECT_EQ(asked.height, 60);
        EXPECT_EQ(asked.quality, (Quality{false, 75}));
        EXPECT_EQ(asked.format, Format::webp);
        EXPECT_EQ(asked.gravity, (Gravity{Gravity::Kind::point, 0, 0.5}));
    }
}

TEST(CloudflareOptions, LeaveOpenWhatTheyDoNotName)
{
    const auto asked = options("w=80");
    EXPECT_FALSE(asked.height || asked.dpr || asked.fit || asked.gravity || asked.quality
                 || asked.format || asked.background || asked.preset);
}

TEST(CloudflareOptions, DecodeTheirValues)
{
    EXPECT_EQ(options("background=rgb(240%2C40%2C145)").background, (Color{240, 40, 145, 255}));
    EXPECT_EQ(options("background=rgb%28240%2040%20145%20%2F%2050%25%29").background,
              (Color{240, 40, 145, 128}));
    EXPECT_EQ(options("background=%23f00").background, (Color{255, 0, 0, 255}));
    EXPECT_EQ(options("w=%38%30").width, 80);
    expect_refused({"w=80%2Ch=60", "%77=80", "background=rgb(240,40,145)", "w=80%", "w=%zz"});
}

TEST(CloudflareOptions, CountTheLastOfARepeatedOne)
{
    EXPECT_EQ(options("w=80,width=90").width, 90);
    EXPECT_EQ(options("w=90,width=80").width, 80);
}

TEST(CloudflareOptions, AreAllNamesWithValues)
{
    expect_refused({"", "w", "w=", "=80", "w=80,", ",w=80", "w=80,,h=60", "w=80;h=60", "w==80",
                    "f=", "preset="});
}

TEST(CloudflareOptions, AreRefusedWhenUnknown)
{
    EXPECT_EQ(refusal("w=80,colour=red"), "unknown option: \"colour\"");
    expect_refused({"W=80", " w=80", "cdn=1"});
}

TEST(CloudflareOptions, AreRefusedInOnePlainLine)
{
    EXPECT_EQ(refusal("width=a%0Ab"), "width must be a whole number from 1 to 12000: \"a?b\"");
    EXPECT_LT(refusal("x" + std::string(5000, 'x') + "=1").size(), 200);
}

TEST(CloudflareOptions, TakeSidesFrom1To12000)
{
    for (const std::string key : {"w", "h"}) {
        EXPECT_NE(refusal(key + "=0"), "accepted");
        EXPECT_EQ(refusal(key + "=1"), "accepted");
        EXPECT_EQ(refusal(key + "=12000"), "accepted");
        EXPECT_NE(refusal(key + "=12001"), "accepted");
    }
    EXPECT_EQ(options("w=000000000000000080").width, 80);
    expect_refused({"w=-1", "w=+1", "w=80.5", "w=8e1", "w=80px", "w=%2080", "w=999999999999999999",
                    "w=0000000000000000080", "w=18446744073709551696"});
}

TEST(CloudflareOptions, TakeADensityUpTo3)
{
    EXPECT_EQ(options("dpr=0.5").dpr, 0.5);
    EXPECT_EQ(options("dpr=3").dpr, 3.0);
    expect_refused({"dpr=0", "dpr=0.000", "dpr=-1", "dpr=3.000001", "dpr=2x", "dpr=nan", "dpr=1e0"});
}

TEST(CloudflareOptions, TakeEveryFit)
{
    const std::pair<const char *, Fit> fits[] = {
        {"scale-down", Fit::scale_down}, {"contain", Fit::contain}, {"cover", Fit::cover},
        {"crop", Fit::crop},             {"pad", Fit::pad},         {"squeeze", Fit::squeeze},
        {"scale-up", Fit::scale_up},     {"aspect-crop", Fit::aspect_crop},
    };
    for (const auto &[word, fit] : fits) {
        EXPECT_EQ(options("fit=" + std::string(word)).fit, fit) << word;
    }
    expect_refused({"fit=scale_down", "fit=Cover", "fit=stretch"});
}

TEST(CloudflareOptions, TakeGravityAsAWordOrAPoint)
{
    const std::pair<const char *, Gravity> gravities[] = {
        {"auto", {Gravity::Kind::attention}},
        {"entropy", {Gravity::Kind::entropy}},
        {"center", {Gravity::Kind::point, 0.5, 0.5}},
        {"face", {Gravity::Kind::point, 0.5, 0.5}},
        {"left", {Gravity::Kind::point, 0, 0.5}},
        {"right", {Gravity::Kind::point, 1, 0.5}},
        {"top", {Gravity::Kind::point, 0.5, 0}},
        {"bottom", {Gravity::Kind::point, 0.5, 1}},
        {"0x1", {Gravity::Kind::point, 0, 1}},
        {"0.25x0.75", {Gravity::Kind::point, 0.25, 0.75}},
    };
    for (const auto &[word, gravity] : gravities) {
        EXPECT_EQ(options("g=" + std::string(word)).gravity, gravity) << word;
    }
    expect_refused({"g=0.5", "g=x", "g=0.5x", "g=0.5X0.5", "g=1.000001x0", "g=0x-0.000001",
                    "g=0.5x0.5x0.5", "g=middle"});
}

TEST(CloudflareOptions, TakeQualityAsAWordOrFrom1To100)
{
    const std::pair<const char *, Quality> qualities[] = {
        {"1", {false, 1}},     {"100", {false, 100}},        {"auto", {true}},
        {"high", {false, 85}}, {"medium-high", {false, 80}}, {"medium-low", {false, 70}},
        {"low", {false, 60}},
    };
    for (const auto &[word, quality] : qualities) {
        EXPECT_EQ(options("q=" + std::string(word)).quality, quality) << word;
    }
    expect_refused({"q=0", "q=101", "q=85.5", "q=medium"});
}

TEST(CloudflareOptions, TakeFormatsThatCanBeWritten)
{
    EXPECT_EQ(options("f=auto").format, automatic);
    EXPECT_EQ(options("f=avif").format, Format::avif);
    EXPECT_EQ(options("f=jpeg").format, Format::jpeg);
    EXPECT_EQ(options("f=png").format, Format::png);
    expect_refused({"f=heif", "f=tiff", "f=pdf", "f=WEBP", "f=bmp"});
}

TEST(CloudflareOptions, LeaveTheWidthToTheClient)
{
    EXPECT_EQ(options("w=auto").hinted_width, true);
    EXPECT_EQ(options("w=80,width=auto").width, std::nullopt);
    EXPECT_EQ(options("width=auto,w=80").hinted_width, std::nullopt);
    EXPECT_EQ(options("width=auto,w=80").width, 80);
    expect_refused({"h=auto", "dpr=auto", "w=Auto"});
}

TEST(CloudflareOptions, TakeAQualityForSlowConnections)
{
    EXPECT_EQ(options("scq=50").slow_quality, (Quality{false, 50}));
    EXPECT_EQ(options("slow-connection-quality=low").slow_quality, (Quality{false, 60}));
    EXPECT_EQ(options("scq=50").quality, std::nullopt);
    expect_refused({"scq=0", "scq=101", "scq=slow"});
}

TEST(CloudflareOptions, TakeInformationForAFormat)
{
    EXPECT_EQ(options("f=json").json, true);
    EXPECT_EQ(options("f=json,f=webp").json, std::nullopt);
    EXPECT_EQ(options("f=webp,f=json").json, true);
}

TEST(CloudflareOptions, TakeTheFastCompressionOverTheFormat)
{
    const auto request = resolve(options("f=avif,compression=fast"), {}, {Format::avif});
    EXPECT_EQ(request->format, (FormatChoice{FormatChoice::Kind::negotiated, {}}));
    EXPECT_FALSE(leaves_format_open(options("f=auto,compression=fast")));
    EXPECT_TRUE(leaves_format_open(options("f=auto")));
    expect_refused({"compression=slow"});
}

TEST(CloudflareOptions, SendToTheSourceOnError)
{
    EXPECT_EQ(options("onerror=redirect").redirect, true);
    expect_refused({"onerror=status"});
}

TEST(CloudflareOptions, TakeWhatHasNoEffectWithoutAModel)
{
    for (const char *list : {"zoom=0", "zoom=1", "face-zoom=0.5", "upscale=interpolate", "upscale=generate"}) {
        EXPECT_EQ(print_canonical(*resolve(options(list), {"", "/a.jpg", ""}, {})),
                  "/cdn-image/q=85/a.jpg")
            << list;
    }
    expect_refused({"zoom=1.1", "zoom=-1", "upscale=more"});
    EXPECT_EQ(refusal("segment=foreground"), "segment is not supported here");
}

TEST(CloudflareOptions, TrimPixelsOrShares)
{
    EXPECT_EQ(options("trim=1;0.25;0;0.0").trim, (Sides{1, {0.25, true}, 0, 0}));
    EXPECT_EQ(options("trim.right=0.5").trim->right, Length(0.5, true));
    EXPECT_EQ(options("trim.top=0.25").region->y.at, Length(0.25, true));
    EXPECT_EQ(options("trim.width=0.5").region->width, Length(0.5, true));
    expect_refused({"trim=1", "trim=1;2;3", "trim=1;2;3;4;5", "trim=-1;0;0;0", "trim=1.5;0;0;0", "trim.width=1.5",
                    "trim.left=", "trim.middle=1"});
}

TEST(CloudflareOptions, TrimByTheBordersColour)
{
    EXPECT_EQ(options("trim=border").edges, PlainEdges());
    EXPECT_EQ(options("trim.border.tolerance=5").edges, (PlainEdges{5, {}}));
    EXPECT_EQ(options("trim=border,trim.border.color=%23f00,trim.border.tolerance=255,trim.border.keep=7").edges,
              (PlainEdges{255, Color{255, 0, 0, 255}, 7}));
    EXPECT_EQ(options("trim.border.keep=7,trim=border").edges, (PlainEdges{10, {}, 7}));
    EXPECT_EQ(options("trim.border.color=rgb(1%202%203%20%2F%2050%25)").edges->color, (Color{1, 2, 3, 255}));
    EXPECT_EQ(options("trim.border.color=transparent").edges->color, transparent);
    expect_refused({"trim=borders", "trim=border;1;1;1", "trim.border=1", "trim.border.tolerance=256",
                    "trim.border.tolerance=-1", "trim.border.keep=x", "trim.border.color=reddish"});
}

TEST(CloudflareOptions, TrimDevicePixels)
{
    const auto canonical = [](const char *list) {
        return print_canonical(*resolve(options(list), {"", "/a.jpg", ""}, {}));
    };

    EXPECT_EQ(canonical("trim=1;2;0;4,dpr=2,width=10"), canonical("trim=2;4;0;8,width=20"));
    EXPECT_EQ(canonical("trim=0.25;0;0;3,dpr=1.5"), canonical("trim=0.25;0;0;5"));
    EXPECT_EQ(canonical("trim.width=30,trim.height=20,trim.left=5,trim.top=6,dpr=3"),
              canonical("trim.width=90,trim.height=60,trim.left=15,trim.top=18"));
    EXPECT_EQ(canonical("trim=border,trim.border.keep=2,dpr=2"), canonical("trim=border,trim.border.keep=4"));
    EXPECT_EQ(canonical("trim.width=1,dpr=0.1"), canonical("trim.width=1"));
    EXPECT_EQ(canonical("trim=border,dpr=2"), canonical("trim=border"));
}

TEST(CloudflareOptions, TakeAPresetsName)
{
    EXPECT_EQ(options("preset=hero").preset, "hero");
}

}  // namespace
}  // namespace cdn::image

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
    return parse_keycdn({path, query});
}

Asked asked(const std::string &target)
{
    const auto parsed = parse(target);
    if (!parsed || !*parsed) {
        ADD_FAILURE() << (parsed ? "no option: " : parsed.error().message) << target;
        return {};
    }

    return **parsed;
}

Options options(std::string_view query)
{
    return asked("/a.jpg?" + std::string(query)).options;
}

Options path_options(std::string_view list)
{
    return asked('/' + std::string(list) + "/a.jpg").options;
}

std::string refusal(const std::string &target)
{
    const auto parsed = parse(target);
    if (parsed) {
        return "accepted";
    }

    EXPECT_EQ(parsed.error().code, ErrorCode::bad_request) << target;
    return parsed.error().message;
}

void expect_refused(std::initializer_list<std::string_view> queries)
{
    for (const auto query : queries) {
        EXPECT_NE(refusal("/a.jpg?" + std::string(query)), "accepted") << query;
    }
}

Length pixels(double value)
{
    return {value, false};
}

Length share(double value)
{
    return {value, true};
}

Gravity point(double x, double y)
{
    return {Gravity::Kind::point, x, y};
}

// ---- the query form

TEST(KeycdnUrl, WithoutAnOptionAsksForNothing)
{
    for (const std::string_view target :
         {"/a.jpg", "/a.jpg?v=2&Width=100&older=1&w=300", "/a.jpg?width=&preset="})
    {
        const auto parsed = parse(target);
        ASSERT_TRUE(parsed) << target;
        EXPECT_FALSE(*parsed) << target;
    }
}

TEST(KeycdnUrl, LeavesOtherArgumentsToTheSource)
{
    EXPECT_EQ(asked("/p/a%20b.jpg?v=2&width=300&h=5").source.uri(), "/p/a%20b.jpg?v=2&h=5");
}

TEST(KeycdnUrl, CoversTheBoxAtQuality80)
{
    const Options set = options("width=300&height=200");
    EXPECT_EQ(set.width, pixels(300));
    EXPECT_EQ(set.height, pixels(200));
    EXPECT_FALSE(set.enlarge);

    const Options defaults = asked("/a.jpg?width=300&height=200").defaults;
    EXPECT_EQ(defaults.fit, Fit::cover);
    EXPECT_EQ(defaults.quality, (Quality{false, 80}));
    EXPECT_FALSE(set.gravity);
    EXPECT_FALSE(set.format);
}

TEST(KeycdnUrl, LeavesItsDefaultsOutForAPreset)
{
    const Options set = options("preset=thumbnail&width=100");
    EXPECT_EQ(set.preset, "thumbnail");
    EXPECT_EQ(set.width, pixels(100));
    EXPECT_FALSE(set.fit);
    EXPECT_FALSE(set.quality);
    EXPECT_FALSE(set.format);

    EXPECT_EQ(options("preset=thumbnail&fit=fill").fit, Fit::squeeze);
}

TEST(KeycdnUrl, RefusesImpossibleSides)
{
    EXPECT_EQ(options("width=1").width, pixels(1));
    EXPECT_EQ(options("height=12000").height, pixels(12000));
    expect_refused({"width=0", "height=0", "width=-5", "width=12001", "width=big", "width=1.5"});
}

TEST(KeycdnUrl, FitsAsSharpDoes)
{
    EXPECT_EQ(options("fit=cover").fit, Fit::cover);
    EXPECT_EQ(options("fit=contain").fit, Fit::pad);
    EXPECT_EQ(options("fit=fill").fit, Fit::squeeze);
    EXPECT_EQ(options("fit=inside").fit, Fit::contain);
    EXPECT_EQ(options("fit=inside&enlarge=0").enlarge, false);
    EXPECT_EQ(options("enlarge=1").enlarge, true);
    EXPECT_EQ(options("fit=outside").fit, Fit::outside);
    expect_refused({"fit=crop", "fit=Cover", "enlarge=2"});
}

TEST(KeycdnUrl, PutsACutOrAPictureAtItsPosition)
{
    for (const auto &[word, place] : {std::pair{"top", point(0.5, 0)}, {"right", point(1, 0.5)},
                                      {"bottom", point(0.5, 1)}, {"left", point(0, 0.5)},
                                      {"center", point(0.5, 0.5)}})
    {
        const Options set = options("position=" + std::string(word));
        EXPECT_EQ(set.gravity, place) << word;
        EXPECT_EQ(set.position, place) << word;
    }
    expect_refused({"position=middle"});
}

TEST(KeycdnUrl, CutsARegion)
{
    const auto centred = options("crop=300,200").region;
    ASSERT_TRUE(centred);
    EXPECT_EQ(centred->width, pixels(300));
    EXPECT_EQ(centred->height, pixels(200));
    EXPECT_EQ(centred->x, Place());

    const auto at_corner = options("crop=300,200,5,0").region;
    ASSERT_TRUE(at_corner);
    EXPECT_EQ(at_corner->x, corner(5));
    EXPECT_EQ(at_corner->y, corner(0));

    expect_refused({"crop=0,200", "crop=300,0", "crop=300", "crop=1,2,3", "crop=a,b", "crop=Smart",
                    "crop=1,2,3,-4"});
}

TEST(KeycdnUrl, CropsWhereTheEyeGoes)
{
    const Options set = options("crop=smart&width=300&height=200&fit=inside&position=top");
    EXPECT_EQ(set.gravity, Gravity{Gravity::Kind::attention});
    EXPECT_EQ(set.fit, Fit::cover);
    EXPECT_FALSE(set.region);

    EXPECT_EQ(options("preset=hero&crop=smart").fit, Fit::cover);
    EXPECT_EQ(options("crop=smart&fit=contain&position=top").fit, Fit::cover);
}

TEST(KeycdnUrl, CropsAroundAFocalPoint)
{
    EXPECT_EQ(options("crop=fp,0.25,1").gravity, point(0.25, 1));
    EXPECT_EQ(options("crop=fp,0.25,1").fit, Fit::cover);
    EXPECT_EQ(options("crop=fp,0,0,0").gravity, point(0, 0));
    EXPECT_EQ(options("crop=fpd,0.5,0.1").gravity, point(0.5, 0.1));
    EXPECT_FALSE(options("crop=fp,0.25,1&width=300&height=200").region);
    expect_refused({"crop=fp", "crop=fp,", "crop=fp,0.5", "crop=fp,0.5,1.5", "crop=fp,0.5,-1",
                    "crop=fp,0.5,0.5,0,0", "crop=fp,0.5,0.5,x", "crop=fp,10001,1"});
}

TEST(KeycdnUrl, CropsAroundAPixelOrNearer)
{
    const auto in_pixels = options("crop=fp,100,200&width=300&height=200").region;
    ASSERT_TRUE(in_pixels);
    EXPECT_EQ(in_pixels->aspect, 1.5);
    EXPECT_EQ(in_pixels->zoom, 1);
    EXPECT_EQ(in_pixels->x, centre(100));
    EXPECT_EQ(in_pixels->y, centre(200));

    const auto nearer = options("crop=fp,0.25,0.5,2.5&width=300&height=200").region;
    ASSERT_TRUE(nearer);
    EXPECT_EQ(nearer->zoom, 2.5);
    EXPECT_EQ(nearer->x, centre(share(0.25)));

    // the box is meant after a quarter turn, the crop before it
    EXPECT_EQ(options("crop=fp,9,9&width=300&height=100&rotate=90").region->aspect, 1 / 3.0);
    EXPECT_EQ(options("crop=fp,9,9&width=300&height=100&rotate=45").region->aspect, 3);
    EXPECT_EQ(options("crop=fp,9,9,500&width=3&height=1").region->zoom, 100);
    EXPECT_FALSE(options("crop=fp,100,200&width=300").region);
}

TEST(KeycdnUrl, TakesALaterCropWhole)
{
    const Options set = options("crop=smart&crop=30,20");
    EXPECT_FALSE(set.gravity);
    EXPECT_TRUE(set.region);
    EXPECT_FALSE(options("crop=30,20&crop=smart").region);
    EXPECT_TRUE(options("crop=30,20&crop=").region);
}

TEST(KeycdnUrl, ExtendsEachSide)
{
    EXPECT_EQ(options("extend=10").extend,
              (Sides{pixels(10), pixels(10), pixels(10), pixels(10)}));
    EXPECT_EQ(options("extend=1,2,3,4").extend, (Sides{pixels(1), pixels(2), pixels(3), pixels(4)}));
    EXPECT_EQ(options("extend=0,0,0,1000").extend->left, pixels(1000));
    expect_refused({"extend=1001", "extend=-1", "extend=1,2", "extend=1,2,3", "extend=1,2,3,4,5",
                    "extend=a", "extend=1,,3,4"});
}

TEST(KeycdnUrl, PaintsTheBackground)
{
    EXPECT_EQ(options("bg=ff0000").background, (Color{255, 0, 0, 255}));
    EXPECT_EQ(options("bg=0,128,255").background, (Color{0, 128, 255, 255}));
    EXPECT_EQ(options("bg=0,128,255,0.5").background, (Color{0, 128, 255, 128}));
    EXPECT_EQ(options("bg=rgb(1,2,3)").background, (Color{1, 2, 3, 255}));
    EXPECT_EQ(refusal("/a.jpg?bg=1,2"), "bg must be a colour: \"1,2\"");
    expect_refused({"bg=zzz", "bg=1,2,3,4,5"});
}

TEST(KeycdnUrl, RemovesAlphaOntoTheBackground)
{
    EXPECT_EQ(options("removealpha=1").background, white);
    EXPECT_EQ(options("removealpha=1&bg=0,0,0,0.5").background, (Color{0, 0, 0, 255}));
    EXPECT_FALSE(options("removealpha=0").background);
}

TEST(KeycdnUrl, MirrorsAndTurns)
{
    EXPECT_EQ(options("flip=1").flip_vertical, true);
    EXPECT_EQ(options("flop=1").flip_horizontal, true);
    EXPECT_EQ(options("flop=0").flip_horizontal, false);
    EXPECT_EQ(options("rotate=-90").rotate, -90);
    EXPECT_EQ(options("rotate=-359").rotate, -359);
    EXPECT_EQ(options("rotate=45").rotate, 45);
    expect_refused({"rotate=360", "rotate=-360", "rotate=1.5", "rotate=x"});
}

TEST(KeycdnUrl, TranslatesEffects)
{
    const Options set = options("sharpen=25&blur=0.3&gamma=2.2&negate=1&normalize=1&threshold=128"
                                "&tint=ff8000");
    EXPECT_EQ(set.sharpen, 2.5);
    EXPECT_EQ(set.blur, 0.3);
    EXPECT_EQ(set.gamma, 2.2);
    EXPECT_EQ(set.negate, true);
    EXPECT_EQ(set.normalize, true);
    EXPECT_EQ(set.threshold, 128);
    EXPECT_EQ(set.colorize, (Color{255, 128, 0, 255}));

    EXPECT_EQ(options("grayscale=1").saturation, 0);
    EXPECT_EQ(options("grayscale=0").saturation, 1);
    EXPECT_EQ(options("gamma=0").gamma, 1);
}

TEST(KeycdnUrl, ClampsWhatIsCosmetic)
{
    EXPECT_EQ(options("sharpen=1000").sharpen, 10);
    EXPECT_EQ(options("blur=1000").blur, 100);
    EXPECT_EQ(options("blur=-1").blur, 0);
    EXPECT_EQ(options("gamma=9").gamma, 3);
    EXPECT_EQ(options("gamma=0.001").gamma, 0.1);
    EXPECT_EQ(options("threshold=999").threshold, 255);
    EXPECT_EQ(options("threshold=-1").threshold, 0);
    EXPECT_EQ(options("quality=0").quality, (Quality{false, 1}));
    EXPECT_EQ(options("quality=500").quality, (Quality{false, 100}));
    expect_refused({"blur=x", "quality=high", "negate=maybe", "grayscale=2", "threshold=x"});
}

TEST(KeycdnUrl, NamesAFormatThatCanBeWritten)
{
    EXPECT_EQ(options("format=jpg").format, Format::jpeg);
    EXPECT_EQ(options("format=jpeg").format, Format::jpeg);
    EXPECT_EQ(options("format=avif").format, Format::avif);
    EXPECT_EQ(options("format=gif").format, Format::gif);
    EXPECT_EQ(options("format=tiff").format, Format::tiff);
    EXPECT_EQ(refusal("/a.jpg?format=tif"),
              "format must be auto, avif, webp, jpeg, png, gif or tiff: \"tif\"");
}

TEST(KeycdnUrl, TunesTheEncoder)
{
    EXPECT_EQ(options("progressive=1").progressive, true);
    EXPECT_EQ(options("lossless=1").lossless, true);
    EXPECT_EQ(options("nearlossless=1").near_lossless, true);
    EXPECT_FALSE(options("nearlossless=1").lossless);
    EXPECT_EQ(options("alphaquality=101").alpha_quality, 100);
    EXPECT_EQ(options("alphaquality=0").alpha_quality, 0);
    EXPECT_EQ(options("compression=10").compression, 9);
    EXPECT_EQ(options("compression=0").compression, 0);
    EXPECT_EQ(options("adaptive=1").filter, true);
    EXPECT_FALSE(options("quality=5").lossless);
    EXPECT_EQ(options("metadata=1").metadata, Metadata::keep);
    EXPECT_EQ(options("metadata=0").metadata, Metadata::none);
}

TEST(KeycdnUrl, TrimsPlainEdges)
{
    EXPECT_EQ(options("trim=25").edges, (PlainEdges{25, {}}));
    EXPECT_EQ(options("trim=500").edges, (PlainEdges{100, {}}));
    EXPECT_EQ(options("trim=0").edges, (PlainEdges{0, {}}));
    expect_refused({"trim=x", "trim=auto"});
}

TEST(KeycdnUrl, LaysAnOverlay)
{
    EXPECT_EQ(options("olurl=/l.png").overlay, (Overlay{{"", "/l.png", ""}}));
    EXPECT_EQ(options("olx=10&olalign=bottomright&olurl=/l.png&oly=2000&olwidth=120&olheight=25%&olalpha=40&olrepeat=1").overlay,
              (Overlay{{"", "/l.png", ""}, 1, 1, 10, 2000, pixels(120), {0.25, true}, 40, true}));
    EXPECT_EQ(options("olurl=/l.png&olwidth=25%25").overlay->width, (Length{0.25, true}));
    EXPECT_EQ(options("olurl=/l.png&olalign=top").overlay->y, 0);
    EXPECT_EQ(options("olurl=/l.png&olalign=top").overlay->x, 0.5);
    EXPECT_FALSE(options("width=5&olx=10&olalpha=5").overlay);
    expect_refused({"olurl=/../x", "olurl=https://", "olurl=https://u@h/l.png", "olurl=/l.png&olalign=middle",
                    "olurl=/l.png&olx=-1", "olurl=/l.png&oly=2001", "olurl=/l.png&olwidth=0", "olurl=/l.png&olwidth=12001",
                    "olurl=/l.png&olwidth=0%", "olurl=/l.png&olwidth=101%", "olurl=/l.png&olwidth=%",
                    "olurl=/l.png&olheight=1.5%", "olurl=/l.png&olalpha=x", "olurl=/l.png&olrepeat=2"});
    EXPECT_EQ(refusal("/a.jpg?olurl=/"), "olurl: the source is missing");
}

TEST(KeycdnUrl, ClampsTheOverlaysOpacity)
{
    EXPECT_EQ(options("olurl=/l.png&olalpha=1").overlay->opacity, 1);
    EXPECT_EQ(options("olurl=/l.png&olalpha=99").overlay->opacity, 99);
    EXPECT_EQ(options("olurl=/l.png&olalpha=0").overlay->opacity, 1);
    EXPECT_EQ(options("olurl=/l.png&olalpha=100").overlay->opacity, 99);
    EXPECT_EQ(options("olurl=/l.png").overlay->opacity, 100);
}

TEST(KeycdnUrl, TakesAnOverlaysUrlPlainOrEncoded)
{
    const Source there{"https://img.example.com", "/b/l%20o.png", "v=1"};
    for (const auto url : {"https://img.example.com/b/l%20o.png?v=1", "https%3A%2F%2Fimg.example.com%2Fb%2Fl%2520o.png%3Fv%3D1",
                           "HTTPS://IMG.example.com/b/l+o.png?v=1"})
    {
        EXPECT_EQ(options(std::string("olurl=") + url).overlay->source, there) << url;
    }
}

// ---- the path form

TEST(KeycdnPath, ReadsOptionsBeforeTheSource)
{
    const Asked result = asked("/w=300,h=200,q=75,f=webp,c=1/p/a%20b.jpg?v=2&width=9&trim=1");
    EXPECT_EQ(result.source.uri(), "/p/a%20b.jpg?v=2&width=9&trim=1");
    EXPECT_EQ(result.options.width, pixels(300));
    EXPECT_EQ(result.options.height, pixels(200));
    EXPECT_EQ(result.options.quality, (Quality{false, 75}));
    EXPECT_EQ(result.options.format, Format::webp);
    EXPECT_EQ(result.options.fit, Fit::cover);
    EXPECT_EQ(result.options.gravity, Gravity{});
}

TEST(KeycdnPath, FitsInsideUnlessToldToFill)
{
    EXPECT_EQ(path_options("w=300,h=200,c=0").fit, Fit::scale_down);
    EXPECT_FALSE(path_options("w=300,h=200").fit);     // as Options have it
}

TEST(KeycdnPath, NegotiatesTheFormatAtQuality80WhereItIsSilent)
{
    EXPECT_EQ(path_options("w=300,f=auto").format, automatic);
    EXPECT_EQ(asked("/w=300/a.jpg").defaults.format, automatic);
    EXPECT_EQ(asked("/w=300/a.jpg").defaults.quality, (Quality{false, 80}));
}

TEST(KeycdnPath, LeavesItsDefaultsOutForAPreset)
{
    const Options set = path_options("preset=avatar,h=90");
    EXPECT_EQ(set.preset, "avatar");
    EXPECT_EQ(set.height, pixels(90));
    EXPECT_FALSE(set.format);
    EXPECT_FALSE(set.quality);
    EXPECT_FALSE(set.fit);
    EXPECT_FALSE(set.gravity);
}

TEST(KeycdnPath, IsOneOnlyIfEveryItemLooksLikeIt)
{
    for (const std::string_view target :
         {"/x=1,w=300/a.jpg", "/w=300,/a.jpg", "/w=/a.jpg", "/w=300,h/a.jpg", "/w=300,H=2/a.jpg",
          "/p/w=300/a.jpg", "/w/a.jpg", "/width=300/a.jpg", "/w=300,=2/a.jpg", "//w=300/a.jpg", "/",
          "/a.jpg"})
    {
        const auto parsed = parse(target);
        ASSERT_TRUE(parsed) << target;
        EXPECT_FALSE(*parsed) << target;
    }

    EXPECT_EQ(asked("/x=1,w=300/a.jpg?width=5").source.uri(), "/x=1,w=300/a.jpg");
}

TEST(KeycdnPath, IsStrict)
{
    for (const std::string list :
         {"w=0", "w=-1", "w=12001", "w=abc", "h=0", "w=1.5", "q=0", "q=101", "q=high", "f=tif",
          "f=WEBP", "c=2", "c=true", "w=300,x=1", "w=300,width=5", "w=%zz", "w=300,blur=5", "w=1=2"})
    {
        EXPECT_NE(refusal('/' + list + "/a.jpg"), "accepted") << list;
    }

    EXPECT_EQ(refusal("/w=300,x=1/a.jpg"), "unknown option: \"x\"");
    EXPECT_EQ(refusal("/q=0/a.jpg"), "q must be a whole number from 1 to 100: \"0\"");
}

TEST(KeycdnPath, NeedsASource)
{
    EXPECT_EQ(refusal("/w=300"), "the source is missing");
    EXPECT_EQ(refusal("/w=300/"), "the source is missing");
    EXPECT_NE(refusal("/w=300/../../etc/passwd"), "accepted");
}

TEST(KeycdnPath, KeepsTheSourceOnThisSite)
{
    EXPECT_EQ(asked("/w=300//img.example.com/a.jpg").source.uri(), "/img.example.com/a.jpg");
    EXPECT_EQ(asked("/w=300/https://img.example.com/a.jpg").source.origin, "");
}

}  // namespace
}  // namespace cdn::image

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
    return parse_bunnycdn({path, query});
}

Options options(std::string_view query)
{
    const auto parsed = parse("/a.jpg?" + std::string(query));
    if (!parsed || !*parsed) {
        ADD_FAILURE() << (parsed ? "no option: " : parsed.error().message) << query;
        return {};
    }

    return (*parsed)->options;
}

Region region(std::string_view query)
{
    const auto region = options(query).region;
    EXPECT_TRUE(region) << query;
    return region.value_or(Region{});
}

void expect_refused(std::initializer_list<std::string_view> queries)
{
    for (const auto query : queries) {
        const auto parsed = parse("/a.jpg?" + std::string(query));
        ASSERT_FALSE(parsed) << query;
        EXPECT_EQ(parsed.error().code, ErrorCode::bad_request) << query;
    }
}

Length pixels(double value)
{
    return {value, false};
}

// Where a part lies: both of its places.
using Places = std::pair<Place, Place>;

Places places(const Region &region)
{
    return {region.x, region.y};
}

Places around(double x, double y)
{
    return {centre(Length(x, true)), centre(Length(y, true))};
}

TEST(BunnyUrl, WithoutAnOptionAsksForNothing)
{
    for (const std::string_view target :
         {"/a.jpg", "/a.jpg?", "/a.jpg?v=2&Width=100&w=5", "/a.jpg?width=&class="})
    {
        const auto parsed = parse(target);
        ASSERT_TRUE(parsed) << target;
        EXPECT_FALSE(*parsed) << target;
    }
}

TEST(BunnyUrl, LeavesOtherArgumentsToTheSource)
{
    const auto parsed = parse("/p/a%20b.jpg?v=2&width=300&token=x%26y&Flip=1");
    ASSERT_TRUE(parsed && *parsed);
    EXPECT_EQ((*parsed)->source.uri(), "/p/a%20b.jpg?v=2&token=x%26y&Flip=1");
    EXPECT_EQ((*parsed)->options.width, pixels(300));
}

TEST(BunnyUrl, AsksForNothingItDoesNotSay)
{
    const Options set = options("width=300&height=200");
    EXPECT_EQ(set.width, pixels(300));
    EXPECT_EQ(set.height, pixels(200));
    EXPECT_FALSE(set.fit);
    EXPECT_FALSE(set.enlarge);
    EXPECT_FALSE(set.quality);
    EXPECT_FALSE(set.format);
    EXPECT_FALSE(set.region);
    EXPECT_FALSE(set.gravity);
}

TEST(BunnyUrl, RefusesImpossibleSides)
{
    EXPECT_EQ(options("width=1").width, pixels(1));
    EXPECT_EQ(options("height=12000").height, pixels(12000));
    expect_refused({"width=0", "width=-1", "width=12001", "width=abc", "width=1e3", "height=0",
                    "height=99999999999999999999", "width=100&height=nan", "width=1.5"});
    EXPECT_EQ(parse("/a.jpg?width=0").error().message,
              "width must be a whole number from 1 to 12000: \"0\"");
}

TEST(BunnyUrl, TakesTheLastOfTwoValuesAndIgnoresEmptyOnes)
{
    EXPECT_EQ(options("width=1&width=2").width, pixels(2));
    EXPECT_EQ(options("width=7&width=").width, pixels(7));
    EXPECT_EQ(region("crop=10,20&crop=").width, pixels(10));
}

TEST(BunnyUrl, EnlargesOnlyWhenTold)
{
    for (const char *on : {"resampling", "on", "true", "1"}) {
        EXPECT_EQ(options("upscaling=" + std::string(on)).enlarge, true) << on;
    }
    for (const char *off : {"off", "false", "0"}) {
        EXPECT_EQ(options("upscaling=" + std::string(off)).enlarge, false) << off;
    }
    expect_refused({"upscaling=maybe"});
}

TEST(BunnyUrl, CutsToARatioAroundTheCentre)
{
    EXPECT_EQ(region("aspect_ratio=16:9").aspect, 1.777778);
    EXPECT_EQ(region("aspect_ratio=1.5:1").aspect, 1.5);
    EXPECT_EQ(region("aspect_ratio=1:10000").aspect, 0.0001);
    EXPECT_EQ(places(region("aspect_ratio=1:1")), Places());
    EXPECT_FALSE(options("aspect_ratio=auto").region);
    EXPECT_FALSE(options("aspect_ratio=1:1&aspect_ratio=auto").region);
    expect_refused({"aspect_ratio=0:1", "aspect_ratio=1:0", "aspect_ratio=-1:1", "aspect_ratio=1",
                    "aspect_ratio=1:", "aspect_ratio=a:b", "aspect_ratio=1:10001",
                    "aspect_ratio=10001:1", "aspect_ratio=1:1:1"});
}

TEST(BunnyUrl, CropsByGravityOrFromACorner)
{
    const Region centred = region("crop=300,200");
    EXPECT_EQ(centred.width, pixels(300));
    EXPECT_EQ(centred.height, pixels(200));
    EXPECT_EQ(places(centred), around(0.5, 0.5));
    EXPECT_EQ(places(region("crop=300,200,0,40&crop_gravity=south")), Places(corner(0), corner(40)));

    expect_refused({"crop=0,1", "crop=1,0", "crop=300", "crop=1,2,3", "crop=1,2,3,4,5", "crop=a,b",
                    "crop=1,2,-3,4", "crop=12001,1", "crop=,", "crop=1.5,2"});
}

TEST(BunnyUrl, GivesGravityToTheCropWhicheverComesFirst)
{
    EXPECT_EQ(places(region("crop_gravity=northeast&crop=3,2")), around(1, 0));
    EXPECT_EQ(places(region("crop=3,2&crop_gravity=south")), around(0.5, 1));
    EXPECT_EQ(places(region("crop=3,2&crop_gravity=west")), around(0, 0.5));
    EXPECT_EQ(places(region("crop=3,2&crop_gravity=center")), around(0.5, 0.5));
    EXPECT_EQ(places(region("crop=3,2&crop_gravity=top_right")), around(1, 0));
    EXPECT_EQ(places(region("crop=3,2&crop_gravity=bottom")), around(0.5, 1));
    EXPECT_EQ(places(region("crop=3,2&crop_gravity=left")), around(0, 0.5));
    EXPECT_FALSE(options("crop_gravity=south").region);
    EXPECT_EQ(places(region("aspect_ratio=1:1&crop_gravity=south")), Places());
    expect_refused({"crop_gravity=up", "crop_gravity=North"});
}

TEST(BunnyUrl, CentresAFocusCrop)
{
    const Region shares = region("focus_crop=300,200,0.25,1.0");
    EXPECT_EQ(shares.width, pixels(300));
    EXPECT_EQ(shares.height, pixels(200));
    EXPECT_EQ(places(shares), around(0.25, 1));
    EXPECT_EQ(places(region("focus_crop=300,201,400,300")), Places(centre(400), centre(300)));

    expect_refused({"focus_crop=300,200", "focus_crop=300,200,1", "focus_crop=0,200,0.5,0.5",
                    "focus_crop=300,200,1.5,0.5", "focus_crop=300,200,-1,5", "focus_crop=1,2,3,4,5",
                    "focus_crop=x", "focus_crop=300,200,0.5,0.5,0.5"});
}

TEST(BunnyUrl, PrefersTheMostExactCut)
{
    EXPECT_EQ(region("crop=3,2&aspect_ratio=1:1").width, pixels(3));
    EXPECT_EQ(region("aspect_ratio=1:1&crop=3,2").aspect, 0);
    EXPECT_EQ(region("focus_crop=5,4,0.1,0.1&crop=3,2").width, pixels(5));
}

TEST(BunnyUrl, MirrorsAndTurns)
{
    EXPECT_EQ(options("flip=true").flip_vertical, true);
    EXPECT_FALSE(options("flip=true").flip_horizontal);
    EXPECT_EQ(options("flop=1").flip_horizontal, true);
    EXPECT_EQ(options("flop=false").flip_horizontal, false);
    EXPECT_EQ(options("rotate=90").rotate, 90);
    EXPECT_EQ(options("rotate=-90").rotate, -90);
    EXPECT_EQ(options("rotate=-270").rotate, -270);
    EXPECT_EQ(options("rotate=0").rotate, 0);
    expect_refused({"rotate=45", "rotate=450", "rotate=x", "rotate=-", "flip=yes", "flop=2"});
}

TEST(BunnyUrl, TranslatesEffects)
{
    const Options set = options("blur=10&brightness=-20&contrast=50&gamma=100&saturation=-100"
                                "&hue=33&sepia=25&tint=ff8000&sharpen=true");
    EXPECT_EQ(set.blur, 5);
    EXPECT_DOUBLE_EQ(set.lightness.value(), -51);
    EXPECT_EQ(set.contrast, 1.5);
    EXPECT_EQ(set.gamma, 2);
    EXPECT_EQ(set.saturation, 0);
    EXPECT_DOUBLE_EQ(set.hue.value(), 118.8);
    EXPECT_EQ(set.sepia, 0.25);
    EXPECT_EQ(set.tint, (Color{255, 128, 0, 255}));
    EXPECT_EQ(set.sharpen, 1);
    EXPECT_EQ(options("sharpen=false").sharpen, 0);
}

TEST(BunnyUrl, LeavesThePictureAloneAtZero)
{
    const Options set = options("blur=0&brightness=0&contrast=0&gamma=0&saturation=0&hue=0&sepia=0");
    EXPECT_EQ(set.blur, 0);
    EXPECT_EQ(set.lightness, 0);
    EXPECT_EQ(set.contrast, 1);
    EXPECT_EQ(set.gamma, 1);
    EXPECT_EQ(set.saturation, 1);
    EXPECT_EQ(set.hue, 0);
    EXPECT_EQ(set.sepia, 0);
    EXPECT_EQ(options("hue=100").hue, 0);              // all the way round
}

TEST(BunnyUrl, ClampsWhatIsCosmetic)
{
    EXPECT_EQ(options("blur=1000").blur, 50);
    EXPECT_EQ(options("blur=-1").blur, 0);
    EXPECT_EQ(options("brightness=101").lightness, 255);
    EXPECT_EQ(options("contrast=-500").contrast, 0);
    EXPECT_EQ(options("gamma=-500").gamma, 0.5);
    EXPECT_EQ(options("sepia=200").sepia, 1);
    EXPECT_EQ(options("quality=0").quality, (Quality{false, 1}));
    EXPECT_EQ(options("quality=101").quality, (Quality{false, 100}));
    EXPECT_EQ(options("quality=72.6").quality, (Quality{false, 73}));
    expect_refused({"blur=x", "quality=high", "hue=nan", "sharpen=5", "tint=nocolour"});
}

TEST(BunnyUrl, NamesAFormatThatCanBeWritten)
{
    EXPECT_EQ(options("format=webp").format, Format::webp);
    EXPECT_EQ(options("output=webp").format, Format::webp);
    EXPECT_EQ(options("format=jpg").format, Format::jpeg);
    EXPECT_EQ(options("format=gif").format, Format::gif);
    EXPECT_EQ(options("format=auto").format, automatic);
    expect_refused({"format=tiff", "format=WEBP", "format=svg"});
}

TEST(BunnyUrl, NamesAPresetByItsClass)
{
    const Options set = options("class=thumbnail");
    EXPECT_EQ(set.preset, "thumbnail");
    EXPECT_FALSE(set.quality);
    EXPECT_FALSE(set.fit);
}

TEST(BunnyUrl, KnowsOptionsThatHaveNoEffect)
{
    for (const std::string_view query : {"face_crop=true", "face_crop=0", "auto_optimize=high"}) {
        const auto parsed = parse("/a.jpg?" + std::string(query));
        ASSERT_TRUE(parsed && *parsed) << query;
        EXPECT_EQ((*parsed)->source.uri(), "/a.jpg");
        EXPECT_FALSE((*parsed)->options.region);
    }
}

TEST(BunnyUrl, CutsASizeForFacesWhereTheEyeGoes)
{
    const Region faces = region("face_crop=300,200");
    EXPECT_EQ(faces.width, pixels(300));
    EXPECT_TRUE(faces.smart);
    EXPECT_FALSE(region("face_crop=300,200&focus_crop=5,4,0.1,0.1").smart);
    expect_refused({"face_crop=maybe", "face_crop=0,1"});
}

TEST(BunnyUrl, DecodesValuesOnce)
{
    EXPECT_EQ(region("crop=3%2C2").width, pixels(3));
    EXPECT_EQ(region("aspect_ratio=2%3A1").aspect, 2);
    EXPECT_EQ(options("tint=%23fff").tint, white);
    expect_refused({"crop=3%252C2"});
}

}  // namespace
}  // namespace cdn::image

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
    return parse_fastly({path, query});
}

Options options(std::string_view query)
{
    const auto parsed = parse("/a.jpg?" + std::string(query));
    if (!parsed || !*parsed) {
        ADD_FAILURE() << (parsed ? "no option: " : "refused: ") << query;
        return {};
    }

    return (*parsed)->options;
}

std::string refusal(std::string_view query)
{
    const auto parsed = parse("/a.jpg?" + std::string(query));
    if (parsed) {
        return "accepted";
    }

    EXPECT_EQ(parsed.error().code, ErrorCode::bad_request) << query;
    return parsed.error().message;
}

void expect_refused(std::initializer_list<std::string_view> queries)
{
    for (const auto query : queries) {
        EXPECT_NE(refusal(query), "accepted") << query;
    }
}

Length px(double value) { return Length(value, false); }
Length share(double value) { return Length(value, true); }

Region region_at(Length width, Length height, Length x, Length y)
{
    Region region;
    region.width = width;
    region.height = height;
    region.by_corner = true;
    region.x = x;
    region.y = y;
    return region;
}

Region region_around(Length width, Length height, double x, double y)
{
    Region region;
    region.width = width;
    region.height = height;
    region.focus = {Gravity::Kind::point, x, y};
    return region;
}

Region region_of(double aspect, double x = 0.5, double y = 0.5)
{
    Region region;
    region.aspect = aspect;
    region.focus = {Gravity::Kind::point, x, y};
    return region;
}

TEST(FastlyUrl, IsServedAsItIsWithoutAnOption)
{
    for (const std::string_view target : {"/a.jpg", "/a.jpg?", "/a.jpg?v=1&Width=80", "/a.jpg?width="}) {
        const auto parsed = parse(target);
        ASSERT_TRUE(parsed) << target;
        EXPECT_FALSE(*parsed) << target;
    }
}

TEST(FastlyUrl, LeavesOtherArgumentsToTheSource)
{
    const auto parsed = parse("/a%20b.jpg?v=1,2&width=80&token=x%3D&quality=75&overlay=x");
    ASSERT_TRUE(parsed && *parsed);
    EXPECT_EQ((*parsed)->source, (Source{"", "/a%20b.jpg", "v=1,2&token=x%3D&overlay=x"}));
}

TEST(FastlyUrl, TakesTheLastOfTwo)
{
    EXPECT_EQ(options("width=80&width=90").width, px(90));
    EXPECT_EQ(options("width=80&width=").width, px(80));
    EXPECT_EQ(options("fit=cover&fit=crop&width=80&height=80").fit, Fit::crop);
    EXPECT_EQ(options("crop=10,10&crop=&width=80").region, region_around(px(10), px(10), 0.5, 0.5));
}

TEST(FastlyUrl, MeasuresInPixelsSharesOrPercent)
{
    EXPECT_EQ(options("width=1").width, px(1));
    EXPECT_EQ(options("height=8192").height, px(8192));
    EXPECT_EQ(options("width=0.5").width, share(0.5));
    EXPECT_EQ(options("width=0.999").width, share(0.999));
    EXPECT_EQ(options("width=50p").width, share(0.5));
    EXPECT_EQ(options("width=33.33p").width, share(0.3333));
    EXPECT_EQ(options("width=100p").width, share(1));
    EXPECT_EQ(options("width=250p").width, share(2.5));
}

TEST(FastlyUrl, IsRefusedForAnImpossibleSize)
{
    for (const std::string_view value :
         {"0", "-1", "8193", "1.5", "abc", "0p", "-5p", "p", "10001p", "1e3", "nan", "0.0000001", "50%25",
          "1000000000000000000"})
    {
        EXPECT_NE(refusal("width=" + std::string(value)), "accepted") << value;
        EXPECT_NE(refusal("height=" + std::string(value)), "accepted") << value;
    }
    EXPECT_EQ(refusal("width=0"),
              "width must be 1 to 8192 pixels, a share like 0.5 or a percentage like 50p: \"0\"");
}

TEST(FastlyUrl, TakesADensityFrom1To10)
{
    EXPECT_EQ(options("dpr=1").dpr, 1.0);
    EXPECT_EQ(options("dpr=1.5").dpr, 1.5);
    EXPECT_EQ(options("dpr=10").dpr, 10.0);
    expect_refused({"dpr=0", "dpr=0.9", "dpr=10.1", "dpr=-1", "dpr=x"});
}

TEST(FastlyUrl, IsExactlyTheBoxWithoutAFitButNeverLarger)
{
    const auto box = options("width=80&height=60");
    EXPECT_EQ(box.fit, Fit::squeeze);
    EXPECT_EQ(box.enlarge, false);

    EXPECT_EQ(options("width=80").fit, std::nullopt);
    EXPECT_EQ(options("width=80").enlarge, std::nullopt);
    EXPECT_EQ(options("class=avatar&width=80&height=60").fit, std::nullopt);
}

TEST(FastlyUrl, NamesAFit)
{
    EXPECT_EQ(options("width=80&height=60&fit=bounds").fit, Fit::scale_down);
    EXPECT_EQ(options("fit=crop&width=80&height=60").fit, Fit::crop);
    expect_refused({"fit=contain", "fit=Crop", "width=80&height=60&fit=x"});
}

TEST(FastlyUrl, IsRefusedWhereItWouldCoverTheBox)
{
    EXPECT_EQ(refusal("width=80&height=60&fit=cover"), "fit: cover is not supported");
    EXPECT_EQ(refusal("class=avatar&fit=cover"), "fit: cover is not supported");
    EXPECT_EQ(options("width=80&fit=cover").fit, std::nullopt);
}

TEST(FastlyUrl, EnlargesWhereUpscaleIsEnabled)
{
    const auto box = options("width=80&height=60&enable=upscale");
    EXPECT_EQ(box.fit, Fit::squeeze);
    EXPECT_EQ(box.enlarge, true);
    EXPECT_EQ(options("width=80&disable=upscale").enlarge, false);
    EXPECT_EQ(options("disable=upscale&enable=upscale&width=80").enlarge, true);
    expect_refused({"enable=x", "disable=true"});
}

TEST(FastlyCrop, IsCentredUnlessItSaysWhere)
{
    EXPECT_EQ(options("crop=300,200").region, region_around(px(300), px(200), 0.5, 0.5));
    EXPECT_EQ(options("crop=50p,0.25").region, region_around(share(0.5), share(0.25), 0.5, 0.5));
    EXPECT_EQ(options("crop=16:9").region, region_of(1.777778));
    EXPECT_EQ(options("crop=1:2.5").region, region_of(0.4));
    EXPECT_EQ(options("crop=300,200,safe").region, options("crop=300,200").region);
}

TEST(FastlyCrop, LiesAtACorner)
{
    EXPECT_EQ(options("crop=300,200,x10,y20").region, region_at(px(300), px(200), px(10), px(20)));
    EXPECT_EQ(options("crop=300,200,y20,x0").region, region_at(px(300), px(200), px(0), px(20)));
    EXPECT_EQ(options("crop=300,200,x0.25,y10p").region,
              region_at(px(300), px(200), share(0.25), share(0.1)));
    EXPECT_EQ(options("crop=0.5,200,y20").region, region_at(share(0.5), px(200), share(0.25), px(20)));
    EXPECT_EQ(options("crop=0.5,200,offset-x10,y20").region,
              region_at(share(0.5), px(200), share(0.05), px(20)));
    EXPECT_EQ(options("crop=300,200,offset-x0,y20").region, region_at(px(300), px(200), px(0), px(20)));
}

// The focus is the middle of the crop: half a side, a tenth of the other half
// before it, has its middle at 0.05 + 0.25.
TEST(FastlyCrop, LeavesAShareOfTheRestBeforeIt)
{
    EXPECT_EQ(options("crop=0.5,0.5,offset-x10,offset-y90").region,
              region_around(share(0.5), share(0.5), 0.3, 0.7));
    EXPECT_EQ(options("crop=300,200,offset-x0,offset-y100").region,
              region_around(px(300), px(200), 0, 1));
    EXPECT_EQ(options("crop=1:1,offset-x100").region, region_of(1, 1, 0.5));
    EXPECT_EQ(options("crop=1:1,x0,y0").region, region_of(1, 0, 0));
    EXPECT_EQ(options("crop=300,200,x0").region, region_around(px(300), px(200), 0, 0.5));
}

TEST(FastlyCrop, IsRefusedWhereItsPlaceDependsOnTheSource)
{
    EXPECT_EQ(refusal("crop=1:1,x10,y10"), "crop: a ratio with x or y is not supported");
    EXPECT_EQ(refusal("crop=300,200,x10"),
              "crop: a size in pixels with only one of x and y is not supported");
    EXPECT_EQ(refusal("crop=300,200,x10,offset-y25"),
              "crop: a size in pixels with only one of x and y is not supported");
    EXPECT_EQ(refusal("precrop=1:1,offset-x25"),
              "precrop: an offset other than 0, 50 and 100 with a ratio or a size in pixels is not "
              "supported");
    EXPECT_EQ(refusal("crop=1:1,smart"), "crop: smart is not supported");
}

TEST(FastlyCrop, IsRefusedWhenMalformed)
{
    expect_refused({"crop=300", "crop=0,200", "crop=300,0", "crop=-1,2", "crop=300,200,100",
                    "crop=300,200,x", "crop=300,200,x-1,y0", "crop=300,200,x1,x2",
                    "crop=300,200,x1,offset-x2,y0", "crop=300,200,offset-x101", "crop=300,200,offset-10",
                    "crop=300,200,", "crop=1:0", "crop=0:1", "crop=1:", "crop=:", "crop=1:1:1",
                    "crop=1:9000", "crop=101p,10", "crop=100001,10", "crop=smart", "crop=a,b",
                    "crop=1.5,2", "precrop=0,1"});
}

TEST(FastlyCrop, BeatsPrecrop)
{
    EXPECT_EQ(options("precrop=10,10&width=80").region, region_around(px(10), px(10), 0.5, 0.5));
    EXPECT_EQ(options("crop=20,20&precrop=10,10").region, region_around(px(20), px(20), 0.5, 0.5));
    EXPECT_EQ(refusal("precrop=10,10&trim=5"), "precrop and trim together are not supported");
    EXPECT_EQ(options("crop=10,10&trim=5").trim, (Sides{5, 5, 5, 5}));
}

TEST(FastlyUrl, TrimsOneToFourSides)
{
    EXPECT_EQ(options("trim=0.25").trim, (Sides{share(0.25), share(0.25), share(0.25), share(0.25)}));
    EXPECT_EQ(options("trim=1,2").trim, (Sides{1, 2, 1, 2}));
    EXPECT_EQ(options("trim=1,2,3").trim, (Sides{1, 2, 3, 2}));
    EXPECT_EQ(options("trim=1,2,3,10p").trim, (Sides{1, 2, 3, share(0.1)}));
    EXPECT_EQ(options("trim=0,0p").trim, Sides{});
    expect_refused({"trim=1,2,3,4,5", "trim=-1", "trim=1,,2", "trim=x", "trim=0.5", "trim=60p,0,40p",
                    "trim=0,0.3,0,0.7", "trim=100p", "trim=100001"});
}

TEST(FastlyUrl, PadsInPixelsAlone)
{
    EXPECT_EQ(options("pad=10").extend, (Sides{10, 10, 10, 10}));
    EXPECT_EQ(options("pad=1,2,3,4").extend, (Sides{1, 2, 3, 4}));
    EXPECT_EQ(options("pad=0,5").extend, (Sides{0, 5, 0, 5}));
    expect_refused({"pad=0.1", "pad=10p", "pad=8193", "pad=-1", "pad=1,2,3,4,5", "pad=x"});
}

TEST(FastlyUrl, TurnsAsExifNumbersDo)
{
    struct Row {
        std::vector<std::string_view> words;
        bool                          horizontal;
        bool                          vertical;
        int                           rotate;
    };
    const Row rows[] = {
        {{"1"}, false, false, 0},           {{"2", "h"}, true, false, 0},
        {{"3", "hv", "vh"}, true, true, 0}, {{"4", "v"}, false, true, 0},
        {{"5", "rv", "vr"}, false, true, 90}, {{"6", "r"}, false, false, 90},
        {{"7", "lv", "vl"}, false, true, 270}, {{"8", "l"}, false, false, 270},
    };
    for (const auto &row : rows) {
        for (const auto word : row.words) {
            const auto set = options("orient=" + std::string(word));
            EXPECT_EQ(set.flip_horizontal, row.horizontal) << word;
            EXPECT_EQ(set.flip_vertical, row.vertical) << word;
            EXPECT_EQ(set.rotate, row.rotate) << word;
        }
    }
    EXPECT_EQ(options("orient=hv&orient=r").flip_vertical, false);
    expect_refused({"orient=0", "orient=9", "orient=x", "orient=90"});
}

TEST(FastlyUrl, ListsTheChannelsOfABackground)
{
    EXPECT_EQ(options("bg-color=f00").background, (Color{255, 0, 0, 255}));
    EXPECT_EQ(options("bg-color=%2300ff00").background, (Color{0, 255, 0, 255}));
    EXPECT_EQ(options("bg-color=1,2,3").background, (Color{1, 2, 3, 255}));
    EXPECT_EQ(options("bg-color=1,2,3,0.5").background, (Color{1, 2, 3, 128}));
    EXPECT_EQ(options("bg-color=rgb(1,2,3)").background, (Color{1, 2, 3, 255}));
    EXPECT_EQ(options("bg-color=navy").background, (Color{0, 0, 128, 255}));
    expect_refused({"bg-color=1,2", "bg-color=nocolour", "bg-color=1,2,x"});
}

TEST(FastlyUrl, TakesTheNearestCosmeticValue)
{
    EXPECT_EQ(options("brightness=100").lightness, 255.0);
    EXPECT_EQ(options("brightness=10").lightness, 25.5);
    EXPECT_EQ(options("brightness=-200").lightness, -255.0);
    EXPECT_EQ(options("contrast=50").contrast, 1.5);
    EXPECT_EQ(options("contrast=-101").contrast, 0.0);
    EXPECT_EQ(options("saturation=-100").saturation, 0.0);
    EXPECT_EQ(options("saturation=500").saturation, 2.0);
    EXPECT_EQ(options("blur=20").blur, 10.0);
    EXPECT_EQ(options("blur=0.5").blur, 0.25);
    EXPECT_EQ(options("blur=100000").blur, 250.0);
    EXPECT_EQ(options("blur=-1").blur, 0.0);
    EXPECT_EQ(options("sharpen=a5,r2,t0").sharpen, 5.0);
    EXPECT_EQ(options("sharpen=a50").sharpen, 10.0);
    EXPECT_EQ(options("quality=0").quality, (Quality{false, 1}));
    EXPECT_EQ(options("quality=101").quality, (Quality{false, 100}));
    expect_refused({"brightness=x", "contrast=1e1", "saturation=--1", "blur=x", "sharpen=5",
                    "sharpen=r2,t0", "sharpen=a", "sharpen=a1,", "sharpen=a1,z2", "quality=best",
                    "quality=75,x", "quality=75,80,85"});
    EXPECT_EQ(refusal("blur=5p"), "blur must be in pixels; percentages are not supported");
}

TEST(FastlyUrl, IsBlackAndWhite)
{
    for (const std::string_view query : {"bw=threshold", "bw=threshold&saturation=50"}) {
        EXPECT_EQ(options(query).threshold, 128);
        EXPECT_EQ(options(query).saturation, 0.0);
    }
    EXPECT_EQ(refusal("bw=atkinson"), "bw: atkinson is not supported");
    expect_refused({"bw=1"});
}

TEST(FastlyUrl, NamesAFormat)
{
    struct Row {
        std::string_view    word;
        Format              format;
        std::optional<bool> lossless = {};
        std::optional<bool> progressive = {};
        std::optional<bool> palette = {};
    };
    const Row rows[] = {
        {"avif", Format::avif},
        {"gif", Format::gif},
        {"jpg", Format::jpeg},
        {"jpeg", Format::jpeg},
        {"pjpg", Format::jpeg, {}, true},
        {"pjpeg", Format::jpeg, {}, true},
        {"bjpg", Format::jpeg, {}, false},
        {"bjpeg", Format::jpeg, {}, false},
        {"png", Format::png},
        {"png8", Format::png, {}, {}, true},
        {"webp", Format::webp},
        {"webply", Format::webp, false},
        {"webpll", Format::webp, true},
    };
    for (const auto &row : rows) {
        const auto set = options("format=" + std::string(row.word));
        EXPECT_EQ(set.format, row.format) << row.word;
        EXPECT_EQ(set.lossless, row.lossless) << row.word;
        EXPECT_EQ(set.progressive, row.progressive) << row.word;
        EXPECT_EQ(set.palette, row.palette) << row.word;
    }
    EXPECT_EQ(options("format=auto").format, automatic);
    EXPECT_EQ(options("format=webpll&format=webp").lossless, std::nullopt);
    expect_refused({"format=x", "format=JPG", "format=heif"});
    EXPECT_EQ(refusal("format=mp4"), "format: mp4 is not supported");
    EXPECT_EQ(refusal("format=mp4"), "format: mp4 is not supported");
    EXPECT_EQ(refusal("format=svg"), "format: svg is not supported");
}

TEST(FastlyUrl, NegotiatesWhereAutoSaysSo)
{
    EXPECT_EQ(options("auto=webp").format, automatic);
    EXPECT_EQ(options("auto=avif,webp&format=pjpg").format, automatic);
    EXPECT_EQ(options("format=png&auto=avif").format, automatic);
    EXPECT_EQ(options("width=80").format, std::nullopt);
    expect_refused({"auto=x", "auto=webp,", "auto=compress"});
}

TEST(FastlyUrl, PrefersQualityToOptimize)
{
    EXPECT_EQ(options("quality=70,60").quality, (Quality{false, 70}));
    EXPECT_EQ(options("quality=70&optimize=low").quality, (Quality{false, 70}));
    EXPECT_EQ(options("optimize=low").quality, (Quality{false, 60}));
    EXPECT_EQ(options("optimize=medium").quality, (Quality{false, 75}));
    EXPECT_EQ(options("optimize=high").quality, (Quality{false, 85}));
    EXPECT_EQ(options("width=80").quality, std::nullopt);
    expect_refused({"optimize=x"});
}

TEST(FastlyUrl, TakesTheRest)
{
    EXPECT_EQ(options("metadata=copyright").metadata, Metadata::copyright);
    EXPECT_EQ(options("metadata=copyright,c2pa").metadata, Metadata::copyright);
    EXPECT_EQ(options("metadata=c2pa").metadata, std::nullopt);
    EXPECT_EQ(options("frame=1").animate, false);
    EXPECT_EQ(options("page=2").page, 2);
    EXPECT_EQ(options("class=avatar").preset, "avatar");
    EXPECT_EQ(options("width=80&level=4.0&profile=main&viewbox=1&resize-filter=cubic").width, px(80));
    expect_refused({"metadata=keep", "frame=0", "frame=2", "page=0", "page=x", "page=10000"});
}

TEST(FastlyUrl, IsRefusedForWhatCannotBeDone)
{
    EXPECT_EQ(refusal("canvas=300,200"), "canvas is not supported");
    EXPECT_EQ(refusal("trim-color=auto"), "trim-color is not supported");
}

}  // namespace
}  // namespace cdn::image

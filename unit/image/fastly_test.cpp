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

Region region_at(Length width, Length height, Place x = {}, Place y = {}, bool strict = true)
{
    Region region;
    region.width = width;
    region.height = height;
    region.x = x;
    region.y = y;
    region.strict = strict;
    return region;
}

Region region_of(double aspect, Place x = {}, Place y = {}, bool strict = true)
{
    Region region = region_at({}, {}, x, y, strict);
    region.aspect = aspect;
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
    EXPECT_EQ(options("crop=10,10&crop=&width=80").region, region_at(px(10), px(10)));
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
         {"0", "-1", "8193", "1.5", "abc", "0p", "-5p", "p", "10001p", "1e3", "nan", "50%25",
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
    EXPECT_EQ(options("fit=cover&width=80&height=60").fit, Fit::outside);
    EXPECT_EQ(options("fit=cover&width=80&height=60").enlarge, false);
    EXPECT_EQ(options("fit=cover&width=80&height=60&enable=upscale").enlarge, true);
    expect_refused({"fit=contain", "fit=Crop", "width=80&height=60&fit=x"});
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
    EXPECT_EQ(options("crop=300,200").region, region_at(px(300), px(200)));
    EXPECT_EQ(options("crop=50p,0.25").region, region_at(share(0.5), share(0.25)));
    EXPECT_EQ(options("crop=16:9").region, region_of(1.777778));
    EXPECT_EQ(options("crop=1:2.5").region, region_of(0.4));
}

TEST(FastlyCrop, LiesAtACornerOrLeavesAShareOfTheRestBeforeIt)
{
    EXPECT_EQ(options("crop=300,200,x10,y20").region,
              region_at(px(300), px(200), corner(10), corner(20)));
    EXPECT_EQ(options("crop=300,200,y20,x0").region, region_at(px(300), px(200), corner(0), corner(20)));
    EXPECT_EQ(options("crop=300,200,x0.25,y10p").region,
              region_at(px(300), px(200), corner(share(0.25)), corner(share(0.1))));
    EXPECT_EQ(options("crop=300,200,x10").region, region_at(px(300), px(200), corner(10)));
    EXPECT_EQ(options("crop=300,200,offset-x10,y20").region,
              region_at(px(300), px(200), rest(0.1), corner(20)));
    EXPECT_EQ(options("crop=1:1,x10,offset-y25").region, region_of(1, corner(10), rest(0.25)));
}

TEST(FastlyCrop, MayStickOutOnlyWhenSafe)
{
    EXPECT_EQ(options("crop=300,200,safe").region, region_at(px(300), px(200), {}, {}, false));
    EXPECT_EQ(options("crop=300,200,safe,x5").region, region_at(px(300), px(200), corner(5), {}, false));
}

TEST(FastlyCrop, IsSmartWithARatio)
{
    EXPECT_TRUE(options("crop=1:1,smart").region->smart);
    EXPECT_TRUE(options("precrop=16:9,smart,safe").precut->smart);
    EXPECT_EQ(refusal("crop=300,200,smart"), "crop: smart needs a ratio like 16:9");
}

TEST(FastlyCrop, IsRefusedWhenMalformed)
{
    expect_refused({"crop=300", "crop=0,200", "crop=300,0", "crop=-1,2", "crop=300,200,100",
                    "crop=300,200,x", "crop=300,200,x-1,y0", "crop=300,200,x1,x2",
                    "crop=300,200,x1,offset-x2,y0", "crop=300,200,offset-x101", "crop=300,200,offset-10",
                    "crop=300,200,", "crop=1:0", "crop=0:1", "crop=1:", "crop=:", "crop=1:1:1",
                    "crop=1:10001", "crop=101p,10", "crop=100001,10", "crop=smart", "crop=a,b",
                    "crop=1.5,2", "precrop=0,1"});
}

TEST(FastlyCrop, FollowsPrecropAndTrim)
{
    const auto set = options("crop=10,10&trim=5&precrop=20,20&trim-color=fff");
    EXPECT_EQ(set.precut, region_at(px(20), px(20)));
    EXPECT_EQ(set.trim, (Sides{5, 5, 5, 5}));
    EXPECT_EQ(set.region, region_at(px(10), px(10)));
    EXPECT_TRUE(set.edges);
}

TEST(FastlyCanvas, HasASizeOrARatioAndAPlaceForThePicture)
{
    EXPECT_EQ(options("canvas=300,200").canvas, region_at(px(300), px(200), {}, {}, false));
    EXPECT_EQ(options("canvas=150p,1.0").canvas, region_at(share(1.5), px(1), {}, {}, false));
    EXPECT_EQ(options("canvas=16:9,offset-x0,y5").canvas,
              region_of(1.777778, rest(0), corner(5), false));
    expect_refused({"canvas=300", "canvas=0,1", "canvas=8193,1", "canvas=10001p,1", "canvas=1:1,smart",
                    "canvas=1:1,safe", "canvas=1:1,x1,x2", "canvas=a"});
}

TEST(FastlyUrl, TrimsPlainEdges)
{
    EXPECT_EQ(options("trim-color=auto").edges, PlainEdges());
    EXPECT_EQ(options("trim-color=auto,t0.2").edges, (PlainEdges{51, {}}));
    EXPECT_EQ(options("trim-color=f00").edges, (PlainEdges{10, Color{255, 0, 0, 255}}));
    EXPECT_EQ(options("trim-color=255,0,0,0.5,t1").edges, (PlainEdges{255, Color{255, 0, 0, 255}}));
    EXPECT_EQ(options("trim-color=teal,t0").edges, (PlainEdges{0, Color{0, 128, 128, 255}}));
    EXPECT_EQ(options("trim-color=teal,t5").edges->threshold, 255);
    expect_refused({"trim-color=nocolour", "trim-color=fff,0.5", "trim-color=fff,t", "trim-color=,t1"});
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

TEST(FastlyUrl, PadsInPixelsOrShares)
{
    EXPECT_EQ(options("pad=10").extend, (Sides{10, 10, 10, 10}));
    EXPECT_EQ(options("pad=1,2,3,4").extend, (Sides{1, 2, 3, 4}));
    EXPECT_EQ(options("pad=0,5").extend, (Sides{0, 5, 0, 5}));
    EXPECT_EQ(options("pad=0.1,200p").extend, (Sides{share(0.1), share(2), share(0.1), share(2)}));
    expect_refused({"pad=8193", "pad=10001p", "pad=-1", "pad=1,2,3,4,5", "pad=x"});
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
    EXPECT_EQ(options("blur=20").blur, px(10));
    EXPECT_EQ(options("blur=0.5").blur, px(0.25));
    EXPECT_EQ(options("blur=100000").blur, px(250));
    EXPECT_EQ(options("blur=-1").blur, px(0));
    EXPECT_EQ(options("blur=5p").blur, share(0.025));
    EXPECT_EQ(options("sharpen=a5,r2,t7").unsharp, (UnsharpMask{5, 2, 7}));
    EXPECT_EQ(options("sharpen=t256,a50,r0").unsharp, (UnsharpMask{10, 0.5, 255}));
    EXPECT_EQ(options("sharpen=a1").unsharp, UnsharpMask());
    EXPECT_EQ(options("quality=0").quality, (Quality{false, 1}));
    EXPECT_EQ(options("quality=101").quality, (Quality{false, 100}));
    expect_refused({"brightness=x", "contrast=1e1", "saturation=--1", "blur=x", "sharpen=5",
                    "sharpen=r2,t0", "sharpen=a", "sharpen=a1,", "sharpen=a1,z2", "quality=best",
                    "quality=75,x", "quality=75,80,85"});
}

TEST(FastlyUrl, IsBlackAndWhite)
{
    EXPECT_EQ(options("bw=threshold").threshold, 128);
    EXPECT_EQ(options("bw=threshold").dither, false);
    EXPECT_EQ(options("bw=atkinson").dither, true);
    EXPECT_EQ(options("bw=atkinson&bw=threshold").dither, false);
    expect_refused({"bw=1"});
}

TEST(FastlyUrl, NamesAFilter)
{
    for (const auto &[word, kernel] :
         {std::pair{"nearest", Kernel::nearest}, {"bilinear", Kernel::linear}, {"linear", Kernel::linear},
          {"bicubic", Kernel::cubic}, {"cubic", Kernel::cubic}, {"lanczos2", Kernel::lanczos2},
          {"lanczos3", Kernel::lanczos3}, {"lanczos", Kernel::lanczos3}})
    {
        EXPECT_EQ(options("resize-filter=" + std::string(word)).kernel, kernel) << word;
    }
    expect_refused({"resize-filter=mitchell"});
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
    const auto webp = options("auto=webp&format=pjpg").auto_formats;
    ASSERT_TRUE(webp);
    EXPECT_TRUE(webp->has(Format::webp) && !webp->has(Format::avif)) << "what it names, alone";
    EXPECT_FALSE(options("auto=webp&format=auto").auto_formats) << "format=auto comes first";
    expect_refused({"auto=x", "auto=webp,", "auto=compress"});
}

TEST(FastlyUrl, PrefersQualityToOptimize)
{
    EXPECT_EQ(options("quality=70,60").quality, (Quality{false, 70, 0, 100, 60}));
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
    EXPECT_EQ(options("width=80&level=4.0&profile=main&viewbox=1").width, px(80));
    expect_refused({"metadata=keep", "frame=0", "frame=2", "page=0", "page=x", "page=10000"});
}

}  // namespace
}  // namespace cdn::image

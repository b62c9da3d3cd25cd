#include "core/text.h"
#include "image/dialect.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

// format=auto: asked for, and no format of its own.
const std::optional<std::optional<Format>> automatic(std::in_place);

Options options(std::string_view key, std::string_view value)
{
    Options set;
    const auto error = set_option(set, key, value);
    EXPECT_FALSE(error) << key << '=' << value << ": " << error->message;
    return set;
}

Parsed parse(std::string_view target)
{
    const auto [path, query, has_query] = cut(target, '?');
    return parse_custom({path, query});
}

Options queried(std::string_view query)
{
    const auto parsed = parse("/a.jpg?" + std::string(query));
    if (!parsed || !*parsed) {
        ADD_FAILURE() << (parsed ? "no option: " : "refused: ") << query;
        return {};
    }

    return (*parsed)->options;
}

void expect_refused(std::string_view key, std::initializer_list<std::string_view> values)
{
    for (const auto value : values) {
        Options set;
        const auto error = set_option(set, key, value);
        ASSERT_TRUE(error) << key << '=' << value;
        EXPECT_EQ(error->code, ErrorCode::bad_request);
    }
}

TEST(CustomOption, IsNamedInFull)
{
    Options set;
    EXPECT_EQ(set_option(set, "w", "80")->message, "unknown option: \"w\"");
    EXPECT_TRUE(set_option(set, "Width", "80"));
    EXPECT_TRUE(set_option(set, "", "80"));
}

TEST(CustomOption, SetsASideFrom1To12000)
{
    EXPECT_EQ(options("width", "1").width, 1);
    EXPECT_EQ(options("height", "12000").height, 12000);
    expect_refused("width", {"0", "12001", "", "-1", "1.5", "1000000000000000000"});
    expect_refused("height", {"0", "12001"});
}

TEST(CustomOption, NamesACropThatNeverEnlarges)
{
    EXPECT_EQ(options("crop", "center").fit, Fit::crop);
    EXPECT_EQ(options("crop", "center").gravity, Gravity{});
    EXPECT_EQ(options("crop", "smart").fit, Fit::crop);
    EXPECT_EQ(options("crop", "smart").gravity, Gravity{Gravity::Kind::attention});
    EXPECT_EQ(options("crop", "scale").fit, Fit::scale_down);
    EXPECT_EQ(options("crop", "fit").fit, Fit::scale_down);
    expect_refused("crop", {"", "Smart", "cover", "centre"});
}

TEST(CustomOption, NamesQualityOrCountsIt)
{
    const std::pair<const char *, Quality> qualities[] = {
        {"1", {false, 1}},       {"100", {false, 100}},  {"auto", {true}},
        {"low", {false, 60}},    {"medium", {false, 75}}, {"high", {false, 85}},
        {"lossless", {false, 95}},
    };
    for (const auto &[word, quality] : qualities) {
        EXPECT_EQ(options("quality", word).quality, quality) << word;
    }
    expect_refused("quality", {"0", "101", "", "best"});
}

TEST(CustomOption, NamesAFormatThatCanBeWritten)
{
    EXPECT_EQ(options("format", "auto").format, automatic);
    EXPECT_EQ(options("format", "jpg").format, Format::jpeg);
    EXPECT_EQ(options("format", "gif").format, Format::gif);
    expect_refused("format", {"", "svg", "pdf", "heif", "tiff", "JPG"});
}

TEST(CustomOption, PutsGravityBetween0And1)
{
    EXPECT_EQ(options("gravity", "0,1").gravity, (Gravity{Gravity::Kind::point, 0, 1}));
    EXPECT_EQ(options("gravity", "0.25,0.75").gravity, (Gravity{Gravity::Kind::point, 0.25, 0.75}));
    expect_refused("gravity", {"", "0.5", "0.5x0.5", "1.1,0", "0,-0.1", "0,0,0", "0, 0"});
}

TEST(CustomOption, TakesADensityUpTo3)
{
    EXPECT_EQ(options("dpr", "3").dpr, 3.0);
    EXPECT_EQ(options("dpr", "0.01").dpr, 0.01);
    expect_refused("dpr", {"0", "3.01", "", "-1"});
}

TEST(CustomOption, LeavesWidthAndDensityToTheClient)
{
    EXPECT_EQ(options("width", "auto").hinted_width, true);
    EXPECT_EQ(options("dpr", "auto").hinted_dpr, true);
    EXPECT_EQ(queried("dpr=auto&dpr=2").hinted_dpr, std::nullopt);
    EXPECT_EQ(queried("dpr=2&dpr=auto").dpr, std::nullopt);
    expect_refused("height", {"auto"});
}

TEST(CustomOption, TakesAColourAndAPreset)
{
    EXPECT_EQ(options("background", "navy").background, (Color{0, 0, 128, 255}));
    EXPECT_EQ(options("preset", "hero").preset, "hero");
    expect_refused("background", {"", "nocolour"});
}

TEST(CustomOption, StaysAtAPointNamedBeforeTheCrop)
{
    for (const std::string_view query :
         {"crop=center&gravity=0.2,0.3", "gravity=0.2,0.3&crop=center", "crop=smart&gravity=0.2,0.3",
          "gravity=0.2,0.3&crop=smart"})
    {
        EXPECT_EQ(queried(query).fit, Fit::crop) << query;
        EXPECT_EQ(queried(query).gravity, (Gravity{Gravity::Kind::point, 0.2, 0.3})) << query;
    }
    EXPECT_EQ(queried("gravity=0.2,0.3").fit, std::nullopt);
    EXPECT_EQ(queried("crop=smart&crop=center").gravity, Gravity{});
    EXPECT_EQ(queried("crop=center&crop=smart").gravity, Gravity{Gravity::Kind::attention});
}

TEST(CustomOption, BlursByTwoSigmas)
{
    EXPECT_EQ(options("blur", "0").blur, 0.0);
    EXPECT_EQ(options("blur", "5").blur, 2.5);
    EXPECT_EQ(options("blur", "250").blur, 125.0);
    expect_refused("blur", {"", "-1", "250.1", "x"});
}

TEST(CustomOption, SharpensUpTo10)
{
    EXPECT_EQ(options("sharpen", "0").sharpen, 0.0);
    EXPECT_EQ(options("sharpen", "1.5").sharpen, 1.5);
    EXPECT_EQ(options("sharpen", "10").sharpen, 10.0);
    expect_refused("sharpen", {"", "-0.1", "10.1", "true"});
}

TEST(CustomOption, CountsPagesFrom1)
{
    EXPECT_EQ(options("page", "1").page, 1);
    EXPECT_EQ(options("page", "9999").page, 9999);
    expect_refused("page", {"", "0", "10000", "-1", "1.5"});
}

TEST(CustomOption, NamesTheMetadataThatStays)
{
    EXPECT_EQ(options("metadata", "none").metadata, Metadata::none);
    EXPECT_EQ(options("metadata", "copyright").metadata, Metadata::copyright);
    EXPECT_EQ(options("metadata", "keep").metadata, Metadata::keep);
    expect_refused("metadata", {"", "all", "Keep"});
}

TEST(CustomOption, TakesTheLastOfTwo)
{
    Options set;
    EXPECT_FALSE(set_option(set, "width", "80"));
    EXPECT_FALSE(set_option(set, "width", "90"));
    EXPECT_EQ(set.width, 90);
}

TEST(CustomOption, ChangesNothingWhenRefused)
{
    Options set;
    set.width = 80;
    EXPECT_TRUE(set_option(set, "width", "0"));
    EXPECT_EQ(set.width, 80);
}

TEST(CustomUrl, IsServedAsItIsWithoutAnOption)
{
    for (const std::string_view target : {"/a.jpg", "/a.jpg?", "/a.jpg?w=80&Width=80", "/a.jpg?width="}) {
        const auto parsed = parse(target);
        ASSERT_TRUE(parsed) << target;
        EXPECT_FALSE(*parsed) << target;
    }
}

TEST(CustomUrl, HasOptionsAndLeavesTheRestToTheSource)
{
    const auto parsed = parse("/a%20b.jpg?v=1&width=80&x=%2F&quality=high&background=%23ff0000");
    ASSERT_TRUE(parsed && *parsed);
    EXPECT_EQ((*parsed)->options.width, 80);
    EXPECT_EQ((*parsed)->options.quality, (Quality{false, 85}));
    EXPECT_EQ((*parsed)->options.background, (Color{255, 0, 0, 255}));
    EXPECT_EQ((*parsed)->source, (Source{"", "/a%20b.jpg", "v=1&x=%2F"}));
}

TEST(CustomUrl, TakesEveryOption)
{
    const auto set = queried("width=80&height=60&crop=smart&quality=auto&format=auto&background=fff"
                             "&blur=2&sharpen=1&page=3&preset=hero&dpr=2&metadata=copyright");
    EXPECT_EQ(set.height, 60);
    EXPECT_EQ(set.fit, Fit::crop);
    EXPECT_EQ(set.quality, Quality{true});
    EXPECT_EQ(set.format, automatic);
    EXPECT_EQ(set.blur, 1.0);
    EXPECT_EQ(set.sharpen, 1.0);
    EXPECT_EQ(set.page, 3);
    EXPECT_EQ(set.preset, "hero");
    EXPECT_EQ(set.dpr, 2.0);
    EXPECT_EQ(set.metadata, Metadata::copyright);
}

TEST(CustomUrl, IsRefusedForABadValue)
{
    for (const std::string_view query : {"width=0", "height=12001", "quality=101", "blur=251",
                                         "sharpen=11", "page=0", "metadata=all", "crop=cover",
                                         "dpr=4", "format=bmp", "background=x", "gravity=2,2",
                                         "width=80&width=0"})
    {
        const auto parsed = parse("/a.jpg?" + std::string(query));
        ASSERT_FALSE(parsed) << query;
        EXPECT_EQ(parsed.error().code, ErrorCode::bad_request) << query;
    }
}

}  // namespace
}  // namespace cdn::image

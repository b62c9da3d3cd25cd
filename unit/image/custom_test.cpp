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

TEST(CustomOption, TakesAColourAndAPreset)
{
    EXPECT_EQ(options("background", "navy").background, (Color{0, 0, 128, 255}));
    EXPECT_EQ(options("preset", "hero").preset, "hero");
    expect_refused("background", {"", "nocolour"});
}

TEST(CustomOption, ChangesNothingWhenRefused)
{
    Options set;
    set.width = 80;
    EXPECT_TRUE(set_option(set, "width", "0"));
    EXPECT_EQ(set.width, 80);
}

}  // namespace
}  // namespace cdn::image

#include "image/hints.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace cdn::image {
namespace {

using Headers = std::map<std::string, std::string, std::less<>>;

struct Outcome {
    Options                  options;
    std::vector<std::string> read;
};

Outcome apply(Options options, const Headers &headers)
{
    Outcome outcome{std::move(options), {}};
    apply_hints(outcome.options, [&](std::string_view name) {
        outcome.read.emplace_back(name);
        const auto found = headers.find(name);
        return found != headers.end() ? found->second : "";
    });

    return outcome;
}

Options automatic_width()
{
    Options options;
    options.hinted_width = true;
    return options;
}

double width(const Headers &headers, Options options = automatic_width())
{
    return apply(std::move(options), headers).options.width->value;
}

TEST(Hints, AreNotReadWithoutNeed)
{
    Options options;
    options.width = 300;
    options.dpr = 2;

    const auto outcome = apply(options, {{"Sec-CH-Width", "100"}, {"Save-Data", "on"}});
    EXPECT_TRUE(outcome.read.empty());
    EXPECT_EQ(outcome.options.width, Length{300});
    EXPECT_EQ(outcome.options.dpr, 2);
}

TEST(HintedWidth, IsTheNextStepOfTheWidthInDevicePixels)
{
    EXPECT_EQ(width({{"Sec-CH-Width", "1"}}), 320);
    EXPECT_EQ(width({{"Sec-CH-Width", "320"}}), 320);
    EXPECT_EQ(width({{"Sec-CH-Width", "321"}}), 768);
    EXPECT_EQ(width({{"Sec-CH-Width", "769"}}), 960);
    EXPECT_EQ(width({{"Sec-CH-Width", "961"}}), 1200);
    EXPECT_EQ(width({{"Sec-CH-Width", "5000"}}), 1200);
    EXPECT_EQ(width({{"Sec-CH-Width", "320"}, {"Sec-CH-DPR", "3"}}), 320);
}

TEST(HintedWidth, IsElseThatOfTheViewport)
{
    EXPECT_EQ(width({{"Sec-CH-Viewport-Width", "320"}}), 320);
    EXPECT_EQ(width({{"Sec-CH-Viewport-Width", "320"}, {"Sec-CH-DPR", "2"}}), 768);
    EXPECT_EQ(width({{"Sec-CH-Viewport-Width", "320"}, {"Sec-CH-DPR", "2.625"}}), 960);

    Options known = automatic_width();
    known.dpr = 1;
    EXPECT_EQ(width({{"Sec-CH-Viewport-Width", "320"}, {"Sec-CH-DPR", "2"}}, known), 320);
}

TEST(HintedWidth, IsTheLargestForAClientThatSaysNothing)
{
    EXPECT_EQ(width({}), 1200);
    EXPECT_EQ(width({{"Sec-CH-DPR", "1"}}), 1200);
    for (const char *nonsense : {"", "0", "-1", "wide", "1e3", "99999999999", "NaN", "320, 640"}) {
        EXPECT_EQ(width({{"Sec-CH-Width", nonsense}}), 1200) << nonsense;
    }
}

TEST(HintedWidth, ReadsTheNamesOfOlderClientsToo)
{
    EXPECT_EQ(width({{"Width", "300"}}), 320);
    EXPECT_EQ(width({{"Viewport-Width", "300"}, {"DPR", "2"}}), 768);
    EXPECT_EQ(width({{"Width", "300"}, {"Sec-CH-Width", "900"}}), 960);
}

TEST(HintedWidth, ReadsNoMoreThanItNeeds)
{
    using Names = std::vector<std::string>;
    EXPECT_EQ(apply(automatic_width(), {{"Sec-CH-Width", "300"}}).read, Names{"Sec-CH-Width"});
    EXPECT_EQ(apply(automatic_width(), {{"Sec-CH-Viewport-Width", "300"}, {"Sec-CH-DPR", "1"}}).read,
              (Names{"Sec-CH-Width", "Width", "Sec-CH-Viewport-Width", "Sec-CH-DPR"}));
    EXPECT_EQ(apply(automatic_width(), {}).read,
              (Names{"Sec-CH-Width", "Width", "Sec-CH-Viewport-Width", "Viewport-Width"}));
}

TEST(HintedWidth, IsNotMultipliedByTheDensity)
{
    Options options = automatic_width();
    options.height = 100;
    options.dpr = 2;
    const auto request = resolve(apply(options, {{"Sec-CH-Width", "300"}}).options, {}, {});
    EXPECT_EQ(request->width, Length{320});
    EXPECT_EQ(request->height, Length{200});
}

TEST(HintedDensity, IsTheNextStep)
{
    const auto density = [](const Headers &headers) {
        Options options;
        options.hinted_dpr = true;
        options.width = 100;
        return *apply(options, headers).options.dpr;
    };

    EXPECT_EQ(density({}), 1);
    EXPECT_EQ(density({{"Sec-CH-DPR", "0.8"}}), 1);
    EXPECT_EQ(density({{"Sec-CH-DPR", "1.25"}}), 1.5);
    EXPECT_EQ(density({{"DPR", "2.0"}}), 2);
    EXPECT_EQ(density({{"Sec-CH-DPR", "2.625"}}), 3);
    EXPECT_EQ(density({{"Sec-CH-DPR", "100"}}), 3);
    EXPECT_EQ(density({{"Sec-CH-DPR", "x"}}), 1);
}

TEST(HintedDensity, KeepsSidesWithinBounds)
{
    Options options;
    options.hinted_dpr = true;
    options.width = 10'000;
    options.height = 10;
    const auto request = resolve(apply(options, {{"Sec-CH-DPR", "3"}}).options, {}, {});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->width, Length{max_side});
}

Quality quality(const Headers &headers)
{
    Options options;
    options.quality = Quality{false, 85};
    options.slow_quality = Quality{false, 50};
    return *apply(options, headers).options.quality;
}

TEST(SlowConnection, HasAQualityOfItsOwn)
{
    const Quality usual{false, 85};
    const Quality slow{false, 50};

    EXPECT_EQ(quality({}), usual);
    EXPECT_EQ(quality({{"Save-Data", "on"}}), slow);
    EXPECT_EQ(quality({{"Save-Data", "off"}}), usual);
    EXPECT_EQ(quality({{"RTT", "150"}}), usual);
    EXPECT_EQ(quality({{"RTT", "151"}}), slow);
    EXPECT_EQ(quality({{"Downlink", "5"}}), usual);
    EXPECT_EQ(quality({{"Downlink", "4.9"}}), slow);
    EXPECT_EQ(quality({{"Downlink", "0"}}), slow);
    EXPECT_EQ(quality({{"Downlink", "-1"}}), usual);
    EXPECT_EQ(quality({{"ECT", "4g"}}), usual);
    for (const char *type : {"slow-2g", "2g", "3g"}) {
        EXPECT_EQ(quality({{"ECT", type}}), slow) << type;
    }
    EXPECT_EQ(quality({{"RTT", "x"}, {"Downlink", ""}, {"ECT", "5g"}}), usual);
}

TEST(SlowConnection, NeedsNoQualityToReplace)
{
    Options options;
    options.slow_quality = Quality{false, 40};
    EXPECT_EQ(apply(options, {}).options.quality, std::nullopt);
    EXPECT_EQ(apply(options, {{"Save-Data", "on"}}).options.quality, (Quality{false, 40}));
}

TEST(SlowConnection, IsNotForLosslessPictures)
{
    Options options;
    options.lossless = true;
    options.slow_quality = Quality{false, 40};
    EXPECT_EQ(apply(options, {{"Save-Data", "on"}}).options.lossless, std::nullopt);
    EXPECT_EQ(apply(options, {}).options.lossless, true);
}

TEST(SlowConnection, IsFoundOutWithoutReadingOn)
{
    Options options;
    options.slow_quality = Quality{false, 40};
    EXPECT_EQ(apply(options, {{"Save-Data", "on"}}).read, std::vector<std::string>{"Save-Data"});
    EXPECT_EQ(apply(options, {}).read,
              (std::vector<std::string>{"Save-Data", "ECT", "RTT", "Downlink"}));
}

}  // namespace
}  // namespace cdn::image

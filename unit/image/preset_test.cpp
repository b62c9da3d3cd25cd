#include "image/preset.h"

#include "image/dialect.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

// format=auto: asked for, and no format of its own.
const std::optional<std::optional<Format>> automatic(std::in_place);

Options named(std::string name)
{
    Options options;
    options.preset = std::move(name);
    return options;
}

struct BuiltIn {
    const char          *name;
    int                  width;
    int                  height;
    Fit                  fit;
    std::optional<Gravity> gravity;
    int                  quality;
    std::optional<Color> background;
};

TEST(Presets, AreThoseOfTheContract)
{
    const Gravity smart{Gravity::Kind::attention};
    const BuiltIn presets[] = {
        {"avatar", 150, 150, Fit::crop, Gravity{}, 85, white},
        {"thumbnail", 300, 300, Fit::crop, smart, 80, {}},
        {"preview", 600, 400, Fit::scale_down, {}, 85, {}},
        {"hero", 1200, 600, Fit::crop, Gravity{}, 90, {}},
        {"document_preview", 400, 600, Fit::scale_down, {}, 90, {}},
    };

    for (const auto &preset : presets) {
        const auto options = Presets().apply(named(preset.name));
        ASSERT_TRUE(options) << preset.name;
        EXPECT_EQ(options->width, preset.width) << preset.name;
        EXPECT_EQ(options->height, preset.height) << preset.name;
        EXPECT_EQ(options->fit, preset.fit) << preset.name;
        EXPECT_EQ(options->gravity, preset.gravity) << preset.name;
        EXPECT_EQ(options->quality, (Quality{false, preset.quality})) << preset.name;
        EXPECT_EQ(options->background, preset.background) << preset.name;
        EXPECT_EQ(options->format, automatic) << preset.name;
    }
}

TEST(Presets, HaveASmallPlaceholder)
{
    const auto options = Presets().apply(named("placeholder"));
    ASSERT_TRUE(options);
    EXPECT_EQ(print_canonical(*resolve(*options, {"", "/a.jpg", ""}, {})),
              "/cdn-image/w=32,f=webp,bytes=1024,anim=false,q=60/a.jpg");
}

TEST(Presets, LieUnderWhatTheUrlSays)
{
    Options asked = named("avatar");
    asked.width = 99;
    asked.format = std::optional(Format::png);

    const auto options = Presets().apply(asked);
    EXPECT_EQ(options->width, 99);
    EXPECT_EQ(options->height, 150);
    EXPECT_EQ(options->format, Format::png);
}

TEST(Presets, AreRefusedWhenUnknown)
{
    EXPECT_EQ(Presets().apply(named("Avatar")).error().message, "unknown preset: \"Avatar\"");
    EXPECT_FALSE(Presets().apply(named("")));
}

TEST(Presets, CanBeAddedAndReplacedAsAWhole)
{
    Options small;
    small.width = 10;

    Presets presets;
    presets.set("mine", small);
    presets.set("avatar", small);

    EXPECT_EQ(presets.apply(named("mine"))->width, 10);
    EXPECT_EQ(presets.apply(named("avatar"))->width, 10);
    EXPECT_EQ(presets.apply(named("avatar"))->height, std::nullopt);
}

TEST(Presets, LeaveOptionsWithoutOneAlone)
{
    EXPECT_EQ(Presets().apply({})->width, std::nullopt);
}

}  // namespace
}  // namespace cdn::image

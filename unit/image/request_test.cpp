#include "image/request.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

// format=auto: asked for, and no format of its own.
const std::optional<std::optional<Format>> automatic(std::in_place);

Options box(std::optional<int> width, std::optional<int> height, std::optional<Fit> fit = {})
{
    Options options;
    options.width = width;
    options.height = height;
    options.fit = fit;
    return options;
}

Result<Request> resolved(const Options &options, const Negotiated &negotiated = {})
{
    return resolve(options, Source{"", "/a.jpg", ""}, negotiated);
}

Options automatic_format()
{
    Options options;
    options.format.emplace();
    return options;
}

TEST(Options, TakeFromUnderneathOnlyWhatTheyLeaveOpen)
{
    Options over = box(80, {});
    Options under = box(10, 20, Fit::pad);
    under.dpr = 2;
    under.background = white;
    under.preset = "hero";
    under.format.emplace();
    under.quality = Quality{true};
    under.gravity = Gravity{Gravity::Kind::entropy};

    over.lay_over(under);
    EXPECT_EQ(over.width, 80);
    EXPECT_EQ(over.height, 20);
    EXPECT_EQ(over.fit, Fit::pad);
    EXPECT_EQ(over.dpr, 2.0);
    EXPECT_EQ(over.background, white);
    EXPECT_EQ(over.preset, "hero");
    EXPECT_EQ(over.format, automatic);
    EXPECT_EQ(over.quality, Quality{true});
    EXPECT_EQ(over.gravity, Gravity{Gravity::Kind::entropy});
}

TEST(Options, HaveAWidthOrLeaveItToHintsNotBoth)
{
    Options number;
    number.width = 80;
    number.dpr = 2;
    Options hinted;
    hinted.hinted_width = true;
    hinted.hinted_dpr = true;

    Options over = number;
    over.lay_over(hinted);
    EXPECT_EQ(over.hinted_width, std::nullopt);
    EXPECT_EQ(over.hinted_dpr, std::nullopt);

    over = hinted;
    over.lay_over(number);
    EXPECT_EQ(over.width, std::nullopt);
    EXPECT_EQ(over.dpr, std::nullopt);

    over = {};
    over.lay_over(hinted);
    over.lay_over(number);
    EXPECT_EQ(over.width, std::nullopt);
    EXPECT_EQ(over.hinted_width, true);
}

TEST(Options, KeepAnAutomaticFormatOverANamedOne)
{
    Options over = automatic_format();
    Options under;
    under.format = std::optional(Format::png);

    over.lay_over(under);
    EXPECT_EQ(over.format, automatic);
}

TEST(Request, HasTheDefaultsOfTheContract)
{
    const auto request = resolved({});
    EXPECT_EQ(request->width, 0);
    EXPECT_EQ(request->height, 0);
    EXPECT_EQ(request->fit, Fit::scale_down);
    EXPECT_EQ(request->gravity, Gravity{});
    EXPECT_EQ(request->background, std::nullopt);
    EXPECT_EQ(request->format, FormatChoice{});
    EXPECT_EQ(request->quality, (Quality{false, 85}));
    EXPECT_EQ(request->source, (Source{"", "/a.jpg", ""}));
}

TEST(Request, CountsDevicePixelsRounded)
{
    struct Row {
        int    side;
        double dpr;
        int    pixels;
    };
    for (const auto &[side, dpr, pixels] :
         {Row{100, 2, 200}, Row{101, 1.5, 152}, Row{100, 1.125, 113}, Row{100, 1.124, 112},
          Row{1, 0.5, 1}, Row{4000, 3, 12000}, Row{12000, 1.00004, 12000}})
    {
        Options options = box(side, side);
        options.dpr = dpr;
        const auto request = resolved(options);
        ASSERT_TRUE(request) << side << " * " << dpr;
        EXPECT_EQ(request->width, pixels) << side << " * " << dpr;
        EXPECT_EQ(request->height, pixels) << side << " * " << dpr;
    }
}

TEST(Request, IsRefusedWhenTheDensityLeavesTheRange)
{
    for (const auto &[side, dpr] : {std::pair{1, 0.49}, {4001, 3.0}, {12000, 1.0001}}) {
        Options wide = box(side, {});
        Options tall = box({}, side);
        wide.dpr = tall.dpr = dpr;
        EXPECT_EQ(resolved(wide).error().code, ErrorCode::bad_request) << side << " * " << dpr;
        EXPECT_EQ(resolved(tall).error().code, ErrorCode::bad_request) << side << " * " << dpr;
    }
}

TEST(Request, HasNoFitThatNeedsABoxWithoutOne)
{
    for (const Fit fit : {Fit::contain, Fit::cover, Fit::pad, Fit::squeeze}) {
        EXPECT_EQ(resolved(box(80, 60, fit))->fit, fit);
        EXPECT_EQ(resolved(box(80, {}, fit))->fit, Fit::contain);
        EXPECT_EQ(resolved(box({}, 60, fit))->fit, Fit::contain);
        EXPECT_EQ(resolved(box({}, {}, fit))->fit, Fit::scale_down);
    }
    EXPECT_EQ(resolved(box(80, 60, Fit::crop))->fit, Fit::crop);
    EXPECT_EQ(resolved(box(80, {}, Fit::crop))->fit, Fit::scale_down);
}

TEST(Request, HasGravityOnlyWhereItCuts)
{
    const Gravity left{Gravity::Kind::point, 0, 0.5};
    for (const auto &[fit, kept] :
         {std::pair{Fit::cover, left}, {Fit::crop, left}, {Fit::pad, Gravity{}},
          {Fit::scale_down, Gravity{}}, {Fit::contain, Gravity{}}, {Fit::squeeze, Gravity{}}})
    {
        Options options = box(80, 60, fit);
        options.gravity = left;
        EXPECT_EQ(resolved(options)->gravity, kept) << static_cast<int>(fit);
    }

    Options no_box = box(80, {}, Fit::cover);
    no_box.gravity = left;
    EXPECT_EQ(resolved(no_box)->gravity, Gravity{});
}

TEST(Request, PadsWithWhite)
{
    Options options = box(80, 60, Fit::pad);
    EXPECT_EQ(resolved(options)->background, white);

    options.background = Color{1, 2, 3, 255};
    EXPECT_EQ(resolved(options)->background, (Color{1, 2, 3, 255}));
    EXPECT_EQ(resolved(box(80, {}, Fit::pad))->background, std::nullopt);
}

TEST(Request, ChoosesItsFormat)
{
    using Kind = FormatChoice::Kind;
    const Negotiated both{Format::avif, Format::webp};

    Options png;
    png.format = std::optional(Format::png);

    EXPECT_EQ(resolved({}, both)->format, FormatChoice{});
    EXPECT_EQ(resolved(png, both)->format, (FormatChoice{Kind::exactly, {Format::png}}));
    EXPECT_EQ(resolved(automatic_format(), both)->format, (FormatChoice{Kind::negotiated, both}));
    EXPECT_EQ(resolved(automatic_format(), {})->format, (FormatChoice{Kind::negotiated, {}}));
}

TEST(Request, OfAWebpClientIsTheOneThatNamesWebp)
{
    Options named;
    named.format = std::optional(Format::webp);
    EXPECT_EQ(*resolved(automatic_format(), {Format::webp}), *resolved(named));
}

TEST(Request, KnowsItsAutomaticQualityOnceTheFormatIsFixed)
{
    Options options = box(300, {});
    options.quality = Quality{true};
    EXPECT_EQ(resolved(options)->quality, Quality{true});

    options.format = std::optional(Format::webp);
    EXPECT_EQ(resolved(options)->quality, (Quality{false, 90}));

    options.dpr = 2;                                   // 600 pixels are not small
    EXPECT_EQ(resolved(options)->quality, (Quality{false, 80}));
}

TEST(AutomaticQuality, FollowsFormatAndSides)
{
    struct Row {
        int width;
        int height;
        int jpeg;
        int webp;
        int avif;
        int png;
    };
    const Row rows[] = {
        {0, 0, 85, 80, 75, 95},
        {300, 0, 95, 90, 85, 95},
        {301, 0, 85, 80, 75, 95},
        {0, 300, 95, 90, 85, 95},
        {0, 301, 85, 80, 75, 95},
        {1199, 1199, 85, 80, 75, 95},
        {1200, 0, 80, 75, 70, 90},
        {0, 1200, 80, 75, 70, 90},
        {1200, 300, 95, 90, 85, 95},                   // small goes before large
        {12000, 301, 80, 75, 70, 90},
    };

    for (const auto &row : rows) {
        Request request;
        request.width = row.width;
        request.height = row.height;
        request.quality = Quality{true};
        EXPECT_EQ(quality_for(request, Format::jpeg), row.jpeg) << row.width << 'x' << row.height;
        EXPECT_EQ(quality_for(request, Format::webp), row.webp) << row.width << 'x' << row.height;
        EXPECT_EQ(quality_for(request, Format::avif), row.avif) << row.width << 'x' << row.height;
        EXPECT_EQ(quality_for(request, Format::png), row.png) << row.width << 'x' << row.height;
    }
}

TEST(AutomaticQuality, LeavesAGivenOneAlone)
{
    Request request;
    request.width = 100;
    request.quality = Quality{false, 33};
    EXPECT_EQ(quality_for(request, Format::webp), 33);
}

}  // namespace
}  // namespace cdn::image

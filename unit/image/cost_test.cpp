#include "image/cost.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

Request asking(double width, double height)
{
    Request request;
    request.width.value = width;
    request.height.value = height;
    return request;
}

bool light(int width, int height, Format format, int result_width, int result_height, int frames = 1)
{
    SourceInfo source;
    source.width = width;
    source.height = height;
    Plan plan;
    plan.format = format;
    plan.frames = frames;
    plan.region = {0, 0, width, height};
    plan.resized_width = plan.canvas_width = result_width;
    plan.resized_height = plan.canvas_height = result_height;
    return is_light(source, plan);
}

TEST(MayBeLight, OfSmallFilesAndSmallSides)
{
    EXPECT_TRUE(may_be_light(1U << 20, asking(1200, 1200)));
    EXPECT_TRUE(may_be_light(1000, asking(0, 0)));
    EXPECT_FALSE(may_be_light((1U << 20) + 1, asking(300, 300)));
    EXPECT_FALSE(may_be_light(1000, asking(1201, 0)));
    EXPECT_FALSE(may_be_light(1000, asking(0, 1201)));
}

TEST(MakeCheaper, LeavesWhatCostsLessThanTheChosen)
{
    Request request;
    request.format = {FormatChoice::Kind::negotiated, {Format::webp, Format::avif, Format::jpeg}};
    EXPECT_FALSE(make_cheaper(request, Format::png));  // what every client shows
    EXPECT_TRUE(make_cheaper(request, Format::webp));  // AVIF is no help
    EXPECT_EQ(request.format.formats, Negotiated{Format::jpeg});
    EXPECT_TRUE(make_cheaper(request, Format::jpeg));
    EXPECT_EQ(request.format.formats, Negotiated{});
    EXPECT_FALSE(make_cheaper(request, Format::jpeg));

    request.format = {FormatChoice::Kind::exactly, {Format::avif}};
    EXPECT_FALSE(make_cheaper(request, Format::avif));
}

TEST(StepsCheaper, AreOneForEachQuarterOfTheTimeout)
{
    EXPECT_EQ(steps_cheaper(0, 10'000), 0);
    EXPECT_EQ(steps_cheaper(2'499, 10'000), 0);
    EXPECT_EQ(steps_cheaper(2'500, 10'000), 1);
    EXPECT_EQ(steps_cheaper(5'000, 10'000), 2);
    EXPECT_EQ(steps_cheaper(1'000'000, 10'000), 4);
    EXPECT_EQ(steps_cheaper(1, 0), 4);
}

TEST(IsLight, AThumbnailOfASmallPhotograph)
{
    EXPECT_TRUE(light(800, 543, Format::jpeg, 300, 203));
    EXPECT_TRUE(light(800, 543, Format::avif, 300, 203));
    EXPECT_TRUE(light(2000, 1500, Format::webp, 300, 225));
    EXPECT_TRUE(light(4000, 3000, Format::jpeg, 300, 225));      // most of it is skipped by its decoder
}

TEST(IsLight, NotOfALargePhotographNorALargeResult)
{
    EXPECT_FALSE(light(4500, 3100, Format::jpeg, 300, 203));
    EXPECT_FALSE(light(3000, 2200, Format::jpeg, 1600, 1173));
    EXPECT_FALSE(light(800, 543, Format::avif, 800, 543));
    EXPECT_FALSE(light(800, 600, Format::webp, 300, 225, 24));
    EXPECT_FALSE(light(2'000'000'000, 2'000'000'000, Format::jpeg, 1, 1));
}

}  // namespace
}  // namespace cdn::image

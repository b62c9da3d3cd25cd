#include "status/latency.h"

#include <gtest/gtest.h>

#include <array>

using namespace cdn::status;

namespace {

constexpr std::array bounds = {100.0, 200.0, 1000.0};
using Buckets = std::array<std::uint64_t, 4>;

TEST(Percentile, OfNothingIsNothing)
{
    EXPECT_FALSE(percentile(bounds, Buckets{}, 0.5));
}

TEST(Percentile, LiesWithinItsBucket)
{
    EXPECT_DOUBLE_EQ(*percentile(bounds, Buckets{10, 0, 0, 0}, 0.5), 50);
    EXPECT_DOUBLE_EQ(*percentile(bounds, Buckets{10, 0, 0, 0}, 1), 100);
    EXPECT_DOUBLE_EQ(*percentile(bounds, Buckets{0, 10, 0, 0}, 0.5), 150);
    EXPECT_DOUBLE_EQ(*percentile(bounds, Buckets{5, 0, 5, 0}, 0.5), 100);
    EXPECT_DOUBLE_EQ(*percentile(bounds, Buckets{5, 0, 5, 0}, 0.6), 360);
}

TEST(Percentile, BeyondTheLastBoundIsThatBound)
{
    EXPECT_DOUBLE_EQ(*percentile(bounds, Buckets{0, 0, 0, 1}, 0.01), 1000);
}

TEST(Percentile, HoldsAfterBillions)
{
    EXPECT_DOUBLE_EQ(*percentile(bounds, Buckets{4'000'000'000, 4'000'000'000, 0, 0}, 0.75), 150);
}

}  // namespace

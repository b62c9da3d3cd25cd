#include "warm/yielding.h"

#include <gtest/gtest.h>

#include <vector>

using cdn::warm::Yielding;

namespace {

std::vector<int> asked(Yielding yielding, const std::vector<std::optional<double>> &p95)
{
    std::vector<int> out;
    for (const auto &ms : p95) {
        out.push_back(yielding.allow(ms));
    }
    return out;
}

using Answers = std::vector<int>;

}  // namespace

TEST(Yielding, HalvesWhileVisitorsWaitAndGrowsByOneAfterwards)
{
    EXPECT_EQ(asked(Yielding(8, 40), {81, 81, 81, 81, 80, 10, {}, 10}), (Answers{4, 2, 1, 0, 1, 2, 3, 4}));
}

TEST(Yielding, NeverGrowsOverTheMost)
{
    EXPECT_EQ(asked(Yielding(2, 40), {10, 10, 90, 10, 10}), (Answers{2, 2, 1, 2, 2}));
}

TEST(Yielding, LeavesShortWaitsAlone)
{
    EXPECT_EQ(asked(Yielding(4, 1), {50, 51}), (Answers{4, 2}));
}

TEST(Yielding, TakesAHundredMillisecondsForUsualWhereNothingIsKnown)
{
    EXPECT_EQ(asked(Yielding(4, {}), {100, 101}), (Answers{4, 2}));
}

TEST(Yielding, LetsOneThroughAfterTenSecondsOfPause)
{
    const std::vector<std::optional<double>> busy(24, 1000.0);
    EXPECT_EQ(asked(Yielding(2, 40), busy),
              (Answers{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}));
}

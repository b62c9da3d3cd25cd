#include "purge/rate.h"

#include <gtest/gtest.h>

#include <array>

using namespace cdn::purge;

namespace {

class Rate : public testing::Test {
protected:
    // How many of a hundred calls at once are taken; ten a second, twenty in a row.
    int taken(std::int64_t now_ms, std::uint64_t address = 7)
    {
        int count = 0;
        for (int i = 0; i < 100; i++) {
            count += take_call(buckets, address, now_ms, 10, 20);
        }
        return count;
    }

    std::array<Bucket, 4> buckets{};
};

}  // namespace

TEST_F(Rate, GivesTheBurstAtOnceAndTheRateAfterwards)
{
    EXPECT_EQ(taken(1'000'000), 20);
    EXPECT_EQ(taken(1'000'099), 0);
    EXPECT_EQ(taken(1'000'100), 1);
    EXPECT_EQ(taken(1'001'100), 10);
    EXPECT_EQ(taken(2'000'000), 20);
}

TEST_F(Rate, IsExactAboveAThousandASecond)
{
    const auto taken_fast = [&](std::int64_t now_ms) {
        int count = 0;
        for (int i = 0; i < 10'000; i++) {
            count += take_call(buckets, 7, now_ms, 3000, 600);
        }
        return count;
    };
    EXPECT_EQ(taken_fast(1'000'000), 600);
    EXPECT_EQ(taken_fast(1'000'001), 3);
    EXPECT_EQ(taken_fast(1'000'101), 300);
}

TEST_F(Rate, IsEachAddressesOwn)
{
    EXPECT_EQ(taken(1'000'000, 1), 20);
    EXPECT_EQ(taken(1'000'000, 2), 20);
}

TEST_F(Rate, StartsAnewWhenTheClockIsSetBack)
{
    EXPECT_EQ(taken(10'000'000), 20);
    EXPECT_EQ(taken(1'000'000), 20);
    EXPECT_EQ(taken(1'000'050), 0);
}

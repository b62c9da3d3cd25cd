#include "warm/pace.h"

#include <gtest/gtest.h>

namespace cdn::warm {
namespace {

constexpr std::int64_t noon = 1'795'262'400'000;

TEST(Pace, StartsNoMoreAtOnce)
{
    Pace pace(2, 0);
    EXPECT_TRUE(pace.start(noon, 0));
    EXPECT_TRUE(pace.start(noon, 1));
    EXPECT_FALSE(pace.start(noon, 2));
    EXPECT_EQ(pace.wait_ms(noon), 0);
}

TEST(Pace, StartsNoMoreASecond)
{
    Pace pace(100, 10);
    int  started = 0;
    for (int ms = 0; ms < 10'000; ms++) {
        started += pace.start(noon + ms, 0);
    }
    EXPECT_EQ(started, 101);                           // a tenth of a second's worth is there at once
}

TEST(Pace, TellsHowLongToWait)
{
    Pace pace(100, 4);
    EXPECT_TRUE(pace.start(noon, 0));
    EXPECT_EQ(pace.wait_ms(noon), 150);
    EXPECT_FALSE(pace.start(noon + 149, 0));
    EXPECT_TRUE(pace.start(noon + 150, 0));
}

TEST(Pace, KeepsItsRateOnACoarseTimer)
{
    Pace pace(1000, 1000);
    int  started = 0;
    for (int tick = 0; tick < 100; tick++) {
        while (pace.start(noon + tick * 50, 0)) {
            started++;
        }
    }
    EXPECT_EQ(started, 5051);                          // 4950 ms, and the tenth of a second before
}

TEST(Pace, DoesNotMakeUpForAPause)
{
    Pace pace(1000, 10);
    EXPECT_TRUE(pace.start(noon, 0));
    int started = 0;
    while (pace.start(noon + 60'000, 0)) {
        started++;
    }
    EXPECT_EQ(started, 2);
}

TEST(Retry, IsOneMoreTryWhenToldWhen)
{
    EXPECT_EQ(retry_in_ms(503, "2", 1), 2000);
    EXPECT_EQ(retry_in_ms(503, " 0 ", 1), 0);
    EXPECT_EQ(retry_in_ms(503, "60", 1), 60'000);
    EXPECT_EQ(retry_in_ms(503, "2", 2), std::nullopt);
    EXPECT_EQ(retry_in_ms(503, "61", 1), std::nullopt);
    EXPECT_EQ(retry_in_ms(503, "", 1), std::nullopt);
    EXPECT_EQ(retry_in_ms(503, "Fri, 31 Dec 1999 23:59:59 GMT", 1), std::nullopt);
    EXPECT_EQ(retry_in_ms(502, "2", 1), std::nullopt);
}

}  // namespace
}  // namespace cdn::warm

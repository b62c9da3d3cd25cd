#include "ttl/popularity.h"

#include <gtest/gtest.h>

using namespace cdn::ttl;

TEST(Popularity, TiersEndAtATenthThreeTenthsAndHalf)
{
    EXPECT_EQ(tier(0.0001), Tier::hot);
    EXPECT_EQ(tier(10.0 / 100), Tier::hot);
    EXPECT_EQ(tier(11.0 / 100), Tier::warm);
    EXPECT_EQ(tier(30.0 / 100), Tier::warm);
    EXPECT_EQ(tier(31.0 / 100), Tier::mild);
    EXPECT_EQ(tier(50.0 / 100), Tier::mild);
    EXPECT_EQ(tier(51.0 / 100), Tier::cold);
    EXPECT_EQ(tier(1), Tier::cold);
}

TEST(Popularity, TiersLiveAWeekThreeDaysADayAndAnHour)
{
    const Profile any;
    EXPECT_EQ(tier_ttl(any, Tier::hot), 7 * day);
    EXPECT_EQ(tier_ttl(any, Tier::warm), 3 * day);
    EXPECT_EQ(tier_ttl(any, Tier::mild), day);
    EXPECT_EQ(tier_ttl(any, Tier::cold), 3600);
}

TEST(Popularity, StaysWithinTheProfilesBounds)
{
    Profile own;
    own.min_ttl = 2 * day;
    EXPECT_EQ(tier_ttl(own, Tier::warm), 3 * day);
    EXPECT_EQ(tier_ttl(own, Tier::mild), 2 * day);
    EXPECT_EQ(tier_ttl(own, Tier::cold), 2 * day);

    own.max_ttl = 5 * day;
    EXPECT_EQ(tier_ttl(own, Tier::hot), 5 * day);
    EXPECT_EQ(tier_ttl(own, Tier::warm), 3 * day);

    own.min_ttl.reset();
    own.max_ttl = 60;
    EXPECT_EQ(tier_ttl(own, Tier::hot), 60);
    EXPECT_EQ(tier_ttl(own, Tier::cold), 60);
}

#include "status/groups.h"

#include <gtest/gtest.h>

using namespace cdn::status;

namespace {

constexpr std::int64_t hour = 3600;
constexpr std::int64_t noon = 1'800'014'400;           // 12:00 UTC

class GroupsTest : public testing::Test {
protected:
    void serve(std::string_view profile, std::string_view status, std::uint64_t count)
    {
        counters.add(Metric::requests, {0, counters.label(profile), counters.region("eu"),
                                        counters.label(status)}, count);
        if (status == "expired") {
            counters.add(Metric::profile_misses, {counters.label(profile), counters.label("expired")}, count);
        }
    }

    std::vector<Group> now() const { return groups(counters.snapshot()); }
    void tick(std::int64_t when) { history.tick(when, [&] { return now(); }); }

    std::vector<std::uint64_t> memory = std::vector<std::uint64_t>(Counters::memory_size() / 8 + 1);
    std::vector<std::uint64_t> history_memory =
        std::vector<std::uint64_t>(GroupHistory::memory_size() / 8 + 1);
    Counters     counters{memory.data(), 0};
    GroupHistory history{history_memory.data()};
};

TEST_F(GroupsTest, AddUpByProfileAndRegion)
{
    serve("media", "hit", 8);
    serve("media", "miss", 2);
    serve("media", "bypass", 5);
    serve("none", "none", 1);
    counters.observe(Metric::region_duration, {counters.region("eu")}, 32'000);

    const auto all = now();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_STREQ(all[0].name, "media");
    EXPECT_EQ(all[0].requests, 15U);
    EXPECT_DOUBLE_EQ(*all[0].hit_ratio(), 0.8);
    EXPECT_FALSE(all[1].hit_ratio());
    EXPECT_EQ(all[2].kind, Group::region);
    EXPECT_EQ(all[2].requests, 16U);
    EXPECT_DOUBLE_EQ(*all[2].mean_ms(), 2);
}

TEST_F(GroupsTest, RememberADay)
{
    tick(noon - 30 * hour);
    serve("media", "expired", 1000);
    for (std::int64_t when = noon - 29 * hour; when <= noon; when += hour) {
        tick(when);
        serve("media", "expired", 10);
    }

    const auto day = history.last_day(noon, now(), 0);
    EXPECT_EQ(day[0].total.requests, 240U);
    EXPECT_EQ(day[0].expired[13], 10U);                // yesterday
    EXPECT_EQ(day[0].expired[12], 10U);                // now
}

TEST_F(GroupsTest, KnowTheLocalHour)
{
    tick(noon - 2 * hour);
    tick(noon - hour);
    serve("media", "expired", 7);
    tick(noon);

    EXPECT_EQ(history.last_day(noon, now(), 0)[0].expired[11], 7U);
    EXPECT_EQ(history.last_day(noon, now(), 2 * hour)[0].expired[13], 7U);
    EXPECT_EQ(history.last_day(noon, now(), -12 * hour)[0].expired[23], 7U);
}

TEST_F(GroupsTest, AreAllOfTodayBeforeTheFirstTick)
{
    serve("media", "hit", 5);
    tick(noon);
    serve("media", "hit", 3);
    serve("new", "hit", 1);

    const auto day = history.last_day(noon + 10, now(), 0);
    EXPECT_EQ(day[0].total.requests, 3U);
    EXPECT_EQ(day[1].total.requests, 1U);
}

}  // namespace

#include "status/advice.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace cdn::status;

namespace {

GroupDay group(Group::Kind kind, const char *name, std::uint64_t hits, std::uint64_t misses,
               Reason reason = Reason::cold)
{
    GroupDay out;
    std::strncpy(out.total.name, name, sizeof(out.total.name) - 1);
    out.total.kind = kind;
    out.total.requests = hits + misses;
    out.total.with_cache = hits + misses;
    out.total.hits = hits;
    out.total.reasons[static_cast<std::size_t>(reason)] = misses;
    return out;
}

Day day_of(GroupDay group)
{
    Day day;
    day.groups.push_back(std::move(group));
    return day;
}

TEST(Advice, IsSilentWithoutRequests)
{
    EXPECT_TRUE(advise({}).empty());
    EXPECT_TRUE(advise(day_of(group(Group::profile, "media", 0, 99))).empty());
}

TEST(Advice, BeginsUnderNinetyPercentOfAProfile)
{
    EXPECT_TRUE(advise(day_of(group(Group::profile, "media", 90, 10))).empty());
    const auto advice = advise(day_of(group(Group::profile, "media", 89, 11)));
    ASSERT_EQ(advice.size(), 1U);
    EXPECT_EQ(advice[0].text.substr(0, 18), "\"media\" hits 89 %:");
    EXPECT_EQ(advice[0].reason, "100 % of its misses are `cold`");
}

TEST(Advice, BeginsUnderNinetyTwoPercentOfARegion)
{
    EXPECT_TRUE(advise(day_of(group(Group::region, "eu", 92, 8))).empty());
    EXPECT_EQ(advise(day_of(group(Group::region, "eu", 91, 9))).size(), 1U);
    EXPECT_TRUE(advise(day_of(group(Group::region, "none", 91, 9))).empty());
}

TEST(Advice, NamesAllRegionsAtOnce)
{
    Day day;
    day.groups = {group(Group::region, "eu", 91, 9), group(Group::region, "us", 0, 100),
                  group(Group::region, "asia", 100, 0)};
    const auto advice = advise(day);
    ASSERT_EQ(advice.size(), 1U);
    EXPECT_EQ(advice[0].text.substr(0, 34), "Few hits in us (0 %), eu (91 %): k");
}

TEST(Advice, KnowsTheRushHour)
{
    GroupDay lessons = group(Group::profile, "educational_content", 840, 160, Reason::expired);
    lessons.total.reasons[static_cast<std::size_t>(Reason::cold)] = 40;
    lessons.expired[7] = 60;
    lessons.expired[8] = 38;
    lessons.expired[20] = 62;

    Day day = day_of(lessons);
    EXPECT_EQ(advise(day)[0].reason, "80 % of its misses are `expired`");   // known for minutes only
    day.span.seconds = 6 * 3600;
    const auto advice = advise(day);
    ASSERT_EQ(advice.size(), 1U);
    EXPECT_EQ(advice[0].reason, "80 % of its misses are `expired`, 61 % of those within an hour of 08:00");
    EXPECT_EQ(advice[0].directive, "cdn_ttl_profile educational_content { during PHASE hold; }");
}

TEST(Advice, SpeaksOfLifetimesWhereThereIsNoRush)
{
    GroupDay lessons = group(Group::profile, "media", 840, 240, Reason::expired);
    lessons.expired.fill(10);
    EXPECT_EQ(advise(day_of(lessons))[0].directive,
              "cdn_ttl_profile media { ttl TIME; stale_while_revalidate TIME; }");
}

TEST(Advice, FollowsTheMainReason)
{
    const auto directive = [](Reason reason) {
        return advise(day_of(group(Group::profile, "p", 0, 100, reason)))[0].directive;
    };
    EXPECT_EQ(directive(Reason::purged), "cdn_purge_event");
    EXPECT_EQ(directive(Reason::uncacheable), "cdn_ttl");
    EXPECT_EQ(directive(Reason::error), "cdn_ttl_profile p { stale_if_error TIME; }");
    EXPECT_EQ(directive(Reason::cold), "cdn_cache_query, proxy_cache_path max_size= inactive=");
}

TEST(Advice, BeginsOverFiftyMilliseconds)
{
    Day day;
    day.span.tally.requests = 100;
    day.span.tally.duration_ms = 5000;
    EXPECT_TRUE(advise(day).empty());

    day.span.tally.duration_ms = 5100;
    day.span.tally.origin = 6;
    ASSERT_EQ(advise(day).size(), 1U);
    EXPECT_EQ(advise(day)[0].text, "Responses take 51 ms on average: serve stale copies while they are refreshed");
    EXPECT_EQ(advise(day)[0].reason, "6 % of requests wait for an origin");

    day.span.tally.transforms = 2;
    EXPECT_EQ(advise(day)[0].directive, "thread_pool cdn_image threads=");
}

TEST(Advice, BeginsOverOnePercentOfErrors)
{
    Day day;
    day.span.tally.requests = 1000;
    day.span.tally.errors = 10;
    EXPECT_TRUE(advise(day).empty());
    day.span.tally.errors = 11;
    ASSERT_EQ(advise(day).size(), 1U);
    EXPECT_EQ(advise(day)[0].reason, "11 responses of 5xx, 0 of them for want of an origin");
}

TEST(Advice, PutsTheMostMissedFirst)
{
    Day day;
    day.groups = {group(Group::profile, "small", 0, 100), group(Group::region, "eu", 0, 1000),
                  group(Group::profile, "large", 0, 900)};
    const auto advice = advise(day);
    ASSERT_EQ(advice.size(), 3U);
    EXPECT_EQ(advice[0].text.substr(0, 7), "\"large\"");
    EXPECT_EQ(advice[1].text.substr(0, 7), "\"small\"");
    EXPECT_EQ(advice[2].text.substr(0, 21), "Few hits in eu (0 %):");
}

// Fifty objects: each of the first five asked for as often as is said, the others ten times.
Day day_of_objects(std::uint64_t popular)
{
    Day day;
    for (int i = 0; i < 50; i++) {
        day.objects.push_back({"/" + std::to_string(i), i < 5 ? popular : 10, 0});
    }
    day.misses = {{"/0", 5, 0}, {"/1", 3, 3}, {"/40", 10, 0}};
    day.span.tally.reasons[static_cast<std::size_t>(Reason::cold)] = 15;
    return day;
}

TEST(Advice, NamesTheTenthWorthWarming)
{
    const auto advice = advise(day_of_objects(100));
    ASSERT_EQ(advice.size(), 1U);
    EXPECT_EQ(advice[0].text.substr(0, 27), "5 objects are worth warming");
    EXPECT_EQ(advice[0].reason, "a tenth of all objects draws 53 % of requests, and was missed 5 times");
    EXPECT_EQ(advice[0].directive, "cdn_warm NAME { schedule SCHEDULE; at TIME; top 5; }");
}

TEST(Advice, WarmsNothingOfFewObjects)
{
    Day day = day_of_objects(100);
    day.objects.pop_back();
    EXPECT_TRUE(advise(day).empty());
}

TEST(Advice, WarmsNothingWhereATenthDrawsLessThanHalf)
{
    EXPECT_EQ(advise(day_of_objects(90)).size(), 1U);
    EXPECT_TRUE(advise(day_of_objects(89)).empty());
}

TEST(Advice, WarmsNothingThatIsHitAlready)
{
    Day day = day_of_objects(100);
    day.misses = {{"/0", 4, 0}, {"/40", 10, 0}};       // under one of a hundred
    EXPECT_TRUE(advise(day).empty());
    day.misses[0].count = 5;
    EXPECT_EQ(advise(day).size(), 1U);
    day.misses[0].error = 1;                           // perhaps
    EXPECT_TRUE(advise(day).empty());
    day.misses.clear();
    EXPECT_TRUE(advise(day).empty());
}

TEST(Advice, WarmsNothingThatCannotBeStored)
{
    const auto count = [](Reason reason) { return static_cast<std::size_t>(reason); };
    Day day = day_of_objects(100);
    auto &reasons = day.span.tally.reasons;
    reasons[count(Reason::uncacheable)] = 10;
    reasons[count(Reason::error)] = 5;
    EXPECT_EQ(advise(day).size(), 1U);
    reasons[count(Reason::error)] = 6;
    EXPECT_TRUE(advise(day).empty());

    reasons = {};
    reasons[count(Reason::purged)] = 1;
    EXPECT_EQ(advise(day).size(), 1U);
    reasons = {};
    EXPECT_TRUE(advise(day).empty());
}

TEST(Advice, WarmsNothingForTooFewRequests)
{
    Day day = day_of_objects(10);
    for (PopularObject &object : day.objects) {
        object.count = 1;
    }
    for (std::size_t i = 0; i < 5; i++) {
        day.objects[i].count = 11;
    }
    day.objects[0].count = 10;                         // 99 in all
    EXPECT_TRUE(advise(day).empty());
    day.objects[0].count = 11;
    EXPECT_EQ(advise(day).size(), 1U);
}

}  // namespace

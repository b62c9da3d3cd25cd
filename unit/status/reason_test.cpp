#include "status/reason.h"

#include <gtest/gtest.h>

using namespace cdn::status;

namespace {

std::string_view why(const Outcome &outcome)
{
    const auto found = reason(outcome);
    return found ? name(*found) : "nothing";
}

TEST(Reason, IsNothingWithoutACache)
{
    EXPECT_EQ(why({CacheStatus::none, true, false, 500}), "nothing");
}

TEST(Reason, FollowsTheCacheWhereItAnswered)
{
    EXPECT_EQ(why({CacheStatus::hit, true, false, 500}), "hit");
    EXPECT_EQ(why({CacheStatus::stale, true, true, 200}), "stale");
    EXPECT_EQ(why({CacheStatus::updating, true, true, 200}), "updating");
    EXPECT_EQ(why({CacheStatus::revalidated, false, true, 200}), "revalidated");
    EXPECT_EQ(why({CacheStatus::bypass, true, false, 500}), "bypass");
}

TEST(Reason, OfAMissIsTheOriginsErrorBeforeAll)
{
    EXPECT_EQ(why({CacheStatus::miss, true, false, 500}), "error");
    EXPECT_EQ(why({CacheStatus::expired, true, true, 502}), "error");
    EXPECT_EQ(why({CacheStatus::miss, false, true, 499}), "cold");
}

TEST(Reason, OfAMissIsAPurgeBeforeAge)
{
    EXPECT_EQ(why({CacheStatus::miss, true, true, 200}), "purged");
    EXPECT_EQ(why({CacheStatus::expired, true, true, 200}), "purged");
    EXPECT_EQ(why({CacheStatus::expired, false, false, 200}), "expired");
}

TEST(Reason, OfAMissMayBeTheOriginsWish)
{
    EXPECT_EQ(why({CacheStatus::miss, false, false, 200}), "uncacheable");
    EXPECT_EQ(why({CacheStatus::miss, false, true, 200}), "cold");
    EXPECT_EQ(why({CacheStatus::scarce, false, false, 200}), "cold");
}

TEST(CacheStatus, OfAHitCountsTowardsTheRatio)
{
    for (const char *word : {"hit", "stale", "updating", "revalidated"}) {
        EXPECT_TRUE(is_hit(cache_status_named(word))) << word;
        EXPECT_TRUE(has_hit_ratio(cache_status_named(word))) << word;
    }
    for (const char *word : {"miss", "expired", "scarce"}) {
        EXPECT_FALSE(is_hit(cache_status_named(word))) << word;
        EXPECT_TRUE(has_hit_ratio(cache_status_named(word))) << word;
    }
    for (const char *word : {"bypass", "none", "other", ""}) {
        EXPECT_FALSE(is_hit(cache_status_named(word))) << word;
        EXPECT_FALSE(has_hit_ratio(cache_status_named(word))) << word;
    }
}

TEST(StatusClass, IsOfThreeDigits)
{
    EXPECT_EQ(status_class(100), "1xx");
    EXPECT_EQ(status_class(599), "5xx");
    EXPECT_EQ(status_class(99), "other");
    EXPECT_EQ(status_class(600), "other");
    EXPECT_EQ(status_class(0), "other");
}

TEST(ContentKind, IsAWordOfAFew)
{
    EXPECT_EQ(content_kind(""), "none");
    EXPECT_EQ(content_kind("text/html; charset=utf-8"), "html");
    EXPECT_EQ(content_kind("Image/WebP"), "image");
    EXPECT_EQ(content_kind("text/plain"), "text");
    EXPECT_EQ(content_kind("application/ld+json"), "json");
    EXPECT_EQ(content_kind("image"), "other");
    EXPECT_EQ(content_kind("imagery/x"), "other");
    EXPECT_EQ(content_kind("application/octet-stream"), "other");
}

}  // namespace

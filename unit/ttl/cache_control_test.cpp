#include "ttl/cache_control.h"

#include <gtest/gtest.h>

using namespace cdn;
using namespace cdn::ttl;

TEST(CacheControl, ReadsDirectivesInAnyDress)
{
    const auto c = parse_cache_control("Public , MAX-AGE=\"60\",s-maxage=5,, stale-while-revalidate=7, x=\"a,no-store\"");
    EXPECT_TRUE(c.is_public);
    EXPECT_EQ(c.max_age, 60);
    EXPECT_EQ(c.s_maxage, 5);
    EXPECT_EQ(c.shared_lifetime(), 5);
    EXPECT_EQ(c.stale_while_revalidate, 7);
    EXPECT_FALSE(c.no_store);
    EXPECT_FALSE(c.forbids());
    EXPECT_TRUE(parse_cache_control("private=\"X-A, X-B\"").forbids());
    EXPECT_TRUE(parse_cache_control("no-cache").forbids());
    EXPECT_FALSE(parse_cache_control("x-no-store").forbids());
    EXPECT_TRUE(parse_cache_control("proxy-revalidate").must_revalidate);
}

TEST(CacheControl, CountsANonsensicalNumberAsStale)
{
    EXPECT_EQ(parse_cache_control("max-age=1h").max_age, 0);
    EXPECT_EQ(parse_cache_control("max-age=-1").max_age, 0);
    EXPECT_EQ(parse_cache_control("max-age").max_age, 0);
    EXPECT_EQ(parse_cache_control("max-age=99999999999999999999999").max_age, std::int64_t{1} << 31);
    EXPECT_EQ(parse_cache_control("max-age=60, max-age=30").max_age, 30);
    EXPECT_TRUE(parse_cache_control("max-age=0, s-maxage=60").says_zero());
    EXPECT_FALSE(parse_cache_control("max-age=1").says_zero());
    EXPECT_FALSE(parse_cache_control("\"").forbids());
    EXPECT_FALSE(parse_cache_control("x=\"\\").forbids());
}

TEST(CdnCacheControl, IsAStructuredField)
{
    const auto c = parse_cdn_cache_control("max-age=60;x=1, no-store=?0, private, a=\"b, \\\"no-cache\"");
    ASSERT_TRUE(c);
    EXPECT_EQ(c->max_age, 60);
    EXPECT_FALSE(c->no_store);
    EXPECT_TRUE(c->is_private);
    EXPECT_FALSE(c->no_cache);

    for (const auto *bad : {"", " ", "max-age=60,", "Max-Age=60", "max-age=60 no-store", "max-age=\"60\"",
                            "max-age=1h", "max-age=-1", "max-age", "no-store;", "a=\"", "a=?2", "=1"}) {
        EXPECT_FALSE(parse_cdn_cache_control(bad)) << bad;
    }
}

TEST(ForThisCache, TakesTheMostTargetedFieldWhole)
{
    const auto of = [](std::string_view cc, std::string_view cdn, std::string_view surrogate) {
        return for_this_cache({cc, cdn, surrogate});
    };
    EXPECT_EQ(of("no-store", "max-age=60", "max-age=30").max_age, 60);
    EXPECT_FALSE(of("no-store", "max-age=60", "").no_store);
    EXPECT_EQ(of("max-age=10", "broken;;", "max-age=30+600, content=\"ESI/1.0\"").max_age, 30);
    EXPECT_EQ(of("max-age=10", "", "max-age=30+600").stale_while_revalidate, 600);
    EXPECT_TRUE(of("max-age=10", "", "no-store").no_store);
    EXPECT_TRUE(of("private", "", "content=\"ESI/1.0\"").is_private);
    EXPECT_EQ(of("max-age=10", "max-age=1h", "").max_age, 10);
    EXPECT_EQ(of("", "", "").shared_lifetime(), std::nullopt);
}

TEST(PrintCacheControl, TellsWhatIsLeft)
{
    ClientControl c;
    c.age = 40;
    c.fresh = 60;
    EXPECT_EQ(print_cache_control(c), "public, max-age=100");
    c.stale_while_revalidate = 5;
    c.stale_if_error = 6;
    EXPECT_EQ(print_cache_control(c), "public, max-age=100, stale-while-revalidate=5, stale-if-error=6");
    c.must_revalidate = true;
    c.visibility = Visibility::one_user;
    EXPECT_EQ(print_cache_control(c), "private, max-age=100, must-revalidate");
    c.must_revalidate = false;
    c.stale_while_revalidate = c.stale_if_error = 0;
    c.immutable = true;
    EXPECT_EQ(print_cache_control(c), "private, max-age=100, immutable");
}

TEST(LimitedCacheControl, NeverLetsAClientKeepLonger)
{
    EXPECT_EQ(limited_cache_control("public, max-age=600", 100, 200), "public, max-age=300");
    EXPECT_EQ(limited_cache_control("public, max-age=150", 100, 200), "public, max-age=150");
    EXPECT_EQ(limited_cache_control("max-age=150, stale-while-revalidate=600, immutable", 100, 200),
              "max-age=150, stale-while-revalidate=150, immutable");
    EXPECT_EQ(limited_cache_control("max-age=600, stale-if-error=5", 0, 200), "max-age=200");
    EXPECT_EQ(limited_cache_control("s-maxage=600", 10, 20), "s-maxage=30, max-age=30");
    EXPECT_EQ(limited_cache_control("", 0, 20), "max-age=20");
    EXPECT_EQ(limited_cache_control("", 0, -20), "max-age=0");
    EXPECT_EQ(limited_cache_control("max-age=10", 50, 20), "max-age=10");
    EXPECT_EQ(limited_cache_control("no-store, private=\"a, b\"", 0, 20), "no-store, private=\"a, b\"");

    for (Seconds age : {0, 5, 1000}) {
        for (Seconds limit : {0, 1, 60}) {
            for (const auto *value : {"max-age=30, stale-while-revalidate=90, stale-if-error=7", "public", "max-age=x"}) {
                const auto c = parse_cache_control(limited_cache_control(value, age, limit));
                EXPECT_LE(*c.max_age + c.stale_while_revalidate.value_or(0) - age, limit) << value;
                EXPECT_LE(*c.max_age + c.stale_if_error.value_or(0) - age, limit) << value;
            }
        }
    }
}

TEST(MergedVary, NamesEachOnce)
{
    const std::vector<std::string> more = {"accept", "X-User-ID"};
    EXPECT_EQ(merged_vary("Accept, Cookie , cookie", more), "Accept, Cookie, X-User-ID");
    EXPECT_EQ(merged_vary("", more), "accept, X-User-ID");
    EXPECT_EQ(merged_vary("Accept, *", more), "*");
    EXPECT_EQ(merged_vary("", {}), "");
}

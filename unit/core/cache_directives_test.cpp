#include "core/cache_directives.h"

#include <gtest/gtest.h>

namespace cdn {
namespace {

std::string limited(std::string_view text, std::optional<std::int64_t> max_age, std::int64_t oldest)
{
    return limited_directives(cache_directives(text), max_age, oldest);
}

TEST(CacheDirectives, AreSplitOutsideQuotes)
{
    const auto list = cache_directives(",, Max-Age = \"60\" ,private=\"a, \\\"b\",no-store , x=\"open, y");
    ASSERT_EQ(list.size(), 4U);
    EXPECT_TRUE(list[0].is("max-age"));
    EXPECT_EQ(list[0].value, "60");
    EXPECT_EQ(list[1].value, "a, \\\"b");
    EXPECT_EQ(list[2].whole, "no-store");
    EXPECT_FALSE(list[2].has_value);
    EXPECT_EQ(list[3].value, "\"open, y");
    EXPECT_TRUE(cache_directives("").empty());
    EXPECT_EQ(cache_directives("x=\"\\").size(), 1U);
}

TEST(DeltaSeconds, AreStaleIfTheyAreNoNumber)
{
    EXPECT_EQ(delta_seconds("0"), 0);
    EXPECT_EQ(delta_seconds("60"), 60);
    EXPECT_EQ(delta_seconds(""), 0);
    EXPECT_EQ(delta_seconds("-1"), 0);
    EXPECT_EQ(delta_seconds("1h"), 0);
    EXPECT_EQ(delta_seconds("2147483648"), longest_delta);
    EXPECT_EQ(delta_seconds("2147483649"), longest_delta);
    EXPECT_EQ(delta_seconds("99999999999999999999999"), longest_delta);
}

TEST(LimitedDirectives, TellMaxAgeOnceWhereItStood)
{
    EXPECT_EQ(limited("public, max-age=9, immutable, Max-Age=8", 5, 7), "public, max-age=5, immutable");
    EXPECT_EQ(limited("public", 5, 7), "public, max-age=5");
    EXPECT_EQ(limited("", 5, 7), "max-age=5");
    EXPECT_EQ(limited("max-age=9, no-store", std::nullopt, 7), "no-store");
}

TEST(LimitedDirectives, LetNothingLastBeyondTheOldestAge)
{
    EXPECT_EQ(limited("max-age=9, stale-while-revalidate=2", 5, 7), "max-age=5, stale-while-revalidate=2");
    EXPECT_EQ(limited("max-age=9, stale-while-revalidate=3", 5, 7), "max-age=5, stale-while-revalidate=2");
    EXPECT_EQ(limited("max-age=9, stale-if-error=3", 7, 7), "max-age=7");
    EXPECT_EQ(limited("s-maxage=8, max-age=1", 1, 7), "s-maxage=7, max-age=1");
    EXPECT_EQ(limited("stale-if-error=9", std::nullopt, 7), "stale-if-error=7");
    EXPECT_EQ(limited("private=\"a, max-age=9\"", 5, 7), "private=\"a, max-age=9\", max-age=5");
}

TEST(DeltaSeconds, AreVeryManyWhereTheyAreTooMany)
{
    EXPECT_EQ(delta_seconds("0"), 0);
    EXPECT_EQ(delta_seconds("40"), 40);
    EXPECT_GE(delta_seconds("99999999999999999999999"), 2147483648);
    EXPECT_GE(delta_seconds("999999999999999999"), 2147483648);
    for (const auto text : {"", "-5", "1.5", "4 0", "x"}) {
        EXPECT_EQ(delta_seconds(text), 0) << text;
    }
}

}  // namespace
}  // namespace cdn

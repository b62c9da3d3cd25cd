#include "sign/browser_limit.h"

#include <gtest/gtest.h>

namespace cdn::sign {
namespace {

std::string limited(const std::string &cache_control, std::int64_t remaining, std::int64_t age = 0)
{
    return limit_browser({200, cache_control, std::nullopt, age}, remaining);
}

TEST(LimitBrowser, CutsMaxAge)
{
    EXPECT_EQ(limited("max-age=60", 60), "max-age=60");
    EXPECT_EQ(limited("max-age=61", 60), "max-age=60");
    EXPECT_EQ(limited("public, max-age=3600, immutable", 60), "public, max-age=60, immutable");
    EXPECT_EQ(limited("Max-Age=\"3600\"", 60), "max-age=60");
    EXPECT_EQ(limited("max-age=3600", 0), "max-age=0");
    EXPECT_EQ(limited("max-age=3600", -5), "max-age=0");
}

TEST(LimitBrowser, AddsAge)
{
    EXPECT_EQ(limited("max-age=3600", 60, 100), "max-age=160");
    EXPECT_EQ(limited("max-age=100", 60, 100), "max-age=100");
    EXPECT_EQ(limited("", 60, 100), "max-age=160");
    EXPECT_EQ(limited("max-age=3600", 60, -1), "max-age=60");
    EXPECT_EQ(limited("", 999'999'999'999'999'999, 999'999'999'999'999'999), "max-age=2199023255552");
}

TEST(LimitBrowser, LeavesStaleTimeWhatIsLeft)
{
    EXPECT_EQ(limited("max-age=10, stale-while-revalidate=86400", 60),
              "max-age=10, stale-while-revalidate=50");
    EXPECT_EQ(limited("stale-while-revalidate=86400, max-age=100", 60),
              "max-age=60");
    EXPECT_EQ(limited("max-age=10, stale-if-error=5", 60), "max-age=10, stale-if-error=5");
    EXPECT_EQ(limited("s-maxage=3600, max-age=1", 60), "s-maxage=60, max-age=1");
}

TEST(LimitBrowser, TellsWhatWasLeftOpen)
{
    EXPECT_EQ(limited("", 60), "max-age=60");
    EXPECT_EQ(limited("public", 60), "public, max-age=60");
    EXPECT_EQ(limited("no-cache=\"Set-Cookie\"", 60), "no-cache=\"Set-Cookie\", max-age=60");
    EXPECT_EQ(limited("private=\"a, max-age=9\"", 60), "private=\"a, max-age=9\", max-age=60");
    EXPECT_EQ(limit_browser({200, "", 3600, 0}, 60), "max-age=60");
    EXPECT_EQ(limit_browser({200, "", 30, 0}, 60), "max-age=30");
    EXPECT_EQ(limit_browser({200, "", 0, 0}, 60), "max-age=0");
}

TEST(LimitBrowser, LetsNothingLastThatWouldNot)
{
    EXPECT_EQ(limited("no-store", 60), "no-store");
    EXPECT_EQ(limited("no-cache", 60), "no-cache");
    EXPECT_EQ(limited("no-cache, max-age=100", 60), "no-cache, max-age=60");
    EXPECT_EQ(limit_browser({302, "", std::nullopt, 0}, 60), "");
    EXPECT_EQ(limit_browser({500, "", std::nullopt, 0}, 60), "");
    EXPECT_EQ(limit_browser({404, "", std::nullopt, 0}, 60), "max-age=0");
    EXPECT_EQ(limit_browser({410, "", std::nullopt, 0}, 60), "max-age=0");
    EXPECT_EQ(limit_browser({302, "max-age=100", std::nullopt, 0}, 60), "max-age=60");
    EXPECT_EQ(limit_browser({304, "", std::nullopt, 0}, 60), "max-age=60");
}

TEST(LimitBrowser, TakesTheLeastOfSeveral)
{
    EXPECT_EQ(limited("max-age=100, max-age=50", 60), "max-age=50");
    EXPECT_EQ(limited("max-age=50, max-age=100", 60), "max-age=50");
    EXPECT_EQ(limited("max-age=10, max-age=-1", 60), "max-age=0");
    EXPECT_EQ(limited("max-age", 60), "max-age=0");
    EXPECT_EQ(limited(",, max-age=1 ,", 60), "max-age=1");
    EXPECT_EQ(limited("a=\"unclosed, max-age=100", 60), "a=\"unclosed, max-age=100, max-age=60");
}

}  // namespace
}  // namespace cdn::sign

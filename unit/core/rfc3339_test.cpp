#include "core/rfc3339.h"

#include <gtest/gtest.h>

namespace cdn {
namespace {

TEST(Rfc3339, CountsMillisecondsSince1970)
{
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(parse_rfc3339("2026-11-21T08:00:00Z"), 1795248000000);
    EXPECT_EQ(parse_rfc3339("2026-11-21t08:00:00z"), 1795248000000);
    EXPECT_EQ(parse_rfc3339("2026-11-21 08:00:00Z"), 1795248000000);
    EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59.999Z"), 253402300799999);
}

TEST(Rfc3339, KnowsOffsets)
{
    EXPECT_EQ(parse_rfc3339("2026-11-21T09:00:00+01:00"), 1795248000000);
    EXPECT_EQ(parse_rfc3339("2026-11-20T18:30:00-13:30"), 1795248000000);
    EXPECT_EQ(parse_rfc3339("2026-11-21T08:00:00+00:00"), 1795248000000);
    EXPECT_EQ(parse_rfc3339("2026-11-21T08:00:00-00:00"), 1795248000000);
}

TEST(Rfc3339, CutsFractionsToMilliseconds)
{
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.5Z"), 500);
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.0019Z"), 1);
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.123456789012345678901Z"), 123);
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.Z"), std::nullopt);
}

TEST(Rfc3339, KnowsTheCalendar)
{
    EXPECT_TRUE(parse_rfc3339("2028-02-29T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-02-29T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-04-31T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-00-01T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-13-01T00:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-01-01T24:00:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-01-01T00:60:00Z"));
    EXPECT_FALSE(parse_rfc3339("2026-01-01T00:00:60Z"));
}

TEST(Rfc3339, RefusesWhatIsNearlyATime)
{
    for (const auto text : {"", "2026", "2026-11-21", "2026-11-21T08:00:00", "2026-11-21T08:00Z",
                            "2026-11-21T08:00:00Zx", "2026-11-21T08:00:00+01", "2026-1-21T08:00:00Z",
                            "2026-11-21T08:00:00+0100", " 2026-11-21T08:00:00Z", "2026-11-21T-8:00:00Z",
                            "2026-11-21T08:00:00+24:00", "1969-12-31T23:59:59Z", "2026-11-21T08:00:00."})
    {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
}

}  // namespace
}  // namespace cdn

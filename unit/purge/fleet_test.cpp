#include "purge/fleet.h"

#include <gtest/gtest.h>

namespace cdn::purge {
namespace {

constexpr std::int64_t noon = 1'795'262'400'000;

TEST(Id, SortsByTime)
{
    EXPECT_EQ(make_id(noon, 0x1234'5678'9abc'def0), "01a1fdfa4600-9abcdef0");
    EXPECT_LT(make_id(noon, ~0ULL), make_id(noon + 1, 0));
    EXPECT_TRUE(is_name(make_id(noon, 1)));
}

TEST(Receipts, AreOfKnownEdgesAndMissingOfLivingOnes)
{
    const std::string now = std::to_string(noon);
    const std::string long_ago = std::to_string(noon - 30'001);
    const auto receipts = read_receipts({{"a", now + " eu"}, {"b", now}, {"gone", long_ago + " us"}, {"late", long_ago}, {"odd", "x"}},
                                        {{"a", "1795262400001"}, {"late", "1795262400002"}, {"b2", "3"}}, noon);
    ASSERT_EQ(receipts.edges.size(), 2U);
    EXPECT_EQ(receipts.edges[0].node, "a");
    EXPECT_EQ(receipts.edges[0].region, "eu");
    EXPECT_EQ(receipts.edges[0].applied_at_ms, noon + 1);
    EXPECT_EQ(receipts.edges[1].node, "late");
    EXPECT_EQ(receipts.missing, std::vector<std::string>{"b"});
}

TEST(Receipts, OfNobodyMissNobody)
{
    EXPECT_TRUE(read_receipts({}, {{"a", "1"}}, noon).missing.empty());
    EXPECT_TRUE(read_receipts({}, {{"a", "1"}}, noon).edges.empty());
}

}  // namespace
}  // namespace cdn::purge

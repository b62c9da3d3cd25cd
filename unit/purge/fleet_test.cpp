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

TEST(Receipts, TellNamesakesApart)
{
    const std::string now = std::to_string(noon);
    const auto receipts = read_receipts({{"a 1", now}, {"a 2", now}}, {{"a 1", "1795262400001"}}, noon);
    EXPECT_EQ(receipts.edges.size(), 1U);
    EXPECT_EQ(receipts.missing, std::vector<std::string>{"a"});

    const auto nodes = parse_nodes({{"a 1", now}, {"a 2", now}, {"b 3", now + " eu"}, {"", now}, {"odd", "x"}});
    ASSERT_EQ(nodes.size(), 3U);
    EXPECT_TRUE(has_namesake(nodes, node_key("a", "1")));
    EXPECT_FALSE(has_namesake(nodes, node_key("b", "3")));
}

TEST(Rollout, GoesByRegionAndName)
{
    const std::vector<Node> nodes{{"a 1", "a", "ap", noon}, {"a 2", "a", "ap", noon}, {"b 3", "b", "us_east", noon}, {"c 4", "c", "", noon}};
    const auto delays = [&](const Rollout &rollout) {
        std::vector<std::int64_t> out;
        for (const Node &node : nodes) {
            out.push_back(rollout_delay_ms(rollout, nodes, node.key));
        }
        return out;
    };
    using Delays = std::vector<std::int64_t>;
    EXPECT_EQ(delays({}), (Delays{0, 0, 0, 0}));
    EXPECT_EQ(delays({.strategy = Strategy::gradual, .batch = 1, .delay_ms = 5}), (Delays{0, 5, 10, 15}));
    EXPECT_EQ(delays({.strategy = Strategy::gradual, .batch = 3, .delay_ms = 5}), (Delays{0, 0, 0, 5}));
    EXPECT_EQ(delays({.strategy = Strategy::smart, .delay_ms = 5}), (Delays{5, 5, 0, 10}));
    EXPECT_EQ(delays({.strategy = Strategy::smart, .delay_ms = 5, .regions = {"ap"}}), (Delays{0, 0, 5, 5}));
    EXPECT_EQ(rollout_delay_ms({.strategy = Strategy::gradual, .delay_ms = 5}, {}, "new 5"), 0);
}

TEST(Entry, OfAnotherKindIsReadPast)
{
    const auto ours = parse_entry("5-1", {{"purge", "{}"}, {"before", "4-0"}, {"time", "5"}});
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->before, "4-0");
    EXPECT_EQ(ours->time_ms, 5);

    for (const Pairs &fields : {Pairs{}, Pairs{{"purge", "{}"}, {"before", ""}}, Pairs{{"purge", "{}"}, {"before", ""}, {"time", "x"}}}) {
        const auto other = parse_entry("5-1", fields);
        ASSERT_TRUE(other);
        EXPECT_EQ(other->id, "5-1");
        EXPECT_FALSE(other->before);
        EXPECT_TRUE(other->purge.empty());
    }
    EXPECT_FALSE(parse_entry("not-an-id", {{"purge", "{}"}, {"before", ""}, {"time", "5"}}));
}

}  // namespace
}  // namespace cdn::purge

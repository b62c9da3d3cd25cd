#include "purge/table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cdn::purge {
namespace {

// A table and its memory.
struct Shared {
    Shared() : memory(Table::least_size / 8), table(memory.data(), Table::least_size, true) {}

    std::vector<std::uint64_t> memory;
    Table                      table;
};

class PurgeTable : public testing::Test {
protected:
    PurgeTable() { table_.set_seed(7); }

    static Object object(std::int64_t born_ms, std::string_view tags = "",
                         std::vector<Resource> resources = {{"a.example", "/photos/cat.jpg?v=2"}})
    {
        Object o;
        o.born_ms = born_ms;
        o.stored_ms = born_ms + 10;
        add_tags(o, tags);
        o.resources = std::move(resources);
        return o;
    }

    void purge(std::string_view word, std::int64_t time_ms, Mode mode = Mode::hard)
    {
        table_.apply({*parse_target_word(word)}, mode, time_ms);
    }

    Verdict judge(const Object &o, std::int64_t oldest_ms = 0) const { return table_.judge(o, oldest_ms); }

    Shared shared_;
    Table &table_ = shared_.table;
};

TEST_F(PurgeTable, KeepsWhatNoPurgeNames)
{
    EXPECT_EQ(judge(object(1000, "a b")), Verdict::kept);
    purge("tag:c", 2000);
    EXPECT_EQ(judge(object(1000, "a b")), Verdict::kept);
}

TEST_F(PurgeTable, TakesFetchesThatBeganAtOrBeforeThePurge)
{
    purge("tag:a", 2000);
    EXPECT_EQ(judge(object(1999, "x, a")), Verdict::hard);
    EXPECT_EQ(judge(object(2000, "x, a")), Verdict::hard);
    EXPECT_EQ(judge(object(2001, "x, a")), Verdict::kept);
}

TEST_F(PurgeTable, KeepsHardAndSoftApart)
{
    purge("tag:a", 2000, Mode::soft);
    EXPECT_EQ(judge(object(1000, "a")), Verdict::soft);
    purge("tag:a", 1500, Mode::hard);
    EXPECT_EQ(judge(object(1500, "a")), Verdict::hard);
    EXPECT_EQ(judge(object(1501, "a")), Verdict::soft);
}

TEST_F(PurgeTable, MatchesUrlsExactlyWithTheirQuery)
{
    purge("url:/photos/cat.jpg", 2000);
    EXPECT_EQ(judge(object(1000)), Verdict::kept);
    purge("url:/photos/cat.jpg?v=2", 2000);
    EXPECT_EQ(judge(object(1000)), Verdict::hard);
}

TEST_F(PurgeTable, MatchesHostsOfThoseThatNameOne)
{
    purge("url://b.example/photos/cat.jpg?v=2", 2000);
    EXPECT_EQ(judge(object(1000)), Verdict::kept);
    purge("url:https://A.example:8443/photos/cat.jpg?v=2", 2000);
    EXPECT_EQ(judge(object(1000)), Verdict::hard);
}

TEST_F(PurgeTable, MatchesPrefixesByteByByte)
{
    purge("prefix:/photos/cat.jpg?v=2x", 2000);
    purge("prefix:/photo/", 2000);
    EXPECT_EQ(judge(object(1000)), Verdict::kept);
    purge("prefix:/photos/c", 2000);
    EXPECT_EQ(judge(object(1000)), Verdict::hard);
    EXPECT_EQ(judge(object(1000, "", {{"", "/photos/dog.jpg"}})), Verdict::kept);
    purge("prefix://a.example/", 3000, Mode::soft);
    EXPECT_EQ(judge(object(2500)), Verdict::soft);
    EXPECT_EQ(judge(object(2500, "", {{"b.example", "/"}})), Verdict::kept);
}

TEST_F(PurgeTable, MatchesTheLongestPrefix)
{
    const std::string path = "/" + std::string(longest_prefix - 1, 'q');
    purge("prefix:" + path, 3000);
    EXPECT_EQ(judge(object(3000, "", {{"", path + "x"}})), Verdict::hard);
    EXPECT_EQ(judge(object(3000, "", {{"", path.substr(1)}})), Verdict::kept);
    EXPECT_EQ(judge(object(3000, "", {{"", path.substr(0, path.size() - 1)}})), Verdict::kept);
}

TEST_F(PurgeTable, MatchesPatternsFromEndToEnd)
{
    purge("pattern:/photos/*.png", 2000);
    purge("pattern:/*/cat.jpg", 2000);
    EXPECT_EQ(judge(object(1000)), Verdict::kept);
    purge("pattern:/*/cat.jpg*", 2000, Mode::soft);
    EXPECT_EQ(judge(object(1000)), Verdict::soft);
    EXPECT_EQ(judge(object(2001)), Verdict::kept);
    EXPECT_EQ(table_.patterns(), 3U);
    purge("pattern:/*/cat.jpg*", 3000);
    EXPECT_EQ(table_.patterns(), 3U);
    EXPECT_EQ(judge(object(2001)), Verdict::hard);
}

TEST_F(PurgeTable, TakesWhatItCannotCompareInTimeForAMatch)
{
    const std::string text = '/' + std::string(8191, 'a');
    for (int i = 0; i < 7; i++) {
        purge("pattern:*a" + std::to_string(i) + "b*", 2000, Mode::soft);
    }
    purge("pattern:*b*", 3000);
    std::vector<Resource> resources(3, {"", text});
    EXPECT_EQ(judge(object(1000, "", resources)), Verdict::kept);   // 196,608 bytes

    resources.push_back({"", text});                                // 262,144 bytes
    EXPECT_EQ(judge(object(1000, "", resources)), Verdict::hard);
    EXPECT_EQ(judge(object(2001, "", resources)), Verdict::kept);   // younger than the most of them
    EXPECT_EQ(judge(object(3001, "", resources)), Verdict::kept);
}

TEST_F(PurgeTable, ForgetsTheOldestPatternBehindTheFloor)
{
    for (int i = 0; i < 300; i++) {
        purge("pattern:/p" + std::to_string(i) + "/*", 1000 + i, Mode::soft);
    }
    EXPECT_GT(table_.evictions(), 0U);
    EXPECT_EQ(judge(object(table_.floor_ms(), "", {{"", "/other"}})), Verdict::soft);
    EXPECT_EQ(judge(object(table_.floor_ms() + 1, "", {{"", "/other"}})), Verdict::kept);
    EXPECT_EQ(judge(object(1299, "", {{"", "/p299/x"}})), Verdict::soft);
}

TEST_F(PurgeTable, FetchesAnewWhatAForgottenHardPurgeMayHaveMeant)
{
    for (int i = 0; i < 300; i++) {
        purge("pattern:/p" + std::to_string(i) + "/*", 1000 + i, i == 0 ? Mode::hard : Mode::soft);
    }
    EXPECT_EQ(judge(object(1000, "", {{"", "/p0/x"}})), Verdict::unsure);
    EXPECT_EQ(judge(object(1001, "", {{"", "/p0/x"}})), Verdict::soft);
}

TEST_F(PurgeTable, TakesEverythingAtOnce)
{
    purge("everything", 2000, Mode::soft);
    EXPECT_EQ(judge(object(2000)), Verdict::soft);
    EXPECT_EQ(judge(object(2001)), Verdict::kept);
}

TEST_F(PurgeTable, CountsTooManyTagsAsAllTags)
{
    std::string many;
    for (std::size_t i = 0; i <= max_tags; i++) {
        many += "t" + std::to_string(i) + ' ';
    }
    const Object o = object(1000, many);
    EXPECT_TRUE(o.too_many_tags);
    purge("url:/elsewhere", 2000);
    EXPECT_EQ(judge(o), Verdict::kept);
    purge("tag:any", 2000);
    EXPECT_EQ(judge(o), Verdict::hard);
}

TEST_F(PurgeTable, TreatsAnUnknownBirthAsOlderThanAnyPurge)
{
    Object o = object(0, "a");
    o.stored_ms = 9000;
    EXPECT_EQ(judge(o), Verdict::kept);
    purge("tag:a", 2000);
    EXPECT_EQ(judge(o), Verdict::hard);
    o = object(0, "b");
    o.stored_ms = 9000;
    EXPECT_EQ(judge(o), Verdict::kept);
}

TEST_F(PurgeTable, CountsWhatIsOlderThanTheRetentionAsSoftPurged)
{
    EXPECT_EQ(judge(object(1000), 1010), Verdict::kept);
    EXPECT_EQ(judge(object(1000), 1011), Verdict::soft);
}

TEST_F(PurgeTable, NeverForgetsAPurgeWhenItOverflows)
{
    for (int i = 0; i < 5000; i++) {
        purge("tag:t" + std::to_string(i), 10'000 + i);
    }

    EXPECT_GT(table_.evictions(), 0U);
    EXPECT_LE(table_.records(), table_.capacity());
    for (int i = 0; i < 5000; i++) {
        EXPECT_NE(judge(object(10'000 + i, "t" + std::to_string(i))), Verdict::kept) << i;
    }
    EXPECT_EQ(judge(object(14'999, "t4999")), Verdict::hard);
    EXPECT_EQ(judge(object(15'000, "t4999")), Verdict::kept);
}

TEST_F(PurgeTable, KeepsTheNewestThirdAtLeast)
{
    for (int i = 0; i < 20'000; i++) {
        purge("tag:t" + std::to_string(i), 10'000 + i);

        const int sure = static_cast<int>(table_.capacity() - 8) / 3;   // 8 are for patterns
        const int oldest = std::max(i - sure + 1, 0);
        ASSERT_EQ(judge(object(10'000 + oldest, "t" + std::to_string(oldest))), Verdict::hard) << i;
        ASSERT_LE(table_.records(), table_.capacity()) << i;
    }
    EXPECT_EQ(judge(object(table_.floor_ms(), "other")), Verdict::unsure);
    EXPECT_EQ(judge(object(table_.floor_ms() + 1, "other")), Verdict::kept);
}

TEST_F(PurgeTable, CountsTheNewestOfATargetThatStandsInBothHalves)
{
    purge("tag:a", 2000, Mode::hard);
    for (int i = 0; table_.evictions() == 0 && i < 600; i++) {
        purge("tag:t" + std::to_string(i), 3000);
    }
    purge("tag:a", 4000, Mode::soft);
    ASSERT_EQ(table_.evictions(), 0U);
    EXPECT_EQ(judge(object(2000, "a")), Verdict::hard);
    EXPECT_EQ(judge(object(4000, "a")), Verdict::soft);
    EXPECT_EQ(judge(object(4001, "a")), Verdict::kept);
}

TEST_F(PurgeTable, IsFullAgainWhenItComesBackFromTheImageOfAFullOne)
{
    const auto tag = [](std::size_t i) { return "t" + std::to_string(i); };
    const std::size_t count = table_.capacity() - 8;   // for patterns
    for (std::size_t i = 0; i < count; i++) {
        purge("tag:" + tag(i), 10'000 + static_cast<std::int64_t>(i));
    }
    ASSERT_EQ(table_.evictions(), 0U);

    Shared shared;
    shared.table.restore(table_.image());
    EXPECT_EQ(shared.table.evictions(), 0U);
    EXPECT_EQ(shared.table.records(), count);
    for (std::size_t i = 0; i < count; i++) {
        EXPECT_EQ(shared.table.judge(object(10'000 + static_cast<std::int64_t>(i), tag(i)), 0), Verdict::hard) << i;
    }
}

TEST_F(PurgeTable, ComesBackFromItsImage)
{
    purge("tag:a", 2000);
    purge("prefix:/photos/", 3000, Mode::soft);
    purge("pattern:/docs/*.pdf", 4000);
    table_.raise_floor(500);

    Shared shared;
    const Table &other = shared.table;
    shared.table.restore(table_.image());
    EXPECT_EQ(other.judge(object(2000, "a", {}), 0), Verdict::hard);
    EXPECT_EQ(other.judge(object(3000), 0), Verdict::soft);
    EXPECT_EQ(other.judge(object(4000, "", {{"", "/docs/1.pdf"}}), 0), Verdict::hard);
    EXPECT_EQ(other.judge(object(500, "", {{"", "/x"}}), 0), Verdict::soft);
    EXPECT_EQ(other.judge(object(4001, "a"), 0), Verdict::kept);
    EXPECT_EQ(other.newest_ms(), 4000);
}

}  // namespace
}  // namespace cdn::purge

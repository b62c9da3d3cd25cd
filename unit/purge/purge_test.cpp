#include "purge/line.h"
#include "purge/purge.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace cdn::purge {
namespace {

using nlohmann::json;

Purge full()
{
    return {.id = "1763737200123-0",
            .targets = {{Kind::tag, "a"},
                        {Kind::url, "//example.com/a b?c"},
                        {Kind::prefix, "/a/"},
                        {Kind::pattern, "*.jpg"},
                        {Kind::everything, ""}},
            .mode = Mode::hard,
            .at_ms = 1763740800000,
            .rollout = {Strategy::smart, 5, 1500, {"us", "eu-west.1"}},
            .reason = "new \"logo\"\n2",
            .source = "api",
            .who = "::1",
            .time_ms = 1763737200123};
}

Purge simple()
{
    return {.targets = {{Kind::tag, "a"}}};
}

// What a record with one member changed (or dropped, by a discarded value) is.
Result<Purge> changed(const char *name, const json &value)
{
    json record = json::parse(print_purge(full()));
    record[name] = value;
    return parse_purge(record.dump());
}

TEST(PurgeRecord, ComesBackAsItWas)
{
    for (const Purge &purge : {full(), simple()}) {
        const auto read = parse_purge(print_purge(purge));
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(*read, purge);
    }
}

TEST(PurgeRecord, IsOneLineOfUtf8)
{
    const std::string line = print_purge(full());
    EXPECT_EQ(line.find('\n'), line.npos);
    EXPECT_TRUE(json::accept(line));
}

TEST(PurgeRecord, KeepsBytesThatAreNotUtf8)
{
    std::string all;
    for (int byte = 1; byte < 256; byte++) {
        all += static_cast<char>(byte);
    }

    Purge purge = simple();
    purge.targets = {{Kind::url, "/caf\xe9"}, {Kind::url, "/caf\xc3\xa9"}, {Kind::tag, "\xff\x80"}};
    purge.reason = all;
    purge.who = "\xed\xa0\x80";

    const std::string line = print_purge(purge);
    EXPECT_TRUE(json::accept(line));
    EXPECT_NE(line.find("\"url:/caf\xc3\xa9\""), line.npos) << "text stays readable";

    const auto read = parse_purge(line);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, purge);
}

TEST(PurgeLine, IsKnownByWhatStandsBesideItsTargets)
{
    const auto head = [](const std::string &text) {
        const auto line = parse_line_head(text);
        return line && std::holds_alternative<PurgeHead>(*line) ? std::get<PurgeHead>(*line) : PurgeHead{};
    };

    const Purge purge = full();
    const PurgeHead own = head(print_purge(purge));
    EXPECT_EQ(own.id, purge.id);
    EXPECT_EQ(own.node, purge.node);
    EXPECT_EQ(own.at_ms, purge.at_ms);
    EXPECT_EQ(own.time_ms, purge.time_ms);

    const PurgeHead older = head(R"({"id":"a","mode":"hard","targets":["x",{"bytes":"y"}],"time":5,"who":"z"})");
    EXPECT_EQ(older.id, "a");
    EXPECT_EQ(older.time_ms, 5);

    EXPECT_TRUE(parse_line_head(R"({"id":"a","time":5,"targets":[)")) << "is not looked at";
    EXPECT_FALSE(parse_line(R"({"id":"a","time":5,"targets":[)"));
    for (const auto text : {"", "[]", "1", R"({"id":"a")", R"({"id":"a","targets":["time")"}) {
        EXPECT_FALSE(parse_line_head(text)) << text;
    }
}

TEST(PurgeLine, IsOfEachKind)
{
    EXPECT_EQ(std::get<Cancelled>(*parse_line(print_line(Cancelled{"a"}))).id, "a");
    EXPECT_EQ(std::get<Published>(*parse_line(print_line(Published{"b"}))).id, "b");
    EXPECT_EQ(std::get<Cursor>(*parse_line(print_line(Cursor{"1-2"}))).id, "1-2");
    const auto floor = std::get<Floor>(*parse_line(print_line(Floor{7, true})));
    EXPECT_EQ(floor.time_ms, 7);
    EXPECT_TRUE(floor.strict);
    EXPECT_EQ(std::get<Purge>(*parse_line(print_purge(full()))), full());
}

TEST(PurgeRecord, OfANewerEdgeMayHoldMore)
{
    const auto read = changed("colour", {{"of", "the sky"}});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, full());
}

TEST(PurgeRecord, HoldsItsBounds)
{
    EXPECT_TRUE(changed("batch", 1));
    EXPECT_FALSE(changed("batch", 0));
    EXPECT_TRUE(changed("batch", 10000));
    EXPECT_FALSE(changed("batch", 10001));

    EXPECT_TRUE(changed("delay", 0));
    EXPECT_FALSE(changed("delay", -1));
    EXPECT_TRUE(changed("delay", 3600000));
    EXPECT_FALSE(changed("delay", 3600001));

    EXPECT_TRUE(changed("at", 253402300799999));
    EXPECT_FALSE(changed("at", 253402300800000));
    EXPECT_FALSE(changed("at", -1));
    EXPECT_FALSE(changed("time", 18446744073709551615u));
    EXPECT_FALSE(changed("time", std::int64_t{-9223372036854775807}));

    EXPECT_TRUE(changed("reason", std::string(1024, 'a')));
    EXPECT_FALSE(changed("reason", std::string(1025, 'a')));
    EXPECT_TRUE(changed("id", std::string(64, 'a')));
    EXPECT_FALSE(changed("id", std::string(65, 'a')));
    EXPECT_TRUE(changed("regions", std::vector<std::string>(64, "eu")));
    EXPECT_FALSE(changed("regions", std::vector<std::string>(65, "eu")));
}

TEST(PurgeRecord, RefusesOtherTypes)
{
    for (const auto name : {"id", "targets", "mode", "strategy", "reason", "source", "who", "regions"}) {
        EXPECT_FALSE(changed(name, 1)) << name;
        EXPECT_FALSE(changed(name, nullptr)) << name;
        EXPECT_FALSE(changed(name, json::object())) << name;
    }
    for (const auto name : {"at", "time", "batch", "delay"}) {
        EXPECT_FALSE(changed(name, "1")) << name;
        EXPECT_FALSE(changed(name, 1.5)) << name;
        EXPECT_FALSE(changed(name, true)) << name;
        EXPECT_FALSE(changed(name, json::array())) << name;
    }
}

TEST(PurgeRecord, RefusesWhatCannotBeMeant)
{
    EXPECT_FALSE(changed("mode", "medium"));
    EXPECT_FALSE(changed("strategy", "eventual"));
    EXPECT_FALSE(changed("id", "../1"));
    EXPECT_FALSE(changed("regions", {"eu", "u s"}));
    EXPECT_FALSE(changed("targets", json::array()));
    EXPECT_FALSE(changed("targets", {"a", 1}));
    EXPECT_FALSE(changed("targets", {"a", "url:b"}));
    EXPECT_FALSE(changed("targets", {"a", "a b"}));
    EXPECT_FALSE(changed("reason", {{"bytes", "\xC4\x80"}})) << "beyond one byte";
    EXPECT_FALSE(changed("reason", {{"bytes", 1}}));
}

TEST(PurgeRecord, MergesTargetsThatAreAlike)
{
    const auto read = changed("targets", {"url:/a", "url:/%61", "url://host/a", "url:/a"});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->targets, (std::vector<Target>{{Kind::url, "/a"}, {Kind::url, "//host/a"}}));
}

TEST(PurgeRecord, HoldsTenThousandTargets)
{
    json targets = json::array();
    for (std::size_t i = 0; i < most_targets; i++) {
        targets.push_back("t" + std::to_string(i));
    }
    EXPECT_TRUE(changed("targets", targets));
    targets.push_back("one more");
    EXPECT_FALSE(changed("targets", targets));
}

TEST(PurgeRecord, ThatIsDamagedIsRefused)
{
    const std::string line = print_purge(full());
    for (std::size_t size = 0; size < line.size(); size++) {
        EXPECT_FALSE(parse_purge(line.substr(0, size))) << size;
    }
    for (const auto text : {"[]", "null", "1", "\"a\"", "{}", R"({"mode":"soft"})",
                            R"({"targets":["a"]})", R"({"mode":"soft","mode":"hard","targets":["a"]})"})
    {
        EXPECT_FALSE(parse_purge(text)) << text;
    }
}

TEST(PurgeRecord, NeedsModeAndTargetsAlone)
{
    const auto read = parse_purge(R"({"mode":"soft","targets":["a"]})");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, simple());
}

TEST(Node, IsWhatARecordHolds)
{
    EXPECT_TRUE(is_node(std::string(longest_node, 'n')));
    EXPECT_FALSE(is_node(std::string(longest_node + 1, 'n')));
    EXPECT_FALSE(is_node(""));
    EXPECT_FALSE(is_node("edge one"));

    Purge purge{.targets = {*parse_target(Kind::tag, "a")}, .node = std::string(longest_node, 'n')};
    EXPECT_EQ(parse_purge(print_purge(purge))->node, purge.node);
}

TEST(Name, IsOneWord)
{
    EXPECT_TRUE(is_name("a"));
    EXPECT_TRUE(is_name("1763737200123-0"));
    EXPECT_TRUE(is_name("eu_west.1"));
    EXPECT_TRUE(is_name(std::string(64, 'a')));
    EXPECT_FALSE(is_name(std::string(65, 'a')));
    for (const auto text : {"", " ", "a b", "a/b", "a%20b", "\xC3\xA9", "a\n"}) {
        EXPECT_FALSE(is_name(text)) << text;
    }
}

}  // namespace
}  // namespace cdn::purge

#include "purge/expand.h"

#include "purge/purge.h"

#include <gtest/gtest.h>

namespace cdn::purge {
namespace {

using Words = std::vector<std::string>;
using Views = std::vector<std::string_view>;

Words print(const Result<std::vector<Target>> &targets)
{
    if (!targets) {
        return {"refused: " + targets.error().message};
    }

    Words words;
    for (const Target &target : *targets) {
        words.push_back(print_target_word(target));
    }

    return words;
}

class Cascade : public testing::Test {
protected:
    void depends(std::string_view target, const Views &dependents)
    {
        const auto error = expansion.add_cascade(target, dependents);
        ASSERT_FALSE(error) << error->message;
    }

    Words expand(const Views &words)
    {
        std::vector<Target> targets;
        for (const auto word : words) {
            targets.push_back(*parse_target_word(word));
        }
        return print(expansion.expand(targets));
    }

    Expansion expansion;
};

TEST_F(Cascade, LeavesAloneWhatHasNoDependents)
{
    EXPECT_EQ(expand({"a", "url:/b"}), (Words{"tag:a", "url:/b"}));
    EXPECT_EQ(expand({}), Words{});
}

TEST_F(Cascade, BringsDependentsOfDependents)
{
    depends("course", {"syllabus", "url:/courses/"});
    depends("syllabus", {"prefix:/pdf/"});

    EXPECT_EQ(expand({"course"}),
              (Words{"tag:course", "tag:syllabus", "url:/courses/", "prefix:/pdf/"}));
    EXPECT_EQ(expand({"syllabus"}), (Words{"tag:syllabus", "prefix:/pdf/"}));
}

TEST_F(Cascade, FitsWhateverTheSpelling)
{
    depends("url:/a b", {"x"});
    EXPECT_EQ(expand({"url:/a%20b"}), (Words{"url:/a b", "tag:x"}));
    EXPECT_EQ(expand({"url://host/a%20b"}), (Words{"url://host/a b"}));
}

TEST_F(Cascade, AddsUpOverSeveralLines)
{
    depends("a", {"b"});
    depends("a", {"b", "c"});
    EXPECT_EQ(expand({"a"}), (Words{"tag:a", "tag:b", "tag:c"}));
}

TEST_F(Cascade, NamesEachTargetOnce)
{
    depends("a", {"c"});
    depends("b", {"c", "a"});
    EXPECT_EQ(expand({"a", "b", "a", "c"}), (Words{"tag:a", "tag:b", "tag:c"}));
}

TEST_F(Cascade, EndsOnCycles)
{
    depends("a", {"b"});
    depends("b", {"c"});
    depends("c", {"a", "c"});
    EXPECT_EQ(expand({"b"}), (Words{"tag:b", "tag:c", "tag:a"}));
}

TEST_F(Cascade, IsSixteenDeep)
{
    for (int i = 0; i < 17; i++) {
        const std::string from = std::to_string(i);
        const std::string to = std::to_string(i + 1);
        depends(from, {to});
    }
    EXPECT_EQ(expand({"1"}).size(), 17u);
    EXPECT_EQ(expand({"0"}), Words{"refused: the purge has more than 16 cascades in a row"});
}

TEST_F(Cascade, ReachesTenThousandTargets)
{
    for (std::size_t i = 1; i < most_targets; i++) {
        depends("a", {std::to_string(i)});
    }
    EXPECT_EQ(expand({"a"}).size(), most_targets);
    EXPECT_EQ(expand({"a", "z"}), Words{"refused: the purge has more than 10000 targets"});

    depends("1", {"z"});
    EXPECT_EQ(expand({"a"}), Words{"refused: the purge has more than 10000 targets"});
}

TEST_F(Cascade, RefusesMalformedTargets)
{
    EXPECT_TRUE(expansion.add_cascade("url:a", {"b"}));
    EXPECT_TRUE(expansion.add_cascade("a", {"pattern:b"}));
    EXPECT_TRUE(expansion.add_cascade("a", {}));
}

class Event : public testing::Test {
protected:
    void define(std::string_view name, const Views &targets)
    {
        const auto error = expansion.add_event(name, targets);
        ASSERT_FALSE(error) << error->message;
    }

    std::string definition_refused(const Views &targets)
    {
        const auto error = Expansion().add_event("e", targets);
        return error ? error->message : "accepted";
    }

    // What "e" of one target gives for a value of {id}.
    std::string filled(std::string_view target, const std::string &value)
    {
        Expansion one;
        EXPECT_FALSE(one.add_event("e", {target})) << target;
        return print(one.fill("e", {{"id", value}})).front();
    }

    bool refused(std::string_view target, const std::string &value)
    {
        return filled(target, value).starts_with("refused: ");
    }

    Expansion expansion;
};

TEST_F(Event, FillsInItsData)
{
    define("user-changed", {"tag:user-{user_id}", "prefix:/users/{user_id}/", "everything", "users"});
    EXPECT_EQ(print(expansion.fill("user-changed", {{"user_id", "42"}, {"other", "/"}})),
              (Words{"tag:user-42", "prefix:/users/42/", "everything", "tag:users"}));
}

TEST_F(Event, FillsInSeveralNames)
{
    define("e", {"url://{host}/{a}{b}/x?c={a}"});
    EXPECT_EQ(print(expansion.fill("e", {{"host", "Example.com"}, {"a", "1"}, {"b", "é"}})),
              (Words{"url://example.com/1é/x?c=1"}));
}

TEST_F(Event, NeedsItsData)
{
    define("e", {"tag:a-{id}"});
    EXPECT_EQ(print(expansion.fill("e", {})),
              Words{"refused: event \"e\" needs \"id\" in its data"});
    EXPECT_EQ(print(expansion.fill("f", {})), Words{"refused: unknown event \"f\""});
}

TEST_F(Event, IsNotWidenedByAWildcard)
{
    EXPECT_EQ(filled("pattern:/u/{id}/*", "*"), "pattern:/u/%2A/*");
    EXPECT_EQ(filled("pattern:/u?id={id}", "*"), "pattern:/u?id=%2A");
    EXPECT_EQ(filled("url:/u/{id}", "a*"), "url:/u/a%2A");
}

TEST_F(Event, IsNotMovedBySlashesOrDots)
{
    for (const auto value : {"a/b", "/", "../x", ".", "..", "...", ""}) {
        EXPECT_TRUE(refused("prefix:/u/{id}/", value)) << value;
        EXPECT_TRUE(refused("url://h/u/{id}", value)) << value;
        EXPECT_TRUE(refused("pattern:/u/{id}/*", value)) << value;
    }
    EXPECT_EQ(filled("prefix:/u/{id}/", "%2F"), "prefix:/u/%252F/");
    EXPECT_EQ(filled("prefix:/u/{id}/", "%2e%2e"), "prefix:/u/%252e%252e/");
    EXPECT_EQ(filled("prefix:/u/{id}/", "..a"), "prefix:/u/..a/");
}

TEST_F(Event, IsNotCutByQueriesAndFragments)
{
    EXPECT_EQ(filled("url:/u/{id}/x", "a?b"), "url:/u/a%3Fb/x");
    EXPECT_EQ(filled("url:/u/{id}/x", "a#b"), "url:/u/a%23b/x");
    EXPECT_EQ(filled("url:/u?a={id}&b", "1&c=2#"), "url:/u?a=1%26c%3D2%23&b");
    EXPECT_EQ(filled("url:/u/{id}", "a b\n"), "url:/u/a b%0A");
}

TEST_F(Event, KeepsItsHost)
{
    EXPECT_EQ(filled("url://{id}/a", "example.com"), "url://example.com/a");
    for (const auto value : {"*", "evil.com/", "a:80", "a@b", "a?", "a b", ""}) {
        EXPECT_TRUE(refused("url://{id}/a", value)) << value;
        EXPECT_TRUE(refused("pattern://{id}.example.com/*", value)) << value;
    }
}

TEST_F(Event, KeepsItsKind)
{
    EXPECT_EQ(filled("{id}", "everything"), "tag:everything");
    EXPECT_EQ(filled("{id}", "prefix:/"), "tag:prefix:/");
}

TEST_F(Event, KeepsATagOneTag)
{
    EXPECT_EQ(filled("tag:user-{id}", "a/*?..b"), "tag:user-a/*?..b");
    for (const auto value : {"1 everything", "1,2", "1\n2", "1\t2", ""}) {
        EXPECT_TRUE(refused("tag:user-{id}", value)) << value;
    }
    EXPECT_FALSE(refused("tag:{id}", std::string(1024, 'a')));
    EXPECT_TRUE(refused("tag:{id}", std::string(1025, 'a')));
    EXPECT_TRUE(refused("url:/{id}", std::string(3000, ' '))) << "escaped it is over 8192";
}

TEST_F(Event, RefusesMalformedDefinitions)
{
    EXPECT_EQ(definition_refused({"tag:a-{}"}), "\"{name}\" is expected at \"{}\"");
    EXPECT_EQ(definition_refused({"tag:a-{id"}), "\"{name}\" is expected at \"{id\"");
    EXPECT_EQ(definition_refused({"tag:a-}id"}), "\"{name}\" is expected at \"}id\"");
    EXPECT_EQ(definition_refused({"tag:{i d}"}), "\"{name}\" is expected at \"{i d}\"");
    EXPECT_EQ(definition_refused({"tag:{{id}}"}), "\"{name}\" is expected at \"{{id}}\"");
    for (const auto target : {"url:{id}", "url:users/{id}", "tag:a {id}", "url:/%{id}", "url:/%2{id}",
                              "prefix:/../{id}", "pattern:{id}*", "url:", ""})
    {
        EXPECT_NE(definition_refused({target}), "accepted") << target;
    }
    EXPECT_EQ(definition_refused({}), "event \"e\" has no target");
}

TEST_F(Event, IsDefinedOnce)
{
    define("e", {"a"});
    EXPECT_TRUE(expansion.add_event("e", {"b"}));
    EXPECT_TRUE(expansion.add_event("", {"b"}));
    EXPECT_TRUE(expansion.add_event("a b", {"b"}));
}

}  // namespace
}  // namespace cdn::purge

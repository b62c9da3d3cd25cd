#include "core/wildcards.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cdn {
namespace {

constexpr std::size_t plenty = 1'000'000;

std::optional<bool> by_stars(std::string_view pattern, std::string_view text)
{
    std::size_t steps = plenty;
    return matches_stars(pattern, text, steps);
}

TEST(Matches, TakesAStarForAnythingAndNothing)
{
    const auto both = [](std::string_view pattern, std::string_view text) {
        EXPECT_EQ(matches(pattern, text), by_stars(pattern, text)) << pattern << ' ' << text;
        return matches(pattern, text);
    };

    EXPECT_TRUE(both("/a/*", "/a/b/c"));
    EXPECT_TRUE(both("/a/*", "/a/"));
    EXPECT_FALSE(both("/a/*", "/a"));
    EXPECT_TRUE(both("*.jpg", "/a.jpg"));
    EXPECT_FALSE(both("*.jpg", "/a.jpg.exe"));
    EXPECT_TRUE(both("/a*b*c", "/aXbbYc"));
    EXPECT_FALSE(both("/a*b*c", "/aXccYb"));
    EXPECT_FALSE(both("/a*a", "/a"));
    EXPECT_TRUE(both("/a*a", "/aa"));
    EXPECT_FALSE(both("*ab*bc*", "abc"));
    EXPECT_TRUE(both("*ab*bc*", "abbc"));
    EXPECT_FALSE(both("/a", "/ab"));
    EXPECT_TRUE(both("/a", "/a"));
    EXPECT_FALSE(both("", "x"));
    EXPECT_TRUE(both("", ""));
    EXPECT_TRUE(both("**", ""));
    EXPECT_FALSE(both("*a*", ""));
}

TEST(Matches, FindsTheSameInTwoWays)
{
    // all patterns and texts of up to five letters
    const auto words = [](std::string_view letters) {
        std::vector<std::string> all{""};
        for (std::size_t i = 0; i < all.size() && all[i].size() < 5; i++) {
            for (const char letter : letters) {
                all.push_back(all[i] + letter);
            }
        }
        return all;
    };

    for (const std::string &pattern : words("ab*")) {
        for (const std::string &text : words("ab")) {
            EXPECT_EQ(matches(pattern, text), by_stars(pattern, text)) << pattern << ' ' << text;
        }
    }
}

TEST(Matches, TakesAQuestionMarkForOneByteOrItself)
{
    EXPECT_TRUE(matches("/?.jpg", "/a.jpg"));
    EXPECT_FALSE(matches("/?.jpg", "/.jpg"));
    EXPECT_EQ(by_stars("/a?*", "/a?b"), true);
    EXPECT_EQ(by_stars("/a?*", "/abb"), false);
}

TEST(Matches, LooksAtEachByteOfTheTextOnceAtMost)
{
    const std::string text(8192, 'a');
    std::size_t steps = plenty;

    EXPECT_EQ(matches_stars('*' + std::string(240, 'a') + "b*", text, steps), false);
    EXPECT_EQ(steps, plenty - text.size());

    std::string pattern;
    for (int i = 0; i < 50; i++) {
        pattern += "*a";
    }
    EXPECT_EQ(matches_stars(pattern + "*b*", text, steps), false);
    EXPECT_EQ(steps, plenty - 2 * text.size());

    EXPECT_EQ(matches_stars("/*b*", text, steps), false);
    EXPECT_EQ(matches_stars("*b", text, steps), false);
    EXPECT_EQ(matches_stars("a*a", text, steps), true);
    EXPECT_EQ(steps, plenty - 2 * text.size());
}

TEST(Matches, GivesUpWhereItsStepsEnd)
{
    std::size_t steps = 4;
    EXPECT_EQ(matches_stars("*b*c*", "aaabc", steps), std::nullopt);
    EXPECT_EQ(steps, 0U);
    EXPECT_EQ(matches_stars("*b*", "a", steps), std::nullopt);
    EXPECT_EQ(matches_stars("*b", "a", steps), false);

    steps = 5;
    EXPECT_EQ(matches_stars("*b*c*", "aaabc", steps), true);
    EXPECT_EQ(steps, 0U);
}

TEST(Matches, TakesNoTimeToSpeakOf)
{
    std::string pattern;
    for (int i = 0; i < 50; i++) {
        pattern += "*a";
    }
    EXPECT_FALSE(matches(pattern + 'b', std::string(5000, 'a')));
}

}  // namespace
}  // namespace cdn

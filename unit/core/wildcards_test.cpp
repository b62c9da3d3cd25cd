#include "core/wildcards.h"

#include <gtest/gtest.h>

namespace cdn {
namespace {

bool matches_both(std::string_view pattern, std::string_view text)
{
    return matches(Wildcards::stars_and_question_marks, pattern, text);
}

TEST(Matches, TakesAStarForAnythingAndNothing)
{
    for (const auto kind : {Wildcards::stars, Wildcards::stars_and_question_marks}) {
        EXPECT_TRUE(matches(kind, "/a/*", "/a/b/c"));
        EXPECT_TRUE(matches(kind, "/a/*", "/a/"));
        EXPECT_FALSE(matches(kind, "/a/*", "/a"));
        EXPECT_TRUE(matches(kind, "*.jpg", "/a.jpg"));
        EXPECT_FALSE(matches(kind, "*.jpg", "/a.jpg.exe"));
        EXPECT_TRUE(matches(kind, "/a*b*c", "/aXbbYc"));
        EXPECT_FALSE(matches(kind, "", "x"));
        EXPECT_TRUE(matches(kind, "", ""));
        EXPECT_TRUE(matches(kind, "**", ""));
    }
}

TEST(Matches, TakesAQuestionMarkForOneByteOrItself)
{
    EXPECT_TRUE(matches_both("/?.jpg", "/a.jpg"));
    EXPECT_FALSE(matches_both("/?.jpg", "/.jpg"));
    EXPECT_TRUE(matches(Wildcards::stars, "/a?*", "/a?b"));
    EXPECT_FALSE(matches(Wildcards::stars, "/a?*", "/abb"));
}

TEST(Matches, TakesNoTimeToSpeakOf)
{
    std::string pattern;
    for (int i = 0; i < 50; i++) {
        pattern += "*a";
    }
    EXPECT_FALSE(matches_both(pattern + 'b', std::string(5000, 'a')));
}

}  // namespace
}  // namespace cdn

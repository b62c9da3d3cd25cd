#include "sign/url.h"

#include <gtest/gtest.h>

namespace cdn::sign {
namespace {

const std::array<std::string, 2> names = {"s", "e"};

std::string cleaned(std::string_view url)
{
    return without(Url::of(url), names);
}

TEST(Without, TakesThoseArgumentsAndNothingElse)
{
    EXPECT_EQ(cleaned("/a?s=1&x=2&e=3"), "/a?x=2");
    EXPECT_EQ(cleaned("/a?x=2&s=1&y"), "/a?x=2&y");
    EXPECT_EQ(cleaned("/a?s&e"), "/a");
    EXPECT_EQ(cleaned("/a?ss=1&S=2&%73=3&=s"), "/a?ss=1&S=2&%73=3&=s");
}

TEST(Without, KeepsWhatIsEmpty)
{
    for (const auto *url : {"/a", "/a?", "/a?&", "/a?x&&y", "/a??", "/a?x=?s=1"}) {
        EXPECT_EQ(cleaned(url), url);
    }
    EXPECT_EQ(cleaned("/a?&s=1"), "/a?");
    EXPECT_EQ(cleaned("/a?s=1&"), "/a?");
    EXPECT_EQ(cleaned("/a?&s=1&"), "/a?&");
}

TEST(Arguments, AreFoundByExactName)
{
    const Arguments arguments(Url::of("/a?S=1&s=2&x&e"), names);
    EXPECT_EQ(arguments[0], "2");
    EXPECT_TRUE(arguments.has(1));
    EXPECT_EQ(arguments[1], "");
    EXPECT_FALSE(arguments.repeated());
    EXPECT_TRUE(arguments.any());
}

TEST(Arguments, AreCounted)
{
    EXPECT_TRUE(Arguments(Url::of("/a?s=1&s=1"), names).repeated());
    EXPECT_TRUE(Arguments(Url::of("/a?s&s=1"), names).repeated());
    EXPECT_FALSE(Arguments(Url::of("/a?s=1&S=1"), names).repeated());
    EXPECT_FALSE(Arguments(Url::of("/a?x=s"), names).any());
    EXPECT_FALSE(Arguments(Url::of("/s"), names).any());
}

}  // namespace
}  // namespace cdn::sign

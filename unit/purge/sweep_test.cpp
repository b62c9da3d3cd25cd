#include "purge/sweep.h"

#include <gtest/gtest.h>

namespace cdn::purge {
namespace {

const std::vector<std::string> names = {"Cache-Tag", "Surrogate-Key"};

std::string path_of(std::string_view key)
{
    const Object object = object_in_file(key, "", names);
    return object.resources.empty() ? "" : object.resources[0].text;
}

TEST(SweepTest, TagsComeFromEveryHeaderOfThatName)
{
    const Object object = object_in_file("k", "HTTP/1.1 200 OK\r\ncache-tag: a, b\r\nSurrogate-Key: c d\r\n"
                                              "X-Other: e\r\n\r\n", names);
    EXPECT_EQ(object.tags, (std::vector<std::string_view>{"a", "b", "c", "d"}));
    EXPECT_TRUE(object.resources.empty());
}

TEST(SweepTest, ThePathIsWhatFollowsTheKeysHost)
{
    EXPECT_EQ(path_of("httpexample.com/a/b.jpg?w=1"), "/a/b.jpg?w=1");
    EXPECT_EQ(path_of("https127.0.0.1:9000/a"), "/a");
    EXPECT_EQ(path_of("https://example.com/a"), "/a");
    EXPECT_EQ(path_of("/a/b"), "/a/b");
    EXPECT_EQ(path_of("httpexample.com/a%20b"), "/a b");
    EXPECT_EQ(path_of("item-17"), "");
    EXPECT_EQ(path_of(""), "");
}

TEST(SweepTest, AnUnreadablePathNamesNoUrl)
{
    EXPECT_EQ(path_of("httpexample.com/a%zz"), "");
}

}  // namespace
}  // namespace cdn::purge

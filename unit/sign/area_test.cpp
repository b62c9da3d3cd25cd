#include "sign/area.h"

#include <gtest/gtest.h>

namespace cdn::sign {
namespace {

TEST(PlainPath, IsDecodedButForSlashes)
{
    EXPECT_EQ(plain_path("/a/b"), "/a/b");
    EXPECT_EQ(plain_path("/%61%20b"), "/a b");
    EXPECT_EQ(plain_path("/a%2Fb%2fc%5Cd"), "/a%2Fb%2fc%5Cd");
    EXPECT_EQ(plain_path("/a%2561"), "/a%61");
    EXPECT_EQ(plain_path("//a//"), "//a//");
}

TEST(PlainPath, HasNoSegmentOfDots)
{
    for (const auto *path : {"/a/../b", "/a/./b", "/..", "/a/..", "/a/%2e%2e/b", "/a/.%2E/b", "/a/..%2fb", "/a%2f..%2fb",
                             "/a/..;/b", "/a/..;x=1/b", "/a/%252e%252e/b", "/a/%25252e./b", "/a/..\\b", "/a%5c..%5cb",
                             "/a/.../b", "/a/.. /b", "/a/..%3b/b", "/a/..%20/b"})
    {
        EXPECT_EQ(plain_path(path), std::nullopt) << path;
    }
    for (const auto *path : {"/a/..b", "/a/b..", "/a/.b/", "/a/;..", "/a/b;.."}) {
        EXPECT_NE(plain_path(path), std::nullopt) << path;
    }
}

TEST(PlainPath, IsNoneIfMalformed)
{
    for (const auto *path : {"/a%", "/a%2", "/a%zz", "/a%00b", "/a%2500b"}) {
        EXPECT_EQ(plain_path(path), std::nullopt) << path;
    }
    EXPECT_EQ(plain_path("/100%25"), "/100%");
}

TEST(SpeltAs, GoesByTheAreasEscapes)
{
    for (const auto *area : {"/a b/", "/", "/100%/", "/a%2", "/a%zz"}) {
        EXPECT_EQ(spelt_as(area, "/a%20b%2Fc/"), "/a b%2Fc/") << area;
    }
    for (const auto *area : {"/a%20b/", "/%41", "/100%%20"}) {
        EXPECT_EQ(spelt_as(area, "/a%20b%2Fc/"), "/a%20b%2Fc/") << area;
        EXPECT_EQ(spelt_as(area, "/a%20b/..%2fc"), std::nullopt) << area;
    }
}

TEST(IsUnder, GoesByWholeSegments)
{
    for (const auto *directory : {"/abc", "/abc/"}) {
        EXPECT_TRUE(is_under("/abc", directory));
        EXPECT_TRUE(is_under("/abc/", directory));
        EXPECT_TRUE(is_under("/abc/d", directory));
        EXPECT_FALSE(is_under("/abcd", directory));
        EXPECT_FALSE(is_under("/ab", directory));
        EXPECT_FALSE(is_under("//abc", directory));
    }
    EXPECT_TRUE(is_under("/x", "/"));
}

}  // namespace
}  // namespace cdn::sign

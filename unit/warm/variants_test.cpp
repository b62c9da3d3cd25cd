#include "warm/variants.h"

#include "image/dialect.h"

#include <gtest/gtest.h>

namespace cdn::warm {
namespace {

using List = std::vector<std::string>;

TEST(List, IsItsLinesWithoutBlankOnesAndComments)
{
    EXPECT_EQ(read_list("/a\n\n  # all of it\n \t/b c \r\nhttps://example.com/d#e"),
              (List{"/a", "/b c", "https://example.com/d#e"}));
    EXPECT_EQ(read_list(""), List{});
    EXPECT_EQ(read_list("\n"), List{});
}

TEST(Object, IsAHostAndAPath)
{
    EXPECT_EQ(split_object("example.com/a/b").host, "example.com");
    EXPECT_EQ(split_object("example.com/a/b").path, "/a/b");
    EXPECT_EQ(split_object("/a").host, "");
    EXPECT_EQ(split_object("/a").path, "/a");
    EXPECT_EQ(split_object("example.com").path, "");
    EXPECT_EQ(split_object("").path, "");
}

TEST(Object, HasNoPathWhereItMayBeCutShort)
{
    EXPECT_EQ(split_object("h/" + std::string(228, 'a')).path.size(), 229U);
    EXPECT_EQ(split_object("h/" + std::string(229, 'a')).path, "");
}

TEST(Variants, AreThePictureAndItsPresetsAndWidths)
{
    EXPECT_EQ(variants("/photos/a.jpg", {"hero", "thumbnail"}, {480, 1024}),
              (List{"/photos/a.jpg", "/cdn-cgi/image/preset=hero/photos/a.jpg",
                    "/cdn-cgi/image/preset=thumbnail/photos/a.jpg",
                    "/cdn-cgi/image/width=480,quality=85/photos/a.jpg",
                    "/cdn-cgi/image/width=1024,quality=85/photos/a.jpg"}));
    EXPECT_EQ(variants("/a.JPEG?v=2", {}, {480}),
              (List{"/a.JPEG?v=2", "/cdn-cgi/image/width=480,quality=85/a.JPEG?v=2"}));
}

TEST(Variants, HaveOtherOptionsOrNone)
{
    EXPECT_EQ(variants("/a.png", {}, {1}, "format=auto,quality=auto")[1],
              "/cdn-cgi/image/width=1,format=auto,quality=auto/a.png");
    EXPECT_EQ(variants("/a.png", {}, {1}, "")[1], "/cdn-cgi/image/width=1/a.png");
}

TEST(Variants, AreUnderstoodByTheDialect)
{
    for (const std::string &url : variants("/photos/a%20b.webp", {"hero"}, {480})) {
        const auto parsed = image::parse_cloudflare({url, ""});
        ASSERT_TRUE(parsed) << parsed.error().message;
        if (*parsed) {
            EXPECT_EQ((*parsed)->source.path, "/photos/a%20b.webp");
        }
    }
}

TEST(Variants, AreThoseOfPicturesOnly)
{
    for (const char *path : {"/", "", "/a.pdf", "/a.svg", "/a.jpg/", "/a.jpg.html", "/jpg", "/a.html?b=c.jpg",
                             "https://example.com/a.jpg"})
    {
        EXPECT_EQ(variants(path, {"hero"}, {480}), List{path});
    }
}

TEST(Variants, AreNotThoseOfImageUrls)
{
    for (const char *path : {"/cdn-cgi/image/w=3/a.jpg", "/cdn-image/w=3,q=85/a.jpg", "/w=300,h=200/a.jpg",
                             "/a.jpg?width=300", "/a.jpg?v=1&class=thumb"})
    {
        EXPECT_EQ(variants(path, {"hero"}, {480}), List{path});
    }
    EXPECT_EQ(variants("/a.jpg?version=1", {"hero"}, {}).size(), 2U);
    EXPECT_EQ(variants("/w/a.jpg", {"hero"}, {}).size(), 2U);
}

}  // namespace
}  // namespace cdn::warm

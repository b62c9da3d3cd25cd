#include "image/url.h"

#include "core/path.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

using namespace std::string_view_literals;

// The source's path, or the words of its refusal.
std::string site_path(std::string_view path)
{
    const auto source = site_source(path, "");
    return source ? source->path : source.error().message;
}

std::string decoded(std::string_view path)
{
    const auto text = decoded_path(path);
    return text ? *text : text.error().message;
}

std::string host(std::string_view text)
{
    const auto parsed = parse_host(text);
    return parsed ? *parsed : "refused";
}

std::string any_uri(std::string_view text)
{
    const auto source = any_source(text, "");
    return source ? source->origin + source->uri() : "refused";
}

constexpr auto climbs = "the path climbs above its root";
constexpr auto zero_byte = "zero byte in the path";
constexpr auto malformed = "malformed percent-encoding in the path";

struct Paths {
    std::string_view sent;
    std::string_view kept;
};

TEST(SiteSource, ResolvesDotSegmentsAndKeepsTheRest)
{
    const Paths paths[] = {
        {"/a.jpg", "/a.jpg"},
        {"a.jpg", "/a.jpg"},
        {"///a.jpg", "/a.jpg"},
        {"/a/./b", "/a/b"},
        {"/a/../b", "/b"},
        {"/a/%2e%2E/b", "/b"},
        {"/a/.%2e/b", "/b"},
        {"/a/%2e/b", "/a/b"},
        {"/a/b/..", "/a/"},
        {"/a/b/.", "/a/b/"},
        {"/a/", "/a/"},
        {"/a//b", "/a//b"},
        {"/...", "/..."},
        {"/..a/.b", "/..a/.b"},
        {"/a/%252e%252e/b", "/a/%252e%252e/b"},        // decoded once, as a server would
    };

    for (const auto &[sent, kept] : paths) {
        EXPECT_EQ(site_path(sent), kept) << sent;
    }
}

TEST(SiteSource, KeepsPercentEncodingAsItWasSent)
{
    EXPECT_EQ(site_path("/a%2Fb%2fc%20d%41"), "/a%2Fb%2fc%20d%41");
    EXPECT_EQ(site_path("/a%3Fb%23c"), "/a%3Fb%23c");
}

TEST(SiteSource, EscapesBytesThatMayNotStandInAUrl)
{
    EXPECT_EQ(site_path("/\xC3\xA4 \t\r\n\x7F\"<>\\^`{|}#"),
              "/%C3%A4%20%09%0D%0A%7F%22%3C%3E%5C%5E%60%7B%7C%7D%23");
    EXPECT_EQ(site_path("/!$&'()*+,-.:;=@_~[]"), "/!$&'()*+,-.:;=@_~[]");
    EXPECT_EQ(site_source("/a", "x=\xC3\xA4&y= %2F\r\n"sv)->query, "x=%C3%A4&y=%20%2F%0D%0A");
}

TEST(SiteSource, RefusesToClimbAboveItsRoot)
{
    EXPECT_EQ(site_path("/a/../b"), "/b");
    for (const auto path : {"/.."sv, "/../a"sv, "/a/../../b"sv, "/%2e%2e/a"sv, "/./../a"sv,
                            "/..%2Fa"sv, "/a%2F..%2F..%2Fb"sv, "/a/..%2f..%2fb"sv})
    {
        EXPECT_EQ(site_path(path), climbs) << path;
    }
}

// Whoever decodes what is sent on must not be led out either.
TEST(SiteSource, LeavesNothingThatClimbsOnceItIsDecoded)
{
    for (const auto path : {"/a%2Fb/../..%2Fetc/passwd"sv, "/a%2Fb/%2e%2e/..%2Fetc"sv}) {
        const auto source = site_source(path, "");
        if (source) {
            EXPECT_TRUE(decoded_path(source->path)) << path << " gave " << source->path;
        }
    }
}

// A relative redirect to "//host/" leaves the site.
TEST(SiteSource, NeverBeginsWithTwoSlashes)
{
    for (const auto path : {"//example.org/a"sv, "/.//example.org/a"sv, "/a/..//example.org/a"sv,
                            "/%2e//example.org/a"sv, "/.///"sv})
    {
        EXPECT_FALSE(site_path(path).starts_with("//")) << path << " gave " << site_path(path);
    }
}

TEST(SiteSource, RefusesZeroBytesAndBrokenEscapes)
{
    EXPECT_EQ(site_path("/a%00.jpg"), zero_byte);
    EXPECT_EQ(site_path("/a\0.jpg"sv), zero_byte);
    EXPECT_EQ(site_path("/a%2500.jpg"), "/a%2500.jpg");
    EXPECT_EQ(site_path("/a%"), malformed);
    EXPECT_EQ(site_path("/a%4"), malformed);
    EXPECT_EQ(site_path("/a%zz"), malformed);
}

TEST(SiteSource, IsNotEmpty)
{
    EXPECT_FALSE(site_source("", ""));
    EXPECT_FALSE(site_source("//", "a=1"));
    EXPECT_FALSE(site_source("/.", ""));               // nor once its dots are resolved
    EXPECT_FALSE(site_source("/a/..", ""));
}

TEST(SiteSource, HasAUriWithItsQuery)
{
    EXPECT_EQ(site_source("/a", "v=1&w=2")->uri(), "/a?v=1&w=2");
    EXPECT_EQ(site_source("/a", "")->uri(), "/a");
    EXPECT_EQ(site_source("/a", "b?c")->uri(), "/a?b?c");
}

TEST(DecodedPath, IsWhatNginxKeepsInUri)
{
    const Paths paths[] = {
        {"/a%20b", "/a b"},       {"/a%2Fb", "/a/b"},        {"/a%2F..%2Fb", "/b"},
        {"/a/%2e%2e/b", "/b"},    {"/%252e%252e", "/%2e%2e"}, {"/a/b/..", "/a/"},
        {"/a%2F..%2F..", climbs}, {"/..", climbs},           {"/%00", zero_byte},
        {"/%", malformed},        {"/%4g", malformed},
    };

    for (const auto &[sent, kept] : paths) {
        EXPECT_EQ(decoded(sent), kept) << sent;
    }
}

TEST(Host, IsANameAndMaybeAPort)
{
    EXPECT_EQ(host("Img.Example.COM"), "img.example.com");
    EXPECT_EQ(host("img-1_a.example.com:8080"), "img-1_a.example.com:8080");
    EXPECT_EQ(host("127.0.0.1"), "127.0.0.1");
    EXPECT_EQ(host("a:1"), "a:1");
    EXPECT_EQ(host("a:65535"), "a:65535");
    EXPECT_EQ(host("a:0"), "refused");
    EXPECT_EQ(host("a:65536"), "refused");
}

TEST(Host, CannotBeAnythingElse)
{
    for (const auto text :
         {""sv, "."sv, ".a"sv, "a..b"sv, "-a"sv, ":80"sv, "a:"sv, "a:b"sv, "a:1:2"sv, "a:-1"sv,
          "user@a"sv, "user:1@a"sv, "a b"sv, "a\r\nb"sv, "a%2eb"sv, "[::1]"sv, "a?b"sv, "a#b"sv,
          "a\\b"sv, "\xC3\xA4"sv, "a\0b"sv})
    {
        EXPECT_EQ(host(text), "refused") << text;
    }
    EXPECT_EQ(host(std::string(260, 'a')), std::string(260, 'a'));
    EXPECT_EQ(host(std::string(261, 'a')), "refused");
}

TEST(AnySource, IsAbsoluteWithAScheme)
{
    EXPECT_EQ(any_uri("https://img.example.com/a/../b.jpg"), "https://img.example.com/b.jpg");
    EXPECT_EQ(any_uri("HTTP://IMG.example.com:81/a"), "http://img.example.com:81/a");
    EXPECT_EQ(any_uri("https:/img.example.com/a"), "https://img.example.com/a");   // merged slashes
    EXPECT_EQ(any_uri("photos/a.jpg"), "/photos/a.jpg");
    EXPECT_EQ(any_uri("/photos/a.jpg"), "/photos/a.jpg");
    EXPECT_EQ(any_uri("//img.example.com/a"), "/img.example.com/a");
    EXPECT_EQ(any_uri("ftp://img.example.com/a"), "/ftp://img.example.com/a");
}

TEST(AnySource, NeedsAHostAndAPath)
{
    for (const auto text : {""sv, "https://img.example.com"sv, "https://img.example.com/"sv,
                            "https:///a"sv, "https://u@h/a"sv, "https://h/../a"sv, "https://h?/a"sv})
    {
        EXPECT_EQ(any_uri(text), "refused") << text;
    }
}

}  // namespace
}  // namespace cdn::image

#include "purge/target.h"

#include <gtest/gtest.h>

#include <random>

namespace cdn::purge {
namespace {

// What a target is called once understood, or why it is not.
std::string text(Kind kind, std::string_view written)
{
    const auto target = parse_target(kind, written);
    return target ? target->text : "refused: " + target.error().message;
}

std::string url(std::string_view written) { return text(Kind::url, written); }
std::string prefix(std::string_view written) { return text(Kind::prefix, written); }
std::string pattern(std::string_view written) { return text(Kind::pattern, written); }

bool refused(Kind kind, std::string_view written)
{
    return !parse_target(kind, written);
}

TEST(Tag, IsTakenAsItIs)
{
    EXPECT_EQ(text(Kind::tag, "Product-42"), "Product-42");
    EXPECT_EQ(text(Kind::tag, "a/b?c*%20:d"), "a/b?c*%20:d");
    EXPECT_EQ(text(Kind::tag, "sch\xC3\xBCler"), "sch\xC3\xBCler");
    EXPECT_EQ(text(Kind::tag, "\xff"), "\xff");
}

TEST(Tag, HoldsNothingThatSeparatesTags)
{
    for (const auto tag : {"a b", "a,b", " a", "a\tb", "a\nb", "a\rb", "a\x01"}) {
        EXPECT_TRUE(refused(Kind::tag, tag)) << tag;
    }
    EXPECT_TRUE(refused(Kind::tag, ""));
    EXPECT_TRUE(refused(Kind::tag, std::string_view("a\0b", 3)));
}

TEST(Tag, HasUpTo1024Bytes)
{
    EXPECT_FALSE(refused(Kind::tag, std::string(1024, 'a')));
    EXPECT_TRUE(refused(Kind::tag, std::string(1025, 'a')));
}

TEST(Url, OfAPathIsOfAnyHost)
{
    EXPECT_EQ(url("/"), "/");
    EXPECT_EQ(url("/a/b.jpg"), "/a/b.jpg");
    EXPECT_EQ(url("/a/"), "/a/");
}

TEST(Url, WithAHostHasNoSchemePortOrCase)
{
    for (const auto written :
         {"//example.com/a", "http://example.com/a", "https://example.com/a", "HTTPS://EXAMPLE.COM/a",
          "https://example.com:8443/a", "//example.com:80/a", "https://example.com./a",
          "https://example.com.:443/a", "https://example.com/a#top", "https://example.com/a?"})
    {
        EXPECT_EQ(url(written), "//example.com/a") << written;
    }
    EXPECT_EQ(url("https://example.com"), "//example.com/");
    EXPECT_EQ(url("https://example.com?a=1"), "//example.com/?a=1");
    EXPECT_EQ(url("//Example.com/A"), "//example.com/A");
}

TEST(Url, KnowsIpAddresses)
{
    EXPECT_EQ(url("http://127.0.0.1:8080/a"), "//127.0.0.1/a");
    EXPECT_EQ(url("http://[::1]/a"), "//[::1]/a");
    EXPECT_EQ(url("http://[FE80::1]:8080/a"), "//[fe80::1]/a");
    EXPECT_TRUE(refused(Kind::url, "http://[::1/a"));
    EXPECT_TRUE(refused(Kind::url, "http://::1/a"));
}

TEST(Url, RefusesWhatIsNoHost)
{
    for (const auto written : {"https:///a", "//", "///a", "//?a", "https://user@example.com/a",
                               "https://example.com:/a", "https://example.com:x/a", "//./a",
                               "//exa mple.com/a", "//example.com\\a/b", "//*.example.com/a",
                               "//example.com%2Fa/b", "//example.com:80:80/a", "//example.com../a",
                               "//example..com/a"})
    {
        EXPECT_TRUE(refused(Kind::url, written)) << written;
    }
    EXPECT_FALSE(refused(Kind::url, "//" + std::string(255, 'a') + "/"));
    EXPECT_TRUE(refused(Kind::url, "//" + std::string(256, 'a') + "/"));
}

TEST(Url, RefusesOtherSchemesAndRelativePaths)
{
    for (const auto written : {"", "a", "a/b", "example.com/a", "ftp://example.com/a", "?a=1", "#a",
                               "javascript:alert(1)", "https:/example.com/a", "*"})
    {
        EXPECT_TRUE(refused(Kind::url, written)) << written;
    }
}

TEST(Url, HasOneSpellingForEachPath)
{
    for (const auto written :
         {"/a/b c", "/a/b%20c", "/%61/b%20c", "/a//b%20c", "/a/./b%20c", "/a/x/../b%20c",
          "/a/%2e/b%20c", "/a/x/%2E%2e/b%20c", "/a%2Fb%20c", "/a/b%20c#x"})
    {
        EXPECT_EQ(url(written), "/a/b c") << written;
    }
}

TEST(Url, DecodesOnceAlone)
{
    EXPECT_EQ(url("/a%252e%252e/b"), "/a%252e%252e/b");
    EXPECT_EQ(url("/%252F"), "/%252F");
    EXPECT_EQ(url("/a%25"), "/a%25");
    EXPECT_NE(url("/a%2520b"), url("/a%20b"));
}

TEST(Url, KeepsEscapedWhatWouldMeanSomethingElse)
{
    EXPECT_EQ(url("/a%3Fb"), "/a%3Fb");
    EXPECT_EQ(url("/a%23b"), "/a%23b");
    EXPECT_EQ(url("/a*b"), "/a%2Ab");
    EXPECT_EQ(url("/a%0Ab%7F"), "/a%0Ab%7F");
    EXPECT_NE(url("/a%3Fb"), url("/a?b"));
}

TEST(Url, RefusesMalformedEscapesAndControls)
{
    for (const auto written : {"/%", "/%2", "/%zz", "/a%00b", "/%2e%2e/%2e%2e/a", "/..", "/a/../..",
                               "/a\nb", "/a\x7f"})
    {
        EXPECT_TRUE(refused(Kind::url, written)) << written;
    }
}

TEST(Url, TakesItsQueryExactly)
{
    EXPECT_EQ(url("/a?b=%2f&c=%2F+d"), "/a?b=%2f&c=%2F+d");
    EXPECT_EQ(url("/a?b?c"), "/a?b?c");
    EXPECT_EQ(url("/a?//x/../y"), "/a?//x/../y");
    EXPECT_EQ(url("/a?b#c?d"), "/a?b");
    EXPECT_EQ(url("/a?"), "/a");
    EXPECT_NE(url("/a?b=1&c=2"), url("/a?c=2&b=1"));
}

TEST(Url, HasABoundedLength)
{
    EXPECT_FALSE(refused(Kind::url, '/' + std::string(8191, 'a')));
    EXPECT_TRUE(refused(Kind::url, '/' + std::string(8192, 'a')));
    EXPECT_FALSE(refused(Kind::prefix, '/' + std::string(longest_prefix - 1, 'a')));
    EXPECT_TRUE(refused(Kind::prefix, '/' + std::string(longest_prefix, 'a')));
    EXPECT_FALSE(refused(Kind::pattern, "/*" + std::string(longest_pattern - 2, 'a')));
    EXPECT_TRUE(refused(Kind::pattern, "/*" + std::string(longest_pattern - 1, 'a')));
    EXPECT_TRUE(refused(Kind::url, '/' + std::string(8000, '*'))) << "escapes count";
}

TEST(Prefix, IsAUrlThatMayEndAnywhere)
{
    EXPECT_EQ(prefix("/a/"), "/a/");
    EXPECT_EQ(prefix("/a"), "/a");
    EXPECT_EQ(prefix("https://example.com"), "//example.com/");
    EXPECT_EQ(prefix("/a?b="), "/a?b=");
}

TEST(Prefix, OfAQuestionMarkIsNotThatOfThePath)
{
    EXPECT_EQ(prefix("/a?"), "/a?");
    EXPECT_NE(prefix("/a?"), prefix("/a"));
}

TEST(Prefix, DoesNotClimb)
{
    EXPECT_EQ(prefix("/a/b/../c"), "/a/c");
    EXPECT_EQ(prefix("/.well"), "/.well");
    for (const auto written : {"/..", "/a/b/..", "/.", "/a/%2E", "/a%2f.", "//host/."}) {
        EXPECT_TRUE(refused(Kind::prefix, written)) << written;
    }
    EXPECT_FALSE(refused(Kind::url, "/a/b/.."));
    EXPECT_TRUE(refused(Kind::prefix, "/a%2"));
}

TEST(Pattern, KeepsItsStars)
{
    EXPECT_EQ(pattern("*"), "*");
    EXPECT_EQ(pattern("*.jpg"), "*.jpg");
    EXPECT_EQ(pattern("/a/*/b%20c*"), "/a/*/b c*");
    EXPECT_EQ(pattern("https://Example.com:81/*.css"), "//example.com/*.css");
    EXPECT_EQ(pattern("https://example.com"), "//example.com/");
    EXPECT_EQ(pattern("/a?b=*&c"), "/a?b=*&c");
}

TEST(Pattern, HasAnEscapedStarForAStar)
{
    EXPECT_EQ(pattern("/a%2Ab*"), "/a%2Ab*");
}

TEST(Pattern, MergesStars)
{
    EXPECT_EQ(pattern("/a***b**"), "/a*b*");
    EXPECT_EQ(pattern("**"), "*");
    EXPECT_EQ(pattern("/a?**b"), "/a?*b");
    EXPECT_EQ(pattern('/' + std::string(8000, '*')), "/*");
}

TEST(Pattern, RefusesWhatMatchesNothing)
{
    for (const auto written : {"", "a*", "/a/../*", "/./*", "/*/%2e%2e/b", "/*%", "/*%00", "//*/a",
                               "//*.example.com/a", "//example.com*"})
    {
        EXPECT_TRUE(refused(Kind::pattern, written)) << written;
    }
    EXPECT_EQ(pattern("/a/..*"), "/a/..*");
}

TEST(Word, NamesItsKind)
{
    const auto word = [](std::string_view written) { return *parse_target_word(written); };

    EXPECT_EQ(word("url:/a"), (Target{Kind::url, "/a"}));
    EXPECT_EQ(word("prefix:/a/"), (Target{Kind::prefix, "/a/"}));
    EXPECT_EQ(word("pattern:*.jpg"), (Target{Kind::pattern, "*.jpg"}));
    EXPECT_EQ(word("tag:a"), (Target{Kind::tag, "a"}));
    EXPECT_EQ(word("a"), (Target{Kind::tag, "a"}));
    EXPECT_EQ(word("everything"), (Target{Kind::everything, ""}));
}

TEST(Word, OfAnUnknownKindIsATag)
{
    EXPECT_EQ(*parse_target_word("post:42"), (Target{Kind::tag, "post:42"}));
    EXPECT_EQ(*parse_target_word("tag:url:/a"), (Target{Kind::tag, "url:/a"}));
    EXPECT_EQ(*parse_target_word("everything:"), (Target{Kind::tag, "everything:"}));
    EXPECT_EQ(*parse_target_word("tag:everything"), (Target{Kind::tag, "everything"}));
    EXPECT_FALSE(parse_target_word("tag:"));
    EXPECT_FALSE(parse_target_word("url:"));
    EXPECT_FALSE(parse_target_word(""));
}

TEST(Resource, HasTheSpellingOfItsUrl)
{
    EXPECT_EQ(resource_text("/a b/c", "x=1"), url("/a%20b/c?x=1"));
    EXPECT_EQ(resource_text("/a?b", ""), url("/a%3Fb"));
    EXPECT_EQ(resource_text("/a#b", ""), url("/a%23b"));
    EXPECT_EQ(resource_text("/a*%", ""), url("/a%2A%25"));
    EXPECT_EQ(resource_text("/a//b", ""), url("/a/b")) << "merge_slashes off";

    EXPECT_EQ(raw_resource_text("/a%20b/./c", "x=%20"), url("/a%20b/c?x=%20"));
    EXPECT_EQ(raw_resource_text("/%", ""), "");
    EXPECT_EQ(raw_resource_text("/..", ""), "");
}

// Journals and other edges hand over texts: they must mean what they meant.
TEST(Target, IsUnderstoodTheSameFromItsOwnText)
{
    std::mt19937 random(20261121);
    const std::string_view alphabet = "ab/.%2e*?#&=: \x7f\x01\xc3\xff[]@5F";
    int understood = 0;

    for (int i = 0; i < 200000; i++) {
        const Kind kind = static_cast<Kind>(random() % 4);
        std::string written(random() % 4 == 0 ? "//h" : "/");
        for (auto left = random() % 12; left > 0; left--) {
            written += alphabet[random() % alphabet.size()];
        }

        const auto once = parse_target(kind, written);
        if (!once) {
            continue;
        }
        understood++;

        const auto twice = parse_target(kind, once->text);
        ASSERT_TRUE(twice) << written << " gave " << once->text;
        ASSERT_EQ(once->text, twice->text) << written;
        ASSERT_EQ(*parse_target_word(print_target_word(*once)), *once) << written;
    }

    EXPECT_GT(understood, 20000);
}

}  // namespace
}  // namespace cdn::purge

// What is printed is read by the dialect's own parser as what was asked for.

#include "cli/picture_url.h"

#include "core/text.h"
#include "image/preset.h"

#include <gtest/gtest.h>

namespace cdn::cli {
namespace {

std::vector<Word> words(std::string_view text)
{
    std::vector<Word> out;
    for (const auto part : split(text, ' ')) {
        out.push_back(*Word::of(part));
    }

    return out;
}

std::string url(std::string_view dialect, std::string_view options, std::string_view source = "photos/cat.jpg",
                bool native = false)
{
    const auto meaning = read_words(words(options), native);
    if (!meaning) {
        return meaning.error().message;
    }

    const auto made = picture_url(*dialect_named(dialect), *meaning, source);
    return made ? *made : made.error().message;
}

// As the module reads a URL, up to the canonical one.
std::string canonical(std::string_view dialect, const std::string &text)
{
    const auto [path, query, has_query] = cut(text, '?');
    const auto parsed = dialect_named(dialect)->parse({path, query});
    if (!parsed || !*parsed) {
        return "not read: " + text;
    }

    auto options = *image::Presets().apply((*parsed)->options);
    image::lay_over_device(options);
    options.lay_over((*parsed)->defaults);
    return image::print_canonical(*image::resolve(options, (*parsed)->source, {image::Format::avif}));
}

class PictureUrl : public testing::TestWithParam<std::string_view> {};

// The quality and the format are said, because dialects differ in what they do without.
TEST_P(PictureUrl, MeansTheSameInEveryDialectThatCanSayIt)
{
    const std::string options = std::string(GetParam()) + " quality=75 format=webp";
    const std::string expected = canonical("cloudflare", url("cloudflare", options));
    ASSERT_TRUE(expected.starts_with("/cdn-image/")) << expected;

    int said = 0;
    for (const Dialect &dialect : dialects()) {
        const std::string text = url(dialect.name, options);
        if (text.find(" cannot say ") == text.npos) {
            EXPECT_EQ(canonical(dialect.name, text), expected) << text;
            said++;
        }
    }
    EXPECT_GE(said, 2);
}

INSTANTIATE_TEST_SUITE_P(
    Words, PictureUrl,
    testing::Values("width=300", "height=200", "width=300 height=200", "w=300 h=200 dpr=2", "width=301 dpr=1.5",
                    "width=300 height=200 fit=cover", "width=300 height=200 fit=crop",
                    "width=300 height=200 fit=contain", "width=300 height=200 fit=scale-down",
                    "width=300 height=200 fit=squeeze", "width=300 height=200 fit=pad background=ff0000",
                    "width=300 fit=contain", "width=300 height=200 fit=cover gravity=auto",
                    "width=300 height=200 fit=crop gravity=auto", "width=300 height=200 fit=cover gravity=0.2,0.8",
                    "width=300 height=200 fit=crop gravity=0.2x0.8", "width=300 height=200 fit=crop gravity=left",
                    "width=300 height=200 fit=crop gravity=center", "width=300 blur=10", "width=300 blur=7.5",
                    "width=300 sharpen=1", "width=300 sharpen=2.5", "width=300 rotate=90", "width=300 flip=h",
                    "width=300 flip=v", "width=300 flip=hv rotate=270", "width=300 flip=v rotate=90",
                    "width=300 flip=h rotate=90", "width=300 rotate=180", "width=300 anim=false",
                    "width=300 metadata=copyright", "width=300 metadata=keep", "preset=hero", "preset=avatar width=80",
                    "preset=thumbnail width=80 height=40", "width=300 background=rgb(1,2,3)"));

TEST(PictureUrls, AreWhatAProviderUnderstands)
{
    EXPECT_EQ(url("cloudflare", "w=300 h=200 fit=cover g=0.2,0.3 q=80 f=auto background=fff"),
              "/cdn-cgi/image/width=300,height=200,fit=cover,gravity=0.2x0.3,quality=80,format=auto,background=%23ffffff"
              "/photos/cat.jpg");
    EXPECT_EQ(url("bunnycdn", "width=300 flip=hv preset=hero sharpen=1"),
              "/photos/cat.jpg?width=300&sharpen=true&flip=true&flop=true&class=hero");
    EXPECT_EQ(url("keycdn", "width=300 height=200 fit=crop gravity=auto"),
              "/photos/cat.jpg?width=300&height=200&crop=smart&enlarge=0");
    EXPECT_EQ(url("keycdn-path", "width=300 height=200 quality=80 format=webp fit=cover"),
              "/w=300,h=200,c=1,q=80,f=webp/photos/cat.jpg");
    EXPECT_EQ(url("fastly", "width=300 height=200 fit=cover"),
              "/photos/cat.jpg?width=300&height=200&fit=crop&enable=upscale");
    EXPECT_EQ(url("custom", "width=300 height=200 fit=crop gravity=auto device=mobile page=2"),
              "/photos/cat.jpg?width=300&height=200&crop=smart&page=2&device=mobile");
}

TEST(PictureUrls, NameTheSourceAsItIs)
{
    EXPECT_EQ(url("cloudflare", "width=3", "/a b/\xc3\xbc.jpg"), "/cdn-cgi/image/width=3/a%20b/%C3%BC.jpg");
    EXPECT_EQ(url("cloudflare", "width=3", "https://img.test/a.jpg?v=1"),
              "/cdn-cgi/image/width=3/https://img.test/a.jpg?v=1");
    EXPECT_EQ(url("bunnycdn", "width=3", "a.jpg?v=1"), "/a.jpg?v=1&width=3");
    EXPECT_EQ(url("keycdn", "width=3 fit=cover", "a%2Fb.jpg"), "/a%2Fb.jpg?width=3&fit=cover");
    EXPECT_EQ(url("bunnycdn", "width=3", "a.jpg?width=5"),
              "bunnycdn would take a part of the source for options: \"a.jpg?width=5\"");
    EXPECT_EQ(url("custom", "width=3", ""), "the source is missing");
}

TEST(PictureUrls, RefuseWhatTheDialectCannotSay)
{
    EXPECT_EQ(url("bunnycdn", "width=300 height=200 fit=cover"), "bunnycdn cannot say fit=cover");
    EXPECT_EQ(url("custom", "width=300 height=200 fit=cover"), "custom cannot say fit=cover");
    EXPECT_EQ(url("custom", "width=300 gravity=auto"), "custom cannot say gravity=auto");
    EXPECT_EQ(url("keycdn-path", "width=300 blur=3"), "keycdn-path cannot say blur=3");
    EXPECT_EQ(url("keycdn", "width=300 quality=auto"), "keycdn cannot say quality=auto");
    EXPECT_EQ(url("fastly", "width=300 sharpen=1"), "fastly cannot say sharpen=1");
    EXPECT_EQ(url("bunnycdn", "width=300 format=json"), "bunnycdn cannot say format=json");
    EXPECT_EQ(url("cloudflare", "width=300 page=2"), "cloudflare cannot say page=2");
    EXPECT_EQ(url("bunnycdn", "width=auto"), "bunnycdn cannot say width=auto");
    EXPECT_EQ(url("fastly", "width=9000").substr(0, 14), "fastly: width ");
    EXPECT_EQ(url("cloudflare", "width=12000 dpr=2"), "cloudflare: width times dpr must stay within 1 to 12000");
}

TEST(PictureUrls, RefuseNonsense)
{
    EXPECT_EQ(url("cloudflare", "width=0"), "width must be a whole number from 1 to 12000: \"0\"");
    EXPECT_EQ(url("cloudflare", "quality=101").substr(0, 8), "quality ");
    EXPECT_EQ(url("cloudflare", "fit=tight").substr(0, 4), "fit ");
    EXPECT_FALSE(Word::of("width"));
    EXPECT_FALSE(Word::of("=3"));
    EXPECT_FALSE(Word::of("width="));
}

TEST(PictureUrls, TakeTheDialectsOwnWords)
{
    EXPECT_EQ(url("bunnycdn", "width=300 aspect_ratio=16:9"), "/photos/cat.jpg?width=300&aspect_ratio=16:9");
    EXPECT_EQ(url("cloudflare", "width=300 trim=1;2;3;4"), "/cdn-cgi/image/width=300,trim=1;2;3;4/photos/cat.jpg");
    EXPECT_EQ(url("fastly", "sharpen=a2,r1,t10", "photos/cat.jpg", true), "/photos/cat.jpg?sharpen=a2,r1,t10");
    EXPECT_EQ(url("keycdn", "width=300 aspect_ratio=16:9"), "keycdn has no option \"aspect_ratio\"");
    EXPECT_EQ(url("cloudflare", "width=300 colour=red"), "cloudflare: unknown option: \"colour\"");
    EXPECT_EQ(url("bunnycdn", "crop=0,0", "photos/cat.jpg", true).substr(0, 14), "bunnycdn: crop");
}

TEST(PictureUrls, TakeTheLastOfTwoWords)
{
    EXPECT_EQ(url("cloudflare", "width=300 w=400"), "/cdn-cgi/image/width=400/photos/cat.jpg");
    EXPECT_EQ(url("cloudflare", "format=json format=webp"), "/cdn-cgi/image/format=webp/photos/cat.jpg");
    EXPECT_EQ(url("cloudflare", "gravity=left gravity=0.1,0.2 width=3 height=3 fit=crop"),
              "/cdn-cgi/image/width=3,height=3,fit=crop,gravity=0.1x0.2/photos/cat.jpg");
}

}  // namespace
}  // namespace cdn::cli

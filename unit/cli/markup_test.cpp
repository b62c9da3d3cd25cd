#include "cli/breakpoints.h"
#include "cli/markup.h"

#include <gtest/gtest.h>

namespace cdn::cli {
namespace {

TEST(Html, IsEscaped)
{
    EXPECT_EQ(html_escape("a & b < c > d \"e\" 'f'"), "a &amp; b &lt; c &gt; d &quot;e&quot; 'f'");
}

TEST(Html, HasAnImgWithAllThatABrowserNeeds)
{
    EXPECT_EQ(print_img({"/a?x&y", {{"/b", "480w"}, {"/c", "768w"}}, "A \"cat\"", {480, 320}, true}, "50vw"),
              "<img\n"
              "  src=\"/a?x&amp;y\"\n"
              "  srcset=\"/b 480w,\n"
              "          /c 768w\"\n"
              "  sizes=\"50vw\"\n"
              "  width=\"480\" height=\"320\"\n"
              "  loading=\"lazy\"\n"
              "  decoding=\"async\"\n"
              "  alt=\"A &quot;cat&quot;\">\n");
}

TEST(Html, SaysSizesOnlyOfWidthsAndAnEmptyAltToo)
{
    EXPECT_EQ(print_img({"/a", {{"/a", "1x"}, {"/b", "2x"}}, "", {}, false}, "50vw"),
              "<img\n  src=\"/a\"\n  srcset=\"/a 1x,\n          /b 2x\"\n  alt=\"\">\n");
}

TEST(Html, HasAPictureWithItsSourcesInOrder)
{
    EXPECT_EQ(print_picture({{"(max-width: 9em)", "image/avif", {{"/t", "1w"}}, {1, 2}}}, {"/a", {{"/b", "1w"}}, "x", {}, false}, "100vw"),
              "<picture>\n"
              "  <source\n    media=\"(max-width: 9em)\"\n    type=\"image/avif\"\n    srcset=\"/t 1w\"\n"
              "    sizes=\"100vw\"\n    width=\"1\" height=\"2\">\n"
              "  <img\n    src=\"/a\"\n    srcset=\"/b 1w\"\n    sizes=\"100vw\"\n    alt=\"x\">\n"
              "</picture>\n");
}

std::string joined(const std::vector<Word> &words)
{
    std::string out;
    for (const auto &[key, value] : words) {
        out += (out.empty() ? "" : " ") + key + '=' + value;
    }

    return out;
}

TEST(Breakpoints, GiveEveryWidthItsHeight)
{
    EXPECT_EQ(joined(words_for(*read_shape({{"ratio", "16:9"}, {"fit", "cover"}}), 1920)),
              "width=1920 height=1080 fit=cover quality=85");
    EXPECT_EQ(joined(words_for(*read_shape({{"ratio", "4000:1"}}), 480)), "width=480 height=1 quality=85");
    EXPECT_EQ(joined(words_for(*read_shape({{"fit", "cover"}, {"q", "60"}}), 480)), "width=480 fit=cover q=60");
}

TEST(Breakpoints, KnowTheProportionsOfBuiltInPresets)
{
    EXPECT_EQ(joined(words_for(*read_shape({{"preset", "hero"}}), 480)), "width=480 height=240 preset=hero");
    EXPECT_EQ(joined(words_for(*read_shape({{"preset", "our-own"}}), 480)), "width=480 preset=our-own");
    EXPECT_EQ(joined(words_for(*read_shape({{"preset", "hero"}, {"ratio", "1:1"}}), 480)),
              "width=480 height=480 preset=hero");
}

TEST(Breakpoints, RefuseWhatEverySizeHasOfItsOwn)
{
    EXPECT_FALSE(read_shape({{"height", "200"}}));
    EXPECT_FALSE(read_shape({{"dpr", "2"}}));
    EXPECT_FALSE(read_shape({{"ratio", "0:1"}}));
    EXPECT_FALSE(read_widths({0, 100}));
    EXPECT_FALSE(read_widths({12001}));
    EXPECT_FALSE(read_widths({}));
    EXPECT_EQ(*read_widths({12000, 1, 12000}), (std::vector{1, 12000}));
}

TEST(Breakpoints, FallBackToWhatMostScreensHave)
{
    EXPECT_EQ(fallback_width({480, 768, 1024, 1440}), 1024);
    EXPECT_EQ(fallback_width({480, 1025}), 480);
    EXPECT_EQ(fallback_width({1440, 1920}), 1440);
}

}  // namespace
}  // namespace cdn::cli

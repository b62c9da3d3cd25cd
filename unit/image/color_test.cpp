#include "image/color.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

struct Spelling {
    std::string_view text;
    std::string_view hex;
};

TEST(Color, IsReadInEverySpelling)
{
    const Spelling spellings[] = {
        {"ff8800", "ff8800"},
        {"#FF8800", "ff8800"},
        {"f80", "ff8800"},
        {"#f80c", "ff8800cc"},
        {"ff880080", "ff880080"},
        {"ff8800ff", "ff8800"},
        {" Red ", "ff0000"},
        {"aliceblue", "f0f8ff"},                       // first and last of the names
        {"yellowgreen", "9acd32"},
        {"RebeccaPurple", "663399"},
        {"transparent", "00000000"},
        {"rgb(255, 136, 0)", "ff8800"},
        {"rgb(255,136,0)", "ff8800"},
        {"RGB(255 136 0)", "ff8800"},
        {"rgb(240 40 145 / 50%)", "f0289180"},
        {"rgba(240,40,145,0.5)", "f0289180"},
        {"rgb(100%, 0%, 50%)", "ff0080"},
        {"hsl(120, 100%, 50%)", "00ff00"},
        {"hsl(120deg 100% 25%)", "008000"},
        {"hsl(-120 100% 50%)", "0000ff"},
        {"hsl(480 100% 50%)", "00ff00"},
        {"hsla(0, 100%, 50%, 0)", "ff000000"},
        {"hsl(0 0% 100% / 1)", "ffffff"},
    };

    for (const auto &[text, hex] : spellings) {
        const auto color = parse_color(text);
        ASSERT_TRUE(color) << text;
        EXPECT_EQ(print_color(*color), hex) << text;
    }
}

TEST(Color, ClampsChannelsAsCssDoes)
{
    EXPECT_EQ(*parse_color("rgb(300, -5, 0)"), (Color{255, 0, 0, 255}));
    EXPECT_EQ(*parse_color("rgb(0 0 0 / 150%)"), (Color{0, 0, 0, 255}));
    EXPECT_EQ(*parse_color("hsl(0 200% 50%)"), (Color{255, 0, 0, 255}));
}

TEST(Color, RefusesEverythingElse)
{
    for (const std::string_view text :
         {"", "#", "ff", "ff880", "ff88000", "ff8800800", "gg0000", "-f8800", "0xfff", "##fff", "redd",
          "rgb", "rgb()", "rgb(1,2)", "rgb(1,2,3", "rgb 1,2,3)", "rgb(1,2,3,4,5)", "rgb(1,,3)",
          "rgb(1,2,nan)", "rgb(1 2 3 /)", "rgb(1 2 3 / 1 / 1)", "hsl(0,1,1)", "hsl(0% 100% 50%)",
          "hsv(0,0%,0%)", "rgb(calc(1),2,3)", "url(javascript:x)"})
    {
        EXPECT_FALSE(parse_color(text)) << text;
    }
}

TEST(Color, IsRefusedInOnePlainLine)
{
    EXPECT_EQ(parse_color("no\ncolour").error().message, "not a CSS colour: \"no?colour\"");
}

TEST(Color, SurvivesPrinting)
{
    for (const Color color : {white, Color{0, 0, 0, 0}, Color{1, 2, 3, 254}, Color{16, 255, 9, 255}}) {
        EXPECT_EQ(*parse_color(print_color(color)), color) << print_color(color);
    }
}

}  // namespace
}  // namespace cdn::image

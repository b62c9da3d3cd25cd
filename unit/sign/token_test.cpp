#include "sign/token.h"

#include <gtest/gtest.h>

#include <array>

namespace cdn::sign {
namespace {

TEST(WithoutPadding, TakesTheRightAmountAlone)
{
    EXPECT_EQ(without_padding("Zg=="), "Zg");
    EXPECT_EQ(without_padding("Zm8="), "Zm8");
    EXPECT_EQ(without_padding("Zm9v"), "Zm9v");
    EXPECT_EQ(without_padding("Zg="), "Zg=");
    EXPECT_EQ(without_padding("===="), "==");
}

TEST(UnescapeBase64, KnowsThreeEscapes)
{
    EXPECT_EQ(unescape_base64("a%2Bb%2fc%3d%3D"), "a+b/c==");
    EXPECT_EQ(unescape_base64("%61%2"), "%61%2");
    EXPECT_EQ(unescape_base64("%253D"), "%253D");
}

TEST(FindCookie, GoesByWholeNames)
{
    EXPECT_EQ(find_cookie("a=1; t=x=y;tt=2", "t").value, "x=y");
    EXPECT_EQ(find_cookie("t=1; t=2", "t").count, 2U);
    EXPECT_EQ(find_cookie("T=1; xt=2; t", "t").count, 0U);
    EXPECT_EQ(find_cookie("", "t").count, 0U);
}

TEST(WithoutCookies, KeepsTheOthers)
{
    const std::array<std::string, 2> names = {"s", "t"};
    EXPECT_EQ(without_cookies("a=1; t=2; b=3;s=4", names), "a=1; b=3");
    EXPECT_EQ(without_cookies("t=2", names), "");
    EXPECT_EQ(without_cookies("a; tt=1", names), "a; tt=1");
}

}  // namespace
}  // namespace cdn::sign

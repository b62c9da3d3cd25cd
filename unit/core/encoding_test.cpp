#include "core/encoding.h"

#include <gtest/gtest.h>

namespace cdn {
namespace {

using namespace std::string_view_literals;

TEST(Base64, IsThatOfRfc4648)
{
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64("\xFB\xFF\xFE"), "+//+");
}

TEST(Base64Url, HasItsOwnAlphabetAndNoPadding)
{
    EXPECT_EQ(base64url("\xFB\xFF\xFE"), "-__-");
    EXPECT_EQ(base64url("f"), "Zg");
    EXPECT_EQ(base64url("fo"), "Zm8");
}

TEST(Base64Decode, TakesEitherAlphabetPaddedOrNot)
{
    EXPECT_EQ(base64_decode("+//+"), "\xFB\xFF\xFE");
    EXPECT_EQ(base64_decode("-__-"), "\xFB\xFF\xFE");
    EXPECT_EQ(base64_decode("Zg=="), "f");
    EXPECT_EQ(base64_decode("Zg"), "f");
    EXPECT_EQ(base64_decode("Zm8="), "fo");
    EXPECT_EQ(base64_decode(""), "");
    EXPECT_EQ(base64_decode("AAA"), "\0\0"sv);
}

TEST(Base64Decode, RefusesWhatNoEncoderWrites)
{
    for (const auto text : {"Z"sv, "Zg="sv, "Zg==="sv, "Zh=="sv, "Zm9="sv, "Z==="sv, "Zg==Zg=="sv, "Zm 8"sv,
                            "Zm8\n"sv, "Zm8\0"sv, "Zm%3D"sv, "===="sv})
    {
        EXPECT_EQ(base64_decode(text), std::nullopt) << text;
    }
}

TEST(Hex, IsLowerCase)
{
    EXPECT_EQ(hex("\x00\x7f\xff"sv), "007fff");
}

TEST(HexDecode, TakesWholeBytes)
{
    EXPECT_EQ(hex_decode("007FfF"), "\x00\x7f\xff"sv);
    EXPECT_EQ(hex_decode(""), "");
    EXPECT_EQ(hex_decode("007"), std::nullopt);
    EXPECT_EQ(hex_decode("0x"), std::nullopt);
    EXPECT_EQ(hex_decode(" 0"), std::nullopt);
}

}  // namespace
}  // namespace cdn

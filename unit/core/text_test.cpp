#include "core/text.h"

#include <gtest/gtest.h>

namespace cdn {
namespace {

using namespace std::string_view_literals;

using Parts = std::vector<std::string_view>;

TEST(Trim, TakesSpacesAndTabsFromBothEndsOnly)
{
    EXPECT_EQ(trim(" \t a b \t"), "a b");
    EXPECT_EQ(trim("\na\n"), "\na\n");
    EXPECT_EQ(trim(" \t "), "");
    EXPECT_EQ(trim(""), "");
}

TEST(Lower, KnowsAsciiAlone)
{
    EXPECT_EQ(lower("@AZ[\xC3\x84"), "@az[\xC3\x84");
}

TEST(EqualIgnoringCase, ComparesWholeTexts)
{
    EXPECT_TRUE(equal_ignoring_case("Image/WebP", "image/webp"));
    EXPECT_FALSE(equal_ignoring_case("image/web", "image/webp"));
    EXPECT_FALSE(equal_ignoring_case("@", "`"));       // 32 apart, as letters are
}

TEST(Split, KeepsEmptyParts)
{
    EXPECT_EQ(split("a,b,,c", ','), (Parts{"a", "b", "", "c"}));
    EXPECT_EQ(split(",", ','), (Parts{"", ""}));
    EXPECT_EQ(split("", ','), (Parts{""}));
}

TEST(Cut, StopsAtTheFirstSeparator)
{
    const auto two = cut("a=b=c", '=');
    EXPECT_EQ(two.before, "a");
    EXPECT_EQ(two.after, "b=c");
    EXPECT_TRUE(two.found);
}

TEST(Cut, TellsAnEmptyHalfFromNoSeparator)
{
    EXPECT_TRUE(cut("a=", '=').found);
    EXPECT_FALSE(cut("a", '=').found);
    EXPECT_EQ(cut("a", '=').before, "a");
}

TEST(ParseDigits, TakesEighteenDigitsAndNotNineteen)
{
    EXPECT_EQ(parse_digits("999999999999999999"), 999'999'999'999'999'999);
    EXPECT_EQ(parse_digits("000000000000000012"), 12);
    EXPECT_EQ(parse_digits("0000000000000000012"), std::nullopt);
    EXPECT_EQ(parse_digits("1000000000000000000"), std::nullopt);
}

TEST(ParseDigits, TakesNothingButDigits)
{
    EXPECT_EQ(parse_digits("0"), 0);
    for (const auto text : {""sv, "-1"sv, "+1"sv, " 1"sv, "1 "sv, "1.0"sv, "1e3"sv, "0x1"sv, "1\0"sv,
                            "\xD9\xA1"sv})
    {
        EXPECT_EQ(parse_digits(text), std::nullopt) << text;
    }
}

TEST(ParseDecimal, TakesASignAndAPoint)
{
    EXPECT_EQ(parse_decimal("12"), 12.0);
    EXPECT_EQ(parse_decimal("0.5"), 0.5);
    EXPECT_EQ(parse_decimal(".5"), 0.5);
    EXPECT_EQ(parse_decimal("-3.25"), -3.25);
}

TEST(ParseDecimal, TakesNineDigitsOnEitherSide)
{
    EXPECT_EQ(parse_decimal("999999999.5"), 999999999.5);
    EXPECT_EQ(parse_decimal("0.000000001"), 1e-9);
    EXPECT_EQ(parse_decimal("1000000000"), std::nullopt);
    EXPECT_EQ(parse_decimal("0.0000000001"), std::nullopt);
}

TEST(ParseDecimal, RefusesWhatIsNoPlainNumber)
{
    for (const auto text : {""sv, "-"sv, "."sv, "-."sv, "5."sv, "+1"sv, "--1"sv, "1-"sv, "1.-2"sv,
                            "1.2.3"sv, "1,5"sv, "1e3"sv, "nan"sv, "inf"sv, " 1"sv})
    {
        EXPECT_EQ(parse_decimal(text), std::nullopt) << text;
    }
}

TEST(PrintDecimal, IsShort)
{
    EXPECT_EQ(print_decimal(0.5), "0.5");
    EXPECT_EQ(print_decimal(12), "12");
    EXPECT_EQ(print_decimal(100), "100");
    EXPECT_EQ(print_decimal(-3.25), "-3.25");
    EXPECT_EQ(print_decimal(0), "0");
}

TEST(PrintDecimal, RoundsToSixPlacesAndHasNoNegativeZero)
{
    EXPECT_EQ(print_decimal(0.1234567), "0.123457");
    EXPECT_EQ(print_decimal(0.9999999), "1");
    EXPECT_EQ(print_decimal(-0.0000001), "0");
}

TEST(PercentEncode, LeavesWhatMayStand)
{
    EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encode("a b/\xc3\xbc,"), "a%20b%2F%C3%BC%2C");
    EXPECT_EQ(percent_encode("a,b/c", ",/"), "a,b/c");
}

TEST(PercentDecode, DecodesOnce)
{
    EXPECT_EQ(percent_decode("a%2Fb%2f%252e"), "a/b/%2e");
    EXPECT_EQ(percent_decode("%00"), "\0"sv);
    EXPECT_EQ(percent_decode("a+b"), "a+b");
}

TEST(PercentDecode, RefusesAPercentWithoutTwoHexDigits)
{
    EXPECT_EQ(percent_decode("%41"), "A");
    for (const auto text : {"%"sv, "a%4"sv, "%4g"sv, "%g4"sv, "%%41"sv, "%-1"sv}) {
        EXPECT_EQ(percent_decode(text), std::nullopt) << text;
    }
}

TEST(Word, IsUtf8WithoutGaps)
{
    for (const auto text : {"a"sv, "edge-1.example.com"sv, "Zürich"sv, "{}\"\\'"sv}) {
        EXPECT_TRUE(is_word(text)) << text;
    }
    for (const auto text : {""sv, " "sv, "a b"sv, "a\t"sv, "a\0b"sv, "a\x7F"sv, "\xFC"sv, "a\xC3"sv}) {
        EXPECT_FALSE(is_word(text)) << text;
    }
}

TEST(Printable, IsOneLineOfAscii)
{
    EXPECT_EQ(printable("a ~\n\x1B\x7F\xC3\xA4\0b"sv), "a ~" + std::string(6, '?') + "b");
}

TEST(Printable, IsCutAfterEightyCharacters)
{
    EXPECT_EQ(printable(std::string(80, 'a')), std::string(80, 'a'));
    EXPECT_EQ(printable(std::string(81, 'a')), std::string(80, 'a') + "...");
}

}  // namespace
TEST(ValidUtf8, KeepsWhatIsValid)
{
    EXPECT_EQ(valid_utf8("plain, Zürich, 東京, 🎒"), "plain, Zürich, 東京, 🎒");
}

TEST(ValidUtf8, ReplacesWhatIsNot)
{
    EXPECT_EQ(valid_utf8("a\xff" "b"), "a?b");
    EXPECT_EQ(valid_utf8("\xc3"), "?");                 // cut off
    EXPECT_EQ(valid_utf8("\xc0\xaf"), "??");            // overlong
    EXPECT_EQ(valid_utf8("\xe0\x80\xaf"), "???");
    EXPECT_EQ(valid_utf8("\xed\xa0\x80"), "???");       // a surrogate
    EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), "????");  // over U+10FFFF
    EXPECT_EQ(valid_utf8("\xe6\x9d" "a"), "??a");
}

}  // namespace cdn

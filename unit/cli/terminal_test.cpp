#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace cdn::cli {
namespace {

TEST(Harmless, HasNoControlsAndNothingThatTurnsTheWriting)
{
    EXPECT_EQ(harmless("a\033[2Jb\r\n\t\x7f"), "a?[2Jb????");
    EXPECT_EQ(harmless("\xC2\x9B" "31m"), "?31m");     // CSI of eight bits
    EXPECT_EQ(harmless("\x9B" "31m\xff"), "?31m?");
    EXPECT_EQ(harmless("a\xE2\x80\xAE" "b\xE2\x81\xA6"), "a?b?");
    EXPECT_EQ(harmless("Zürich 学校"), "Zürich 学校");
    EXPECT_EQ(harmless(std::string_view("\0", 1)), "?");
    EXPECT_EQ(harmless(""), "");
}

TEST(Columns, CountWideOnesTwice)
{
    EXPECT_EQ(columns("abc"), 3);
    EXPECT_EQ(columns("Zürich"), 6);
    EXPECT_EQ(columns("学校"), 4);
    EXPECT_EQ(columns("e\xCC\x81"), 1);
}

TEST(Fit, CutsAndFills)
{
    EXPECT_EQ(fit("abc", 5), "abc  ");
    EXPECT_EQ(fit("abc", 3), "abc");
    EXPECT_EQ(fit("abcd", 3), "a..");
    EXPECT_EQ(fit("abcd", 2), "..");
    EXPECT_EQ(fit("abcd", 1), ".");
    EXPECT_EQ(fit("abcd", 0), "");
    EXPECT_EQ(fit("学校学校", 5), "学.. ");            // never half of one
    EXPECT_EQ(fit_right("12", 4), "  12");
}

TEST(Table, MakesOneColumnGiveWay)
{
    const Table table{{"N", "NAME"}, {true, false}, {{"12", "a long name of something"}, {"3", "b"}}};
    EXPECT_EQ(table.lines(80, 1), (std::vector<std::string>{" N  NAME", "12  a long name of something", " 3  b"}));
    EXPECT_EQ(table.lines(14, 1), (std::vector<std::string>{" N  NAME", "12  a long n..", " 3  b"}));
    for (const std::string &line : table.lines(5, 1)) {
        EXPECT_LE(columns(line), 5);
    }
}

TEST(Numbers, AreAsPeopleWriteThem)
{
    EXPECT_EQ(number(999), "999");
    EXPECT_EQ(number(1000), "1,000");
    EXPECT_EQ(number(-1234567), "-1,234,567");
    EXPECT_EQ(number(1234.56, 1), "1,234.6");
    EXPECT_EQ(number(std::nullopt), "-");
    EXPECT_EQ(bytes(1023), "1023 B");
    EXPECT_EQ(bytes(1024), "1.0 KiB");
    EXPECT_EQ(bytes(123.0 * 1024 * 1024), "123 MiB");
    EXPECT_EQ(percent(0.9312), "93.1 %");
    EXPECT_EQ(milliseconds(0.25), "0.2 ms");
    EXPECT_EQ(milliseconds(12'340), "12.3 s");
    EXPECT_EQ(duration(59.9), "59s");
    EXPECT_EQ(duration(200), "3m 20s");
    EXPECT_EQ(duration(3600), "1h 0m");
    EXPECT_EQ(duration(86400 * 3 + 7200), "3d 2h");
    EXPECT_EQ(duration(-5), "0s");
}

TEST(Numbers, ThatAreNoneAreDashes)
{
    for (const double value : {1.0 / 0.0, -1.0 / 0.0, 0.0 / 0.0}) {
        EXPECT_EQ(number(value), "-");
        EXPECT_EQ(bytes(value), "-");
        EXPECT_EQ(percent(value), "-");
        EXPECT_EQ(milliseconds(value), "-");
    }
    EXPECT_EQ(clock_time(1e300).size(), 19U);
}

}  // namespace
}  // namespace cdn::cli

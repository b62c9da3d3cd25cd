#include "image/ending.h"

#include <gtest/gtest.h>

#include <string>

namespace cdn::image {
namespace {

using namespace std::string_literals;

// ---- JPEG

const std::string start = "\xFF\xD8"s;
const std::string end = "\xFF\xD9"s;
const std::string data = "data\xFF\0more\xFF\xD3more"s;

std::string segment(char marker, const std::string &content)
{
    return "\xFF"s + marker + '\0' + static_cast<char>(content.size() + 2) + content;
}

// Of components named 1 and 2.
std::string frame(char marker)
{
    return segment(marker, "\x08\0\x10\0\x10\x02\x01\x11\0\x02\x11\0"s);
}

std::string scan(const std::string &components, char first, char last, char low)
{
    std::string content(1, static_cast<char>(components.size()));
    for (const char name : components) {
        content += name + "\0"s;
    }
    return segment('\xDA', content + first + last + low) + data;
}

TEST(LacksEndMarker, OfAJpegWithoutItOnly)
{
    const std::string jpeg = start + frame('\xC0') + scan("\1\2", 0, 63, 0);
    EXPECT_TRUE(lacks_end_marker(jpeg));
    EXPECT_TRUE(lacks_end_marker(jpeg + '\xFF'));
    EXPECT_TRUE(lacks_end_marker(jpeg + "\xFF\0"s)) << "a byte of data";
    EXPECT_FALSE(lacks_end_marker(jpeg + end));
    EXPECT_FALSE(lacks_end_marker(jpeg + end + "what a telephone puts behind"));
    EXPECT_FALSE(lacks_end_marker(jpeg + "\0\0"s)) << "no scan ends so";
}

TEST(LacksEndMarker, WhereEveryComponentHasCome)
{
    const std::string one = start + frame('\xC0') + scan("\1", 0, 63, 0);
    EXPECT_FALSE(lacks_end_marker(one));
    EXPECT_TRUE(lacks_end_marker(one + scan("\2", 0, 63, 0)));
    EXPECT_FALSE(lacks_end_marker(one + scan("\3", 0, 63, 0)));
}

TEST(LacksEndMarker, WhereEveryBitOfAProgressiveJpegHasCome)
{
    const std::string first = start + frame('\xC2') + scan("\1\2", 0, 0, 0) + scan("\1", 1, 63, 0);
    EXPECT_FALSE(lacks_end_marker(first));

    const std::string rough = first + scan("\2", 1, 63, 1);
    EXPECT_FALSE(lacks_end_marker(rough));
    EXPECT_FALSE(lacks_end_marker(rough + scan("\2", 1, 62, 0x10)));
    EXPECT_TRUE(lacks_end_marker(rough + scan("\2", 1, 63, 0x10)));
}

TEST(LacksEndMarker, NotWhereAnotherSegmentBegins)
{
    const std::string jpeg = start + frame('\xC0') + scan("\1\2", 0, 63, 0);
    EXPECT_FALSE(lacks_end_marker(jpeg + segment('\xFE', "a comment")));
    EXPECT_FALSE(lacks_end_marker(jpeg + "\xFF\xE1\x40\0 cut off"s));
}

TEST(LacksEndMarker, OfNothingOfTheKind)
{
    EXPECT_FALSE(lacks_end_marker(""));
    EXPECT_FALSE(lacks_end_marker(start));
    EXPECT_FALSE(lacks_end_marker(start + scan("\1", 0, 63, 0)));
    EXPECT_FALSE(lacks_end_marker(start + frame('\xC9') + scan("\1\2", 0, 63, 0))) << "arithmetic";
    EXPECT_FALSE(lacks_end_marker(start + segment('\xC0', "") + segment('\xDA', "")));
}

// ---- GIF

const std::string screen = "GIF89a\4\0\4\0\x80\0\0abcdef"s;
const std::string control = "\x21\xF9\4\0\1\0\0\0"s;
const std::string picture = "\x2C\0\0\0\0\4\0\4\0\x80" "abcdef" "\2\3xyz\2xy"s;

TEST(BreaksOff, WhereAFrameIsMissingInPart)
{
    const std::string gif = screen + control + picture + '\0' + control + picture + "\0;"s;
    EXPECT_FALSE(breaks_off(gif));
    EXPECT_FALSE(breaks_off(gif.substr(0, gif.size() - 1))) << "the trailer";
    EXPECT_FALSE(breaks_off(gif.substr(0, gif.size() - 2))) << "and what says that no data follows";
    for (std::size_t missing = 3; missing < picture.size() + 2; missing++) {
        const bool after_a_block = missing == 5;
        EXPECT_EQ(breaks_off(gif.substr(0, gif.size() - missing)), !after_a_block) << missing;
    }
}

TEST(BreaksOff, OutsideOfFrames)
{
    EXPECT_TRUE(breaks_off(screen.substr(0, 12)));
    EXPECT_TRUE(breaks_off(screen.substr(0, 16)));
    EXPECT_TRUE(breaks_off(screen + control.substr(0, 1)));
    EXPECT_TRUE(breaks_off(screen + control.substr(0, 5)));
}

TEST(BreaksOff, NotWhereSomethingFollows)
{
    const std::string gif = screen + picture + '\0';
    EXPECT_FALSE(breaks_off(gif + ";more"));
    EXPECT_FALSE(breaks_off(gif + "\0\0\0\0"s));
}

}  // namespace
}  // namespace cdn::image

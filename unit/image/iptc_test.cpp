#include "image/iptc.h"

#include <gtest/gtest.h>

#include <string>

namespace cdn::image {
namespace {

using namespace std::string_literals;

std::string field(int record, int number, const std::string &text)
{
    return {'\x1C', static_cast<char>(record), static_cast<char>(number), static_cast<char>(text.size() >> 8),
            static_cast<char>(text.size())};
}

std::string with(int record, int number, const std::string &text)
{
    return field(record, number, text) + text;
}

std::string segment(const std::string &records, const std::string &before = {})
{
    const std::string size = {0, 0, static_cast<char>(records.size() >> 8), static_cast<char>(records.size())};
    return "Photoshop 3.0\0"s + before + "8BIM\x04\x04\0\0"s + size + records + std::string(records.size() % 2, '\0');
}

const std::string utf8 = with(1, 90, "\x1B%G");
const std::string version = with(2, 0, "\0\x02"s);
const std::string owner = with(2, 80, "Ann") + with(2, 110, "Agency") + with(2, 115, "Ann") + with(2, 116, "(c) Ann");
const std::string place = with(2, 26, "x") + with(2, 27, "Home") + with(2, 90, "Bonn") + with(2, 92, "Home street 1")
                          + with(2, 95, "NRW") + with(2, 100, "DEU") + with(2, 101, "Germany");
const std::string caption = with(2, 120, "A cat");
const std::string preview = with(2, 202, "JFIF");

TEST(KeptIptc, IsTheOwner)
{
    EXPECT_EQ(kept_iptc(segment(utf8 + version + place + owner + caption + preview), Metadata::copyright),
              segment(utf8 + version + owner));
    EXPECT_EQ(kept_iptc(segment(owner), Metadata::none), "");
}

TEST(KeptIptc, IsAllButThePlaceWhereAsked)
{
    EXPECT_EQ(kept_iptc(segment(utf8 + version + place + owner + caption + preview + with(7, 10, "x")), Metadata::keep),
              segment(utf8 + version + owner + caption));
}

TEST(KeptIptc, IsNothingWhereNothingIsSaid)
{
    EXPECT_EQ(kept_iptc(segment(utf8 + version + caption), Metadata::copyright), "");
    EXPECT_EQ(kept_iptc(segment(utf8 + version + place), Metadata::keep), "");
    EXPECT_EQ(kept_iptc("", Metadata::keep), "");
}

TEST(KeptIptc, IsFoundBehindOtherResources)
{
    const auto other = "8BIM\x03\xED\x03""abc\0\0\0\x03xyz\0"s;
    EXPECT_EQ(kept_iptc(segment(owner, other), Metadata::copyright), segment(owner));
    EXPECT_EQ(kept_iptc(owner, Metadata::copyright), segment(owner)) << "bare, as in a TIFF";
}

TEST(KeptIptc, EndsWhereTheSegmentDoes)
{
    const auto whole = segment(utf8 + owner, "8BIM\x03\xED\0\0\0\0\0\x02xy"s);
    for (std::size_t size = 0; size + 1 < whole.size(); size++) {                // the last byte but evens the size
        EXPECT_EQ(kept_iptc(whole.substr(0, size), Metadata::copyright), "") << size;
    }

    EXPECT_EQ(kept_iptc(with(2, 116, "me") + "\x1C\x02\x50\xFF\xFF", Metadata::copyright), segment(with(2, 116, "me")));
    EXPECT_EQ(kept_iptc("Photoshop 3.0\0008BIM\x04\x04\0\0\xFF\xFF\xFF\xFF"s + owner, Metadata::copyright), "");
}

}  // namespace
}  // namespace cdn::image

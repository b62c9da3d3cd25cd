#include "image/layout.h"

#include "pictures.h"

namespace cdn::image {
namespace {

using namespace std::string_literals;

// ---- chroma

std::string meta(const std::string &properties)
{
    return "\0\0\0\x10" "ftypavif\0\0\0\0"s + big_endian(static_cast<std::uint32_t>(8 + properties.size())) + "meta"
           + properties;
}

std::string av1(char flags)
{
    return "av1C\x81\x0C"s + flags + '\0';
}

std::string hevc(char chroma)
{
    return "hvcC"s + std::string(16, '\1') + chroma + "\xF8"s;
}

TEST(HasQuarterChroma, IfEveryPictureOfTheFileHas)
{
    EXPECT_TRUE(has_quarter_chroma(meta(av1(0x0C))));
    EXPECT_TRUE(has_quarter_chroma(meta(av1(0x1C))));      // none
    EXPECT_FALSE(has_quarter_chroma(meta(av1(0x08))));     // a half
    EXPECT_FALSE(has_quarter_chroma(meta(av1(0x00))));
    EXPECT_TRUE(has_quarter_chroma(meta(hevc('\xFD'))));
    EXPECT_TRUE(has_quarter_chroma(meta(hevc('\xFC'))));
    EXPECT_FALSE(has_quarter_chroma(meta(hevc('\xFE'))));
    EXPECT_FALSE(has_quarter_chroma(meta(hevc('\xFF'))));

    EXPECT_TRUE(has_quarter_chroma(meta(av1(0x0C) + "C" + av1(0x0C))));
    EXPECT_FALSE(has_quarter_chroma(meta(av1(0x0C) + av1(0x00))));
    EXPECT_FALSE(has_quarter_chroma(meta(av1(0x00) + hevc('\xFD'))));
}

TEST(HasQuarterChroma, BelievesTheMetaBoxAlone)
{
    EXPECT_FALSE(has_quarter_chroma(""));
    EXPECT_FALSE(has_quarter_chroma("meta"));
    EXPECT_FALSE(has_quarter_chroma(meta("")));
    EXPECT_FALSE(has_quarter_chroma(meta("") + av1(0x0C)));
    EXPECT_TRUE(has_quarter_chroma(meta(av1(0x0C)) + av1(0x00)));
    EXPECT_FALSE(has_quarter_chroma(meta("av1C\x81\x0C")));
}

// ---- TIFF

constexpr int side = 1000;

std::uint64_t blocks(const std::string &tiff, int page = 1, int pixel_bytes = 3)
{
    return tiff_block_memory(tiff, page, side, side, pixel_bytes);
}

struct Entry {
    std::uint16_t tag, type;
    std::uint32_t value;
};

std::string number(std::uint64_t value, int size, bool big_endian)
{
    std::string out;
    for (int i = 0; i < size; i++) {
        out += static_cast<char>(value >> 8 * (big_endian ? size - 1 - i : i));
    }
    return out;
}

// Of directories, all with these entries but the first, which has none.
std::string tiff(const std::vector<Entry> &entries, bool big_endian, bool wide)
{
    const int word = wide ? 8 : 4;
    const auto n = [&](std::uint64_t value, int size) { return number(value, size, big_endian); };

    std::string out = (big_endian ? "MM" : "II") + n(wide ? 43 : 42, 2) + (wide ? n(8, 2) + n(0, 2) : "");
    const auto next = [&] { return n(out.size() + static_cast<std::size_t>(word), word); };
    out += next();
    out += n(0, wide ? 8 : 2);
    out += next();
    out += n(entries.size(), wide ? 8 : 2);
    for (const Entry &entry : entries) {
        const std::string value = n(entry.value, entry.type == 3 ? 2 : 4);
        out += n(entry.tag, 2) + n(entry.type, 2) + n(1, word) + value
               + std::string(static_cast<std::size_t>(word) - value.size(), '\0');
    }
    return out + n(0, word);
}

TEST(TiffBlockMemory, OfStripsAreTwo)
{
    for (const bool big_endian : {false, true}) {
        for (const bool wide : {false, true}) {
            EXPECT_EQ(blocks(tiff({{278, 3, 10}}, big_endian, wide), 2), 2U * side * 10 * 3);
            EXPECT_EQ(blocks(tiff({{278, 4, 128}}, big_endian, wide), 2, 6), 2U * side * 128 * 6);
        }
    }
}

TEST(TiffBlockMemory, OfHighStripsAreNoneThatAreReadLineByLine)
{
    EXPECT_EQ(blocks(tiff({{278, 4, 129}}, false, false), 2), 0U);
    EXPECT_EQ(blocks(tiff({}, false, false), 2), 0U);
    EXPECT_EQ(blocks(tiff({{278, 4, 0xFFFFFFFF}, {284, 3, 2}}, false, false), 2), 2U * side * side * 3);
    EXPECT_GE(blocks(tiff({{259, 3, 7}, {278, 4, 500}}, false, false), 2), 2U * side * 500 * 3);
}

TEST(TiffBlockMemory, OfTilesAreTwoRowsAndTheNextOne)
{
    EXPECT_EQ(blocks(tiff({{322, 3, 100}, {323, 3, 200}}, true, false), 2), (2U * side * 200 + 100 * 200) * 3);
    EXPECT_EQ(blocks(tiff({{322, 4, 5000}, {323, 4, 5000}}, true, true), 2), 2U * side * side * 3);
}

TEST(TiffBlockMemory, HoldsTheCompressedToo)
{
    const std::string half = tiff({{259, 3, 5}, {278, 3, side / 2}}, false, false);
    EXPECT_EQ(blocks(half, 2), half.size() / 2);
}

TEST(TiffBlockMemory, IsThatOfStripsWhereThereIsNothingToRead)
{
    EXPECT_EQ(blocks(""), 0U);
    EXPECT_EQ(blocks("II*\0\xFF\xFF\xFF\xFF"s), 0U);
    EXPECT_EQ(blocks("MM\0+\0\x08\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, 3), 0U);
}

}  // namespace
}  // namespace cdn::image

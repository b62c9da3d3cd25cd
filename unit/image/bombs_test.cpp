#include "image/bombs.h"

#include <gtest/gtest.h>

#include <string>

namespace cdn::image {
namespace {

using namespace std::string_literals;

std::string times(int n, const std::string &text)
{
    std::string all;
    for (int i = 0; i < n; i++) {
        all += text;
    }

    return all;
}

const std::string start = "\xFF\xD8\xFF\xC2\x00\x02"s;
const std::string scan = "\xFF\xDA\x00\x03\x01 data \xFF\x00 more \xFF\xD3 and more"s;
const std::string end = "\xFF\xD9"s;

const std::string signature = "\x89PNG\r\n\x1a\n";
const std::string text = "\x00\x00\x00\x02zTXtx\x00" "4567"s;
const std::string utf8 = "\x00\x00\x00\x02iTXtx\x00" "4567"s;

bool passes(const std::string &bytes, Format format)
{
    return !check_for_bombs(bytes, format);
}

TEST(CheckForBombs, RefusesAJpegOfManyScans)
{
    EXPECT_TRUE(passes(start + times(100, scan) + end, Format::jpeg));

    const auto error = check_for_bombs(start + times(101, scan) + end, Format::jpeg);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::too_large);
    EXPECT_EQ(error->message, "the source has 101 scans, more than 100");
}

TEST(CheckForBombs, CountsScansBehindPaddingAndDamage)
{
    EXPECT_FALSE(passes(start + times(101, "\xFF\xFF" + scan), Format::jpeg));
    EXPECT_FALSE(passes(start + times(101, "\xFF\xDA\x00\x00"s), Format::jpeg));
    EXPECT_FALSE(passes(start + "\xFF\x01 \xFF\xD8"s + times(101, scan), Format::jpeg));
}

TEST(CheckForBombs, DoesNotCountWhatIsNoScan)
{
    // within a segment, and behind the end
    EXPECT_TRUE(passes(start + times(101, "\xFF\xE1\x00\x06\xFF\xDA\x00\x01"s) + scan, Format::jpeg));
    EXPECT_TRUE(passes(start + scan + end + times(101, scan), Format::jpeg));
    for (std::size_t size = 0; size < start.size() + scan.size(); size++) {
        EXPECT_TRUE(passes((start + scan).substr(0, size), Format::jpeg));
    }
}

TEST(CheckForBombs, RefusesAPngOfManyTexts)
{
    EXPECT_TRUE(passes(signature + times(10, text + utf8), Format::png));
    EXPECT_FALSE(passes(signature + times(10, text + utf8) + text, Format::png));
    EXPECT_FALSE(passes(signature + times(10, text + utf8) + utf8, Format::png));
    EXPECT_TRUE(passes(signature + times(50, "\x00\x00\x00\x02tEXtx\x00" "4567"s), Format::png));
    EXPECT_TRUE(passes(signature + "\xFF\xFF\xFF\xFFIDAT"s + times(50, text), Format::png));
    EXPECT_TRUE(passes("", Format::png));
}

TEST(CheckForBombs, RefusesAPngOfManyChunks)
{
    const auto pixels = "\x00\x00\x00\x00IDAT4567"s;
    EXPECT_TRUE(passes(signature + times(100'000, pixels), Format::png));
    EXPECT_FALSE(passes(signature + times(50'001, pixels + "\x00\x00\x00\x01teXta4567"s), Format::png));
}

TEST(CheckForBombs, RefusesAPngThatPromisesMoreThanItHas)
{
    const auto long_text = "\x6B\x00\x00\x00zTXt"s;
    EXPECT_FALSE(passes(signature + long_text, Format::png));
    EXPECT_FALSE(passes(signature + text + long_text + "x\x00" "4567"s, Format::png));
    EXPECT_FALSE(passes(signature + "\x00\x00\x00\x05iCCPabcd"s, Format::png));
    EXPECT_TRUE(passes(signature + "\x00\x00\x00\x04iCCPabcd"s, Format::png));
    EXPECT_TRUE(passes(signature + "\x00\x00\x00\x00IEND4567"s + long_text, Format::png));
    EXPECT_TRUE(passes(signature + "\x00\x00\x00\x05IDATabcd"s, Format::png));
}

TEST(CheckForBombs, RefusesAJpegOfManyApplicationSegments)
{
    const auto segment = "\xFF\xE1\x00\x02"s;
    const auto comment = "\xFF\xFE\x00\x02"s;
    EXPECT_TRUE(passes(start + times(1000, segment + comment) + scan + end, Format::jpeg));
    EXPECT_TRUE(passes(start + scan + end + times(1001, segment), Format::jpeg));

    const auto error = check_for_bombs(start + times(1000, segment) + "\xFF\xEF\x00\x02"s, Format::jpeg);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::too_large);
    EXPECT_EQ(error->message, "the source has 1001 application segments, more than 1000");
}

TEST(CheckForBombs, RefusesAWebpOfManyFrames)
{
    const auto riff = "RIFF\xFF\xFF\xFF\x00WEBP"s;
    const auto frame = "ANMF\x03\x00\x00\x00" "abc\x00"s;
    EXPECT_TRUE(passes(riff + times(4096, frame + "EXIF\x00\x00\x00\x00"s), Format::webp));
    EXPECT_FALSE(passes(riff + times(4097, frame), Format::webp));
    EXPECT_TRUE(passes(riff + "XXXX\xFF\xFF\xFF\xFF"s + times(4097, frame), Format::webp));
    EXPECT_TRUE(passes("RIFF", Format::webp));
}

// A directory of `entries`, then where the next one is.
std::string directory(int entries, std::uint32_t next, bool wide = false)
{
    std::string all = {static_cast<char>(entries), 0};
    all += std::string(wide ? 6 : 0, '\0') + std::string(static_cast<std::size_t>(entries * (wide ? 20 : 12)), 'x');
    for (int i = 0; i < (wide ? 8 : 4); i++) {
        all += static_cast<char>(i < 4 ? next >> 8 * i : 0);
    }

    return all;
}

std::string tiff_of(std::uint32_t pages, bool wide)
{
    std::string all = wide ? "II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0"s : "II*\0\x08\0\0\0"s;
    while (pages-- > 0) {
        const auto next = static_cast<std::uint32_t>(all.size() + directory(1, 0, wide).size());
        all += directory(1, pages == 0 ? 0 : next, wide);
    }

    return all;
}

TEST(CheckForBombs, RefusesATiffOfManyPages)
{
    for (const bool wide : {false, true}) {
        EXPECT_TRUE(passes(tiff_of(10'000, wide), Format::tiff));
        EXPECT_FALSE(passes(tiff_of(10'001, wide), Format::tiff));
    }

    EXPECT_TRUE(passes("MM\0*\0\0\0\x08\0\0\0\0\xFF\xFF"s, Format::tiff)) << "the next one is beyond the end";
    EXPECT_FALSE(passes("II*\0\x08\0\0\0"s + directory(1, 8), Format::tiff)) << "a circle";
    EXPECT_TRUE(passes("II*\0"s, Format::tiff));
}

TEST(CheckForBombs, LooksAtNoOtherFormat)
{
    EXPECT_TRUE(passes(signature + times(50, text), Format::gif));
}

}  // namespace
}  // namespace cdn::image

#include "image/bare.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace cdn::image {
namespace {

using namespace std::string_literals;

std::string number(std::size_t value, int bytes, bool big_endian)
{
    std::string out;
    for (int i = 0; i < bytes; i++) {
        out.push_back(static_cast<char>(value >> 8 * (big_endian ? bytes - 1 - i : i)));
    }

    return out;
}

std::string segment(std::uint8_t marker, const std::string &data)
{
    return '\xFF' + std::string(1, static_cast<char>(marker)) + number(data.size() + 2, 2, true) + data;
}

const std::string jfif = segment(0xE0, "JFIF\0\1\1\0\0\1\0\1\0\0"s);
const std::string scan = segment(0xDA, "\1\1\0\0\x3F\0"s) + "data\xFF\0more\xFF\xD0more"s;
const std::string end = "\xFF\xD9";

std::string jpeg(const std::string &before_scan, const std::string &after_scan = end)
{
    return "\xFF\xD8" + before_scan + segment(0xDB, "table") + scan + after_scan;
}

std::string chunk(const std::string &type, const std::string &data)
{
    return number(data.size(), 4, true) + type + data + "crc.";
}

std::string png(const std::string &chunks, const std::string &tail = "")
{
    return "\x89PNG\r\n\x1A\n" + chunk("IHDR", "thirteen byte") + chunks + chunk("IEND", "") + tail;
}

std::string riff(const std::string &type, const std::string &data)
{
    return type + number(data.size(), 4, false) + data + std::string(data.size() % 2, '\0');
}

std::string webp(const std::string &chunks)
{
    return riff("RIFF", "WEBP" + chunks);
}

const std::string frame = "\x2C\0\0\0\0\1\0\1\0\x80"s + "color." + "\2\3lzw\0"s;
const std::string control = "\x21\xF9\4\0\0\0\0\0"s;

std::string gif(const std::string &blocks, const std::string &tail = "")
{
    return "GIF89a\1\0\1\0\x80\0\0"s + "color." + blocks + ';' + tail;
}

struct File {
    const char *what;
    std::string bytes;
    bool        bare;
};

void expect(Format format, const std::vector<File> &files)
{
    for (const auto &[what, bytes, bare] : files) {
        EXPECT_EQ(is_bare(bytes, format), bare) << what;
    }
}

TEST(BareJpeg, HasNothingButTablesAndScans)
{
    expect(Format::jpeg, {
        {"no application segment", jpeg(""), true},
        {"JFIF", jpeg(jfif), true},
        {"Adobe", jpeg(segment(0xEE, "Adobe\0\x64\0\0\0\0\1"s)), true},
        {"two scans", jpeg(jfif, segment(0xC4, "table") + scan + end), true},
        {"Exif", jpeg(segment(0xE1, "Exif\0\0data"s)), false},
        {"ICC", jpeg(segment(0xE2, "ICC_PROFILE\0\1\1data"s)), false},
        {"IPTC", jpeg(segment(0xED, "Photoshop 3.0\0data"s)), false},
        {"a comment", jpeg(segment(0xFE, "comment")), false},
        {"a comment between scans", jpeg(jfif, segment(0xFE, "comment") + scan + end), false},
        {"JFIF with a thumbnail", jpeg(segment(0xE0, "JFIF\0\1\1\0\0\1\0\1\1\1rgb"s)), false},
        {"a tail", jpeg(jfif, end + "tail"), false},
        {"no end", jpeg(jfif, ""), false},
        {"half an end", jpeg(jfif, "\xFF"), false},
        {"half a segment", "\xFF\xD8" + segment(0xDB, std::string(99, ' ')).substr(0, 50), false},
        {"no marker", jpeg("xx"), false},
        {"the first marker alone", "\xFF\xD8", false},
    });
}

TEST(BareJpeg, HasNoSegmentThatDecodersSkip)
{
    expect(Format::jpeg, {
        {"text where JFIF stands", jpeg(segment(0xE0, "fourteen bytes")), false},
        {"text where Adobe stands", jpeg(segment(0xEE, "twelve bytes")), false},
        {"text as a number of lines", jpeg(segment(0xDC, "secret")), false},
        {"text in a reserved segment", jpeg(segment(0xF7, "secret")), false},
    });
}

TEST(BarePng, HasNothingButPixels)
{
    const auto data = chunk("IDAT", "data");
    expect(Format::png, {
        {"pixels", png(data + data), true},
        {"a palette with transparency", png(chunk("PLTE", "rgb") + chunk("tRNS", "a") + data), true},
        {"text", png(chunk("tEXt", "Comment\0text"s) + data), false},
        {"text behind the pixels", png(data + chunk("zTXt", "Comment\0\0text"s)), false},
        {"Exif", png(chunk("eXIf", "II*\0"s) + data), false},
        {"a colour profile", png(chunk("iCCP", "name\0\0data"s) + data), false},
        {"an unknown chunk", png(chunk("prVt", "data") + data), false},
        {"a tail", png(data, "tail"), false},
        {"no end", png(data).substr(0, png(data).size() - 12), false},
        {"a chunk longer than the file", png(number(0xFFFFFFFF, 4, true) + "IDAT"), false},
        {"the signature alone", "\x89PNG\r\n\x1A\n", false},
    });
}

TEST(BareWebp, HasNothingButPixels)
{
    const auto pixels = riff("VP8 ", "data");
    expect(Format::webp, {
        {"lossy", webp(pixels), true},
        {"lossless, of odd length", webp(riff("VP8L", "odd")), true},
        {"with alpha", webp(riff("VP8X", "ten bytes.") + riff("ALPH", "data") + pixels), true},
        {"Exif", webp(riff("VP8X", "ten bytes.") + pixels + riff("EXIF", "data")), false},
        {"XMP", webp(riff("VP8X", "ten bytes.") + pixels + riff("XMP ", "data")), false},
        {"a colour profile", webp(riff("VP8X", "ten bytes.") + riff("ICCP", "data") + pixels), false},
        {"a tail", webp(pixels) + "tail", false},
        {"cut", webp(pixels).substr(0, 22), false},
        {"a chunk longer than the file", webp("VP8 \xFF\xFF\xFF\xFF"), false},
        {"a padding byte too few", riff("RIFF", "WEBP" + riff("VP8L", "odd").substr(0, 11)).substr(0, 23),
         false},
        {"nothing", "RIFF", false},
    });
}

TEST(BareWebp, HasNothingButPixelsInItsFrames)
{
    const auto animated = [](const std::string &chunks) {
        return webp(riff("VP8X", "ten bytes.") + riff("ANIM", "6bytes")
                    + riff("ANMF", "a header of 16 b" + chunks));
    };
    expect(Format::webp, {
        {"pixels", animated(riff("ALPH", "data") + riff("VP8 ", "data")), true},
        {"an unknown chunk", animated(riff("VP8 ", "data") + riff("prVt", "secret")), false},
    });
}

TEST(BareGif, HasNothingButFrames)
{
    const auto loop = "\x21\xFF\x0BNETSCAPE2.0\3\1\0\0\0"s;
    expect(Format::gif, {
        {"one frame", gif(frame), true},
        {"an animation", gif(loop + control + frame + control + frame), true},
        {"a comment", gif("\x21\xFE\4text\0"s + frame), false},
        {"plain text", gif("\x21\x01\4text\0"s + frame), false},
        {"XMP", gif("\x21\xFF\x0BXMP DataXMP\4text\0"s + frame), false},
        {"a tail", gif(frame, "tail"), false},
        {"a second trailer", gif(frame, ";"), false},
        {"no trailer", gif(frame).substr(0, gif(frame).size() - 1), false},
        {"cut in a frame", gif(frame).substr(0, 30), false},
        {"cut in the colours", gif(frame).substr(0, 15), false},
        {"the signature alone", "GIF89a", false},
    });
}

TEST(Bare, IsNotKnownOfOtherFormats)
{
    EXPECT_FALSE(is_bare(png(""), Format::avif));
    EXPECT_FALSE(is_bare(png(""), Format::tiff));
    EXPECT_FALSE(is_bare("", Format::jpeg));
}

}  // namespace
}  // namespace cdn::image

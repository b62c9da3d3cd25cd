#include "image/bare.h"

#include "image/bytes.h"
#include "image/gif_blocks.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace cdn::image {

namespace {

using namespace std::string_view_literals;

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N> &names)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Segments that a decoder reads and that hold nothing else: tables, frames,
// scans, restart intervals, and the application segments of JFIF and Adobe.
bool is_picture_segment(std::uint8_t marker, std::string_view content)
{
    switch (marker) {
    case 0xC0: case 0xC1: case 0xC2: case 0xC4: case 0xDA: case 0xDB: case 0xDD:
        return true;
    case 0xE0:
        return content.size() == 14 && content.starts_with("JFIF\0"sv);
    case 0xEE:
        return content.size() == 12 && content.starts_with("Adobe"sv);
    default:
        return false;
    }
}

// ITU-T T.81 annex B: markers, lengths, and entropy-coded data between them.
bool is_bare_jpeg(std::string_view bytes)
{
    std::size_t at = 2;

    while (at + 4 <= bytes.size()) {
        const std::uint8_t marker = byte_at(bytes, at + 1);
        const std::size_t length = byte_at(bytes, at + 2) << 8 | byte_at(bytes, at + 3);
        if (byte_at(bytes, at) != 0xFF || length < 2 || at + 2 + length > bytes.size()
            || !is_picture_segment(marker, bytes.substr(at + 4, length - 2)))
        {
            return false;
        }

        at += 2 + length;
        if (marker != 0xDA) {                          // start of scan
            continue;
        }

        // to the next marker that is neither a stuffed byte nor a restart
        for (;; at++) {
            at = bytes.find('\xFF', at);
            if (at == bytes.npos || at + 2 > bytes.size()) {
                return false;
            }
            const std::uint8_t next = byte_at(bytes, at + 1);
            if (next == 0xD9) {                        // end of image
                return at + 2 == bytes.size();
            }
            if (next != 0 && !(next >= 0xD0 && next <= 0xD7)) {
                break;
            }
        }
    }

    return false;
}

// PNG, third edition, section 5.3.
bool is_bare_png(std::string_view bytes)
{
    static constexpr std::array pictures = {"IHDR"sv, "PLTE"sv, "IDAT"sv, "tRNS"sv, "gAMA"sv,
                                            "sRGB"sv, "bKGD"sv, "pHYs"sv, "sBIT"sv};

    for (std::size_t at = 8; at + 12 <= bytes.size();) {
        const std::size_t length = big_endian(bytes, at, 4);
        const auto type = bytes.substr(at + 4, 4);

        at += 12 + length;
        if (type == "IEND"sv) {
            return length == 0 && at == bytes.size();
        }
        if (!is_one_of(type, pictures)) {
            return false;
        }
    }

    return false;
}

// RFC 9649 section 2: chunks, of which a frame (ANMF) holds some of its own
// behind 16 bytes of its place and time.
bool has_bare_chunks(std::string_view bytes, bool in_frame)
{
    static constexpr std::array pixels = {"VP8 "sv, "VP8L"sv, "ALPH"sv};
    static constexpr std::array whole = {"VP8X"sv, "ANIM"sv, "ANMF"sv};

    while (bytes.size() >= 8) {
        const auto type = bytes.substr(0, 4);
        const std::uint64_t length = little_endian(bytes, 4, 4);
        const std::uint64_t padded = length + length % 2;

        if (8 + padded > bytes.size()
            || (!is_one_of(type, pixels) && (in_frame || !is_one_of(type, whole))))
        {
            return false;
        }
        if (type == "ANMF"sv && (length < 16 || !has_bare_chunks(bytes.substr(24, length - 16), true))) {
            return false;
        }
        bytes.remove_prefix(8 + padded);
    }

    return bytes.empty();
}

bool is_whole_webp(std::string_view bytes)
{
    return bytes.size() >= 12 && bytes.starts_with("RIFF"sv) && bytes.substr(8, 4) == "WEBP"sv
           && little_endian(bytes, 4, 4) + std::uint64_t{8} == bytes.size();
}

bool is_bare_webp(std::string_view bytes)
{
    return is_whole_webp(bytes) && has_bare_chunks(bytes.substr(12), false);
}

bool is_bare_gif(std::string_view bytes)
{
    GifBlocks blocks(bytes);
    while (blocks.next()) {
        const std::uint8_t label = byte_at(blocks.content(), 1);
        const bool control = label == 0xF9;
        const bool loop = label == 0xFF && blocks.content().substr(2, 12) == "\x0BNETSCAPE2.0"sv;
        if (blocks.kind() == GifBlocks::extension && !control && !loop) {
            return false;
        }
    }

    return blocks.rest() == ";"sv;
}

}  // namespace

bool is_bare(std::string_view bytes, Format format)
{
    switch (format) {
    case Format::jpeg: return is_bare_jpeg(bytes);
    case Format::png:  return is_bare_png(bytes);
    case Format::webp: return is_bare_webp(bytes);
    case Format::gif:  return is_bare_gif(bytes);
    default:           return false;
    }
}

}  // namespace cdn::image

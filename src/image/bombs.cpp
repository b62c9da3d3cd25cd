#include "image/bombs.h"

#include "image/bytes.h"
#include "image/heif_items.h"
#include "image/jpeg_segments.h"
#include "image/layout.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace cdn::image {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t most_scans = 100;
constexpr std::size_t most_segments = 1000;            // of applications; 255 are the longest profile
constexpr std::size_t most_texts = 20;
constexpr std::size_t most_chunks = 100'000;
constexpr std::size_t most_frames = 4096;
constexpr std::size_t most_pages = 10'000;

struct Segments {
    std::size_t scans = 0;
    std::size_t of_applications = 0;
};

Segments count_segments(std::string_view bytes)
{
    Segments count;
    for (JpegSegments segments(bytes); segments.next();) {
        count.scans += segments.marker() == 0xDA ? 1 : 0;
        count.of_applications += (segments.marker() & 0xF0) == 0xE0 ? 1 : 0;
    }

    return count;
}

// RFC 9649, section 2.3.
std::size_t count_frames(std::string_view webp)
{
    std::size_t frames = 0;
    for (std::size_t at = 12; at + 8 <= webp.size();) {
        const std::size_t length = little_endian(webp, at + 4, 4);
        frames += webp.substr(at, 4) == "ANMF"sv ? 1 : 0;
        at += 8 + length + length % 2;
    }

    return frames;
}

struct Chunks {
    std::size_t all = 0;
    std::size_t texts = 0;                             // compressed ones
    bool        is_cut = false;                        // one is longer than what is left
};

// PNG, third edition, section 5.3.
Chunks read_chunks(std::string_view bytes)
{
    Chunks chunks;

    for (std::size_t at = 8; at + 8 <= bytes.size();) {
        const std::size_t length = big_endian(bytes, at, 4);
        const auto type = bytes.substr(at + 4, 4);
        if (type == "IEND"sv) {
            break;
        }

        // libpng reads pixels bit by bit, and makes room for the whole of any other
        chunks.is_cut = chunks.is_cut || (length > bytes.size() - at - 8 && type != "IDAT"sv);
        chunks.all++;
        chunks.texts += type == "zTXt"sv || type == "iTXt"sv ? 1 : 0;
        at += 12 + length;
    }

    return chunks;
}

}  // namespace

std::optional<Error> check_for_bombs(std::string_view bytes, Format format, const std::string &what)
{
    const auto refused = [&](std::size_t count, std::string_view things, std::size_t most) {
        return count <= most ? std::nullopt
                             : std::optional(Error{ErrorCode::too_large,
                                                   what + " has " + std::to_string(count) + ' '
                                                       + std::string(things) + ", more than "
                                                       + std::to_string(most)});
    };

    const auto damaged = [&] {
        return Error{ErrorCode::unsupported, what + " is damaged, or not a " + std::string(name(format))};
    };

    switch (format) {
    case Format::jpeg: {
        const Segments count = count_segments(bytes);
        const auto error = refused(count.scans, "scans", most_scans);
        return error ? error : refused(count.of_applications, "application segments", most_segments);
    }
    case Format::png: {
        const Chunks chunks = read_chunks(bytes);
        if (chunks.is_cut) {
            return damaged();
        }
        const auto error = refused(chunks.texts, "compressed texts", most_texts);
        return error ? error : refused(chunks.all, "chunks", most_chunks);
    }
    case Format::webp:
        return refused(count_frames(bytes), "frames", most_frames);
    case Format::avif:
    case Format::heif: {
        const HeifItems items = read_heif_items(bytes);
        return items.entangled ? damaged() : refused(items.bytes, "bytes of items", most_item_bytes);
    }
    case Format::tiff:
        return refused(count_tiff_pages(bytes, most_pages), "pages", most_pages);
    default:
        return std::nullopt;
    }
}

}  // namespace cdn::image

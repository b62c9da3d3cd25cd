#include "image/layout.h"

#include "image/bytes.h"

#include <algorithm>

namespace cdn::image {

namespace {

using namespace std::string_view_literals;

// TIFF 6.0 section 2, and BigTIFF, whose numbers are twice as wide.
class TiffDirectory {
public:
    TiffDirectory(std::string_view bytes, int page)
        : bytes_(bytes), is_big_endian_(bytes.starts_with('M')), is_wide_(number(2, 2) == 43),
          at_(number(is_wide_ ? 8 : 4, word()))
    {
        for (int i = 1; i < page; i++) {
            go_on();
        }
    }

    bool exists() const { return at_ != 0 && at_ < bytes_.size(); }
    void go_on() { at_ = number(entry(entries()), word()); }

    std::uint64_t value(std::uint16_t tag, std::uint64_t otherwise) const
    {
        constexpr std::uint64_t type_short = 3;

        const std::uint64_t last = std::min<std::uint64_t>(entries(), 65535);
        for (std::uint64_t i = 0; i < last; i++) {
            const std::uint64_t at = entry(i);
            if (number(at, 2) == tag) {
                return number(at + 4 + word(), number(at + 2, 2) == type_short ? 2 : 4);
            }
        }

        return otherwise;
    }

private:
    std::size_t word() const { return is_wide_ ? 8 : 4; }
    std::uint64_t entries() const { return number(at_, is_wide_ ? 8 : 2); }
    std::uint64_t entry(std::uint64_t i) const { return at_ + (is_wide_ ? 8 : 2) + i * (4 + 2 * word()); }

    std::uint64_t number(std::uint64_t at, std::size_t size) const
    {
        return is_big_endian_ ? big_endian(bytes_, at, size) : little_endian(bytes_, at, size);
    }

    std::string_view bytes_;
    bool             is_big_endian_;
    bool             is_wide_;
    std::uint64_t    at_;
};

}  // namespace

// The properties of every picture of the file stand in its meta box: ISO/IEC 23008-12
// section 9.3, of AV1 "AV1 Codec ISO Media File Format Binding" section 2.3, of HEVC
// ISO/IEC 14496-15 section 8.3.3.
bool has_quarter_chroma(std::string_view heif)
{
    const auto start = heif.find("meta"sv);
    if (start == heif.npos || start < 4) {
        return false;
    }

    const auto meta = heif.substr(start - 4, big_endian(heif, start - 4, 4));

    constexpr unsigned both_halved = 0x0C;

    bool found = false;
    for (std::size_t at = 0; (at = meta.find('C', at)) != meta.npos; at++) {
        const auto type = meta.substr(0, at + 1);
        const bool av1 = type.ends_with("av1C"sv);
        if (!av1 && !type.ends_with("hvcC"sv)) {
            continue;
        }

        const bool quarter = av1 ? (byte_at(meta, at + 3) & both_halved) == both_halved
                                 : (byte_at(meta, at + 17) & 3) <= 1;
        if (!quarter) {
            return false;
        }
        found = true;
    }

    return found;
}

std::uint64_t tiff_block_memory(std::string_view tiff, int page, int width, int height, int pixel_bytes)
{
    enum Tag : std::uint16_t { compression = 259, rows_per_strip = 278, planes = 284, tile_width = 322, tile_lines = 323 };
    constexpr std::uint64_t none = 1;                  // compression
    constexpr std::uint64_t jpeg = 7;
    constexpr std::uint64_t apart = 2;                 // planes
    constexpr std::uint64_t most_lines = 128;          // strips of more are read line by line

    const TiffDirectory directory(tiff, page);
    const auto columns = static_cast<std::uint64_t>(width);
    const auto lines = static_cast<std::uint64_t>(height);
    const auto within = [](std::uint64_t value, std::uint64_t limit) { return std::clamp<std::uint64_t>(value, 1, limit); };

    const std::uint64_t tile = directory.value(tile_lines, 0);
    const std::uint64_t block_lines = within(tile != 0 ? tile : directory.value(rows_per_strip, lines), lines);
    const std::uint64_t block_columns = tile != 0 ? within(directory.value(tile_width, columns), columns) : columns;
    const std::uint64_t how = directory.value(compression, none);

    std::uint64_t pixels = 0;
    if (tile != 0) {                                   // two rows of tiles, and the next tile
        pixels = columns * std::min(2 * block_lines, lines) + block_columns * block_lines;
    } else if (block_lines <= most_lines || how == jpeg || directory.value(planes, 1) == apart) {
        pixels = 2 * columns * block_lines;            // as decoded, and as libvips wants it
    }

    const double share = static_cast<double>(block_columns * block_lines) / static_cast<double>(columns * lines);
    const std::uint64_t packed =
        how == none ? 0 : static_cast<std::uint64_t>(static_cast<double>(tiff.size()) * share);

    return pixels * static_cast<std::uint64_t>(pixel_bytes) + packed;
}

std::size_t count_tiff_pages(std::string_view tiff, std::size_t most)
{
    std::size_t pages = 0;
    for (TiffDirectory directory(tiff, 1); directory.exists() && pages <= most; directory.go_on()) {
        pages++;
    }

    return pages;
}

}  // namespace cdn::image

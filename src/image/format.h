// The picture formats of this project, as input, as output, or both.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

namespace cdn::image {

enum class Format : std::uint8_t { jpeg, png, webp, gif, avif, heif, tiff, svg, pdf, jxl };

std::string_view name(Format format);                  // "jpeg"
std::string_view content_type(Format format);          // "image/jpeg"
std::optional<Format> format_named(std::string_view name);

bool can_write(Format format);                         // jpeg png webp gif avif tiff jxl
bool shown_by_browsers(Format format);                 // those but tiff
bool has_alpha(Format format);                         // can store transparency
bool has_frames(Format format);                        // can store an animation
bool is_drawn(Format format);                          // svg pdf: lines and letters, not pixels

// A set of formats; order does not matter.
class FormatSet {
public:
    FormatSet() = default;
    FormatSet(std::initializer_list<Format> formats)
    {
        for (const Format format : formats) {
            add(format);
        }
    }

    void add(Format format) { bits_ |= bit(format); }
    bool has(Format format) const { return (bits_ & bit(format)) != 0; }

private:
    static std::uint32_t bit(Format format) { return 1U << static_cast<unsigned>(format); }

    std::uint32_t bits_ = 0;
};

}  // namespace cdn::image

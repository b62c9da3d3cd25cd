// Colours as they are written in URLs and configuration.

#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace cdn::image {

struct Color {
    std::uint8_t red = 255;
    std::uint8_t green = 255;
    std::uint8_t blue = 255;
    std::uint8_t alpha = 255;

    bool operator==(const Color &) const = default;
};

inline constexpr Color white{255, 255, 255, 255};
inline constexpr Color transparent{255, 255, 255, 0};

Color over_white(Color color);                         // opaque, as it looks there

// CSS Color Level 4 without calc() and without other colour spaces: names,
// "transparent", #RGB #RGBA #RRGGBB #RRGGBBAA (the # may be missing), rgb(),
// rgba(), hsl(), hsla() with commas or with spaces and "/".
Result<Color> parse_color(std::string_view text);

std::string print_color(Color color);                  // "rrggbb", "rrggbbaa" if not opaque

}  // namespace cdn::image

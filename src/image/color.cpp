#include "image/color.h"

#include "core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

namespace cdn::image {

namespace {

struct NamedColor {
    std::string_view name;
    std::uint32_t    rgb;
};

constexpr NamedColor named_colors[] = {
    {"aliceblue", 0xf0f8ff},
    {"antiquewhite", 0xfaebd7},
    {"aqua", 0x00ffff},
    {"aquamarine", 0x7fffd4},
    {"azure", 0xf0ffff},
    {"beige", 0xf5f5dc},
    {"bisque", 0xffe4c4},
    {"black", 0x000000},
    {"blanchedalmond", 0xffebcd},
    {"blue", 0x0000ff},
    {"blueviolet", 0x8a2be2},
    {"brown", 0xa52a2a},
    {"burlywood", 0xdeb887},
    {"cadetblue", 0x5f9ea0},
    {"chartreuse", 0x7fff00},
    {"chocolate", 0xd2691e},
    {"coral", 0xff7f50},
    {"cornflowerblue", 0x6495ed},
    {"cornsilk", 0xfff8dc},
    {"crimson", 0xdc143c},
    {"cyan", 0x00ffff},
    {"darkblue", 0x00008b},
    {"darkcyan", 0x008b8b},
    {"darkgoldenrod", 0xb8860b},
    {"darkgray", 0xa9a9a9},
    {"darkgreen", 0x006400},
    {"darkgrey", 0xa9a9a9},
    {"darkkhaki", 0xbdb76b},
    {"darkmagenta", 0x8b008b},
    {"darkolivegreen", 0x556b2f},
    {"darkorange", 0xff8c00},
    {"darkorchid", 0x9932cc},
    {"darkred", 0x8b0000},
    {"darksalmon", 0xe9967a},
    {"darkseagreen", 0x8fbc8f},
    {"darkslateblue", 0x483d8b},
    {"darkslategray", 0x2f4f4f},
    {"darkslategrey", 0x2f4f4f},
    {"darkturquoise", 0x00ced1},
    {"darkviolet", 0x9400d3},
    {"deeppink", 0xff1493},
    {"deepskyblue", 0x00bfff},
    {"dimgray", 0x696969},
    {"dimgrey", 0x696969},
    {"dodgerblue", 0x1e90ff},
    {"firebrick", 0xb22222},
    {"floralwhite", 0xfffaf0},
    {"forestgreen", 0x228b22},
    {"fuchsia", 0xff00ff},
    {"gainsboro", 0xdcdcdc},
    {"ghostwhite", 0xf8f8ff},
    {"gold", 0xffd700},
    {"goldenrod", 0xdaa520},
    {"gray", 0x808080},
    {"green", 0x008000},
    {"greenyellow", 0xadff2f},
    {"grey", 0x808080},
    {"honeydew", 0xf0fff0},
    {"hotpink", 0xff69b4},
    {"indianred", 0xcd5c5c},
    {"indigo", 0x4b0082},
    {"ivory", 0xfffff0},
    {"khaki", 0xf0e68c},
    {"lavender", 0xe6e6fa},
    {"lavenderblush", 0xfff0f5},
    {"lawngreen", 0x7cfc00},
    {"lemonchiffon", 0xfffacd},
    {"lightblue", 0xadd8e6},
    {"lightcoral", 0xf08080},
    {"lightcyan", 0xe0ffff},
    {"lightgoldenrodyellow", 0xfafad2},
    {"lightgray", 0xd3d3d3},
    {"lightgreen", 0x90ee90},
    {"lightgrey", 0xd3d3d3},
    {"lightpink", 0xffb6c1},
    {"lightsalmon", 0xffa07a},
    {"lightseagreen", 0x20b2aa},
    {"lightskyblue", 0x87cefa},
    {"lightslategray", 0x778899},
    {"lightslategrey", 0x778899},
    {"lightsteelblue", 0xb0c4de},
    {"lightyellow", 0xffffe0},
    {"lime", 0x00ff00},
    {"limegreen", 0x32cd32},
    {"linen", 0xfaf0e6},
    {"magenta", 0xff00ff},
    {"maroon", 0x800000},
    {"mediumaquamarine", 0x66cdaa},
    {"mediumblue", 0x0000cd},
    {"mediumorchid", 0xba55d3},
    {"mediumpurple", 0x9370db},
    {"mediumseagreen", 0x3cb371},
    {"mediumslateblue", 0x7b68ee},
    {"mediumspringgreen", 0x00fa9a},
    {"mediumturquoise", 0x48d1cc},
    {"mediumvioletred", 0xc71585},
    {"midnightblue", 0x191970},
    {"mintcream", 0xf5fffa},
    {"mistyrose", 0xffe4e1},
    {"moccasin", 0xffe4b5},
    {"navajowhite", 0xffdead},
    {"navy", 0x000080},
    {"oldlace", 0xfdf5e6},
    {"olive", 0x808000},
    {"olivedrab", 0x6b8e23},
    {"orange", 0xffa500},
    {"orangered", 0xff4500},
    {"orchid", 0xda70d6},
    {"palegoldenrod", 0xeee8aa},
    {"palegreen", 0x98fb98},
    {"paleturquoise", 0xafeeee},
    {"palevioletred", 0xdb7093},
    {"papayawhip", 0xffefd5},
    {"peachpuff", 0xffdab9},
    {"peru", 0xcd853f},
    {"pink", 0xffc0cb},
    {"plum", 0xdda0dd},
    {"powderblue", 0xb0e0e6},
    {"purple", 0x800080},
    {"rebeccapurple", 0x663399},
    {"red", 0xff0000},
    {"rosybrown", 0xbc8f8f},
    {"royalblue", 0x4169e1},
    {"saddlebrown", 0x8b4513},
    {"salmon", 0xfa8072},
    {"sandybrown", 0xf4a460},
    {"seagreen", 0x2e8b57},
    {"seashell", 0xfff5ee},
    {"sienna", 0xa0522d},
    {"silver", 0xc0c0c0},
    {"skyblue", 0x87ceeb},
    {"slateblue", 0x6a5acd},
    {"slategray", 0x708090},
    {"slategrey", 0x708090},
    {"snow", 0xfffafa},
    {"springgreen", 0x00ff7f},
    {"steelblue", 0x4682b4},
    {"tan", 0xd2b48c},
    {"teal", 0x008080},
    {"thistle", 0xd8bfd8},
    {"tomato", 0xff6347},
    {"turquoise", 0x40e0d0},
    {"violet", 0xee82ee},
    {"wheat", 0xf5deb3},
    {"white", 0xffffff},
    {"whitesmoke", 0xf5f5f5},
    {"yellow", 0xffff00},
    {"yellowgreen", 0x9acd32},
};

std::optional<Color> find_name(std::string_view text)
{
    const auto found = std::lower_bound(
        std::begin(named_colors), std::end(named_colors), text,
        [](const NamedColor &color, std::string_view name) { return color.name < name; });

    if (found == std::end(named_colors) || found->name != text) {
        return std::nullopt;
    }

    const auto byte = [&](int shift) { return static_cast<std::uint8_t>(found->rgb >> shift); };
    return Color{byte(16), byte(8), byte(0), 255};
}

std::optional<Color> parse_hex(std::string_view text)
{
    const bool is_short = text.size() == 3 || text.size() == 4;
    if (!is_short && text.size() != 6 && text.size() != 8) {
        return std::nullopt;
    }

    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }

    const int digits_each = is_short ? 1 : 2;
    const auto channel = [&](int index) {
        const auto shift = 4 * (static_cast<int>(text.size()) - digits_each * (index + 1));
        const auto bits = value >> shift;
        return static_cast<std::uint8_t>(is_short ? (bits & 15) * 17 : bits & 255);
    };

    const bool with_alpha = text.size() == 4 || text.size() == 8;
    return Color{channel(0), channel(1), channel(2),
                 with_alpha ? channel(3) : std::uint8_t{255}};
}

// A number or a percentage of `whole`.
std::optional<double> parse_part(std::string_view text, double whole)
{
    const bool percent = text.ends_with('%');
    if (percent) {
        text.remove_suffix(1);
    }

    const auto value = parse_decimal(text);
    if (!value) {
        return std::nullopt;
    }

    return percent ? *value * whole / 100.0 : *value;
}

std::uint8_t to_byte(double value)
{
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

Color from_hsl(double hue, double saturation, double lightness)
{
    hue = std::fmod(std::fmod(hue, 360.0) + 360.0, 360.0);
    saturation = std::clamp(saturation, 0.0, 1.0);
    lightness = std::clamp(lightness, 0.0, 1.0);

    const auto channel = [&](double n) {
        const double k = std::fmod(n + hue / 30.0, 12.0);
        const double a = saturation * std::min(lightness, 1.0 - lightness);
        return to_byte(255.0 * (lightness - a * std::max(-1.0, std::min({k - 3.0, 9.0 - k, 1.0}))));
    };

    return {channel(0), channel(8), channel(4), 255};
}

// The arguments between the parentheses: "1, 2, 3, 0.5", "1 2 3", "1 2 3 / 50%".
std::vector<std::string_view> arguments(std::string_view text)
{
    std::vector<std::string_view> parts;

    if (text.find(',') != text.npos) {
        for (const auto part : split(text, ',')) {
            parts.push_back(trim(part));
        }
        return parts;
    }

    const auto [channels, alpha, has_alpha] = cut(text, '/');
    for (const auto part : split(channels, ' ')) {
        if (!part.empty()) {
            parts.push_back(part);
        }
    }
    if (has_alpha) {
        parts.push_back(trim(alpha));
    }

    return parts;
}

std::optional<Color> parse_function(std::string_view text)
{
    const auto [name, rest, has_parenthesis] = cut(text, '(');
    const bool is_rgb = name == "rgb" || name == "rgba";
    const bool is_hsl = name == "hsl" || name == "hsla";
    if (!has_parenthesis || !rest.ends_with(')') || (!is_rgb && !is_hsl)) {
        return std::nullopt;
    }

    auto parts = arguments(rest.substr(0, rest.size() - 1));
    if (parts.size() != 3 && parts.size() != 4) {
        return std::nullopt;
    }

    if (is_hsl && parts[0].ends_with("deg")) {
        parts[0].remove_suffix(3);
    }

    const std::array<double, 3> whole = is_rgb ? std::array{255.0, 255.0, 255.0}
                                               : std::array{360.0, 1.0, 1.0};
    std::array<double, 3> value{};
    for (std::size_t i = 0; i < 3; i++) {
        if (is_hsl && (i > 0) != parts[i].ends_with('%')) {
            return std::nullopt;
        }
        const auto part = parse_part(parts[i], whole[i]);
        if (!part) {
            return std::nullopt;
        }
        value[i] = *part;
    }

    Color color = is_rgb ? Color{to_byte(value[0]), to_byte(value[1]), to_byte(value[2]), 255}
                         : from_hsl(value[0], value[1], value[2]);
    if (parts.size() == 4) {
        const auto alpha = parse_part(parts[3], 1.0);
        if (!alpha) {
            return std::nullopt;
        }
        color.alpha = to_byte(*alpha * 255.0);
    }

    return color;
}

}  // namespace

Result<Color> parse_color(std::string_view text)
{
    const std::string lowered = lower(trim(text));
    const std::string_view hex = lowered;

    if (lowered == "transparent") {
        return Color{0, 0, 0, 0};
    }
    if (const auto color = find_name(lowered)) {
        return *color;
    }
    if (const auto color = parse_hex(hex.substr(hex.starts_with('#') ? 1 : 0))) {
        return *color;
    }
    if (const auto color = parse_function(lowered)) {
        return *color;
    }

    return bad_request("not a CSS colour: \"" + printable(text) + '"');
}

Color over_white(Color color)
{
    const auto mixed = [&](std::uint8_t channel) {
        return static_cast<std::uint8_t>((channel * color.alpha + 255 * (255 - color.alpha)) / 255);
    };

    return {mixed(color.red), mixed(color.green), mixed(color.blue), 255};
}

std::string print_color(Color color)
{
    static constexpr char hex[] = "0123456789abcdef";

    std::string text;
    for (const std::uint8_t byte : {color.red, color.green, color.blue, color.alpha}) {
        text.push_back(hex[byte >> 4]);
        text.push_back(hex[byte & 15]);
    }

    if (color.alpha == 255) {
        text.resize(6);
    }

    return text;
}

}  // namespace cdn::image

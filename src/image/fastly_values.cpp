#include "image/fastly_values.h"

#include "core/text.h"
#include "image/option_values.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace cdn::image {

namespace {

constexpr double longest = 8192;                       // pixels of the result
constexpr double farthest = 100'000;                   // pixels within the source
constexpr double most_enlarged = 100;                  // 10000p

// Nothing for other text, and for what exceeds `pixels` or `share`.
std::optional<Length> read_length(std::string_view text, double pixels, double share)
{
    const bool percent = text.ends_with('p');
    const auto number = parse_decimal(percent ? text.substr(0, text.size() - 1) : text);
    if (!number || *number < 0) {
        return std::nullopt;
    }

    const bool is_share = percent || (*number > 0 && *number < 1);
    const Length length(percent ? *number / 100 : *number, is_share);
    const bool fits = is_share ? length.value <= share
                               : length.value <= pixels && length.value == std::floor(length.value);
    if (!fits) {
        return std::nullopt;
    }

    return length.value > 0 ? length : Length();       // nothing is nothing in either unit
}

std::optional<Sides> read_sides(std::string_view text, double pixels, double share)
{
    const auto parts = split(text, ',');
    Length sides[4];
    if (parts.size() > std::size(sides)) {
        return std::nullopt;
    }

    for (std::size_t i = 0; i < parts.size(); i++) {
        const auto length = read_length(parts[i], pixels, share);
        if (!length) {
            return std::nullopt;
        }
        sides[i] = *length;
    }

    const auto side = [&](std::size_t own, std::size_t like) {
        return sides[own < parts.size() ? own : like];
    };
    const Length right = side(1, 0);
    return Sides{sides[0], right, side(2, 0), parts.size() > 3 ? sides[3] : right};
}

// "x10" or "offset-x10"; false for other text, and for a second one.
bool read_place(std::optional<Place> &place, char axis, std::string_view text)
{
    constexpr std::string_view prefix = "offset-";
    const bool is_offset = text.starts_with(prefix);
    text.remove_prefix(is_offset ? prefix.size() : 0);

    if (!text.starts_with(axis) || place) {
        return false;
    }

    text.remove_prefix(1);
    if (is_offset) {
        const auto percent = parse_decimal(text);
        if (percent && *percent >= 0 && *percent <= 100) {
            place = rest(*percent / 100);
        }
    } else if (const auto length = read_length(text, farthest, 1)) {
        place = corner(*length);
    }

    return place.has_value();
}

struct Extents {
    double           pixels;
    double           share;
    std::string_view must_be;
};

// What follows the size is a place, or a word that take() knows.
template <typename Take>
Result<Region> parse_area(std::string_view key, std::string_view value, const Extents &most, Take take)
{
    const auto parts = split(value, ',');
    const bool by_ratio = parts[0].find(':') != std::string_view::npos;
    Region region;

    if (by_ratio) {
        const auto aspect = parse_ratio(key, parts[0]);
        region.aspect = aspect ? *aspect : 0;
    } else if (parts.size() >= 2) {
        region.width = read_length(parts[0], most.pixels, most.share).value_or(Length());
        region.height = read_length(parts[1], most.pixels, most.share).value_or(Length());
    }

    std::optional<Place> x;
    std::optional<Place> y;
    bool well_formed = region.aspect > 0 || (region.width != Length() && region.height != Length());
    for (std::size_t i = by_ratio ? 1 : 2; well_formed && i < parts.size(); i++) {
        well_formed = take(region, parts[i]) || read_place(x, 'x', parts[i]) || read_place(y, 'y', parts[i]);
    }
    if (!well_formed) {
        return bad_value(key, most.must_be, value);
    }

    region.x = x.value_or(Place());
    region.y = y.value_or(Place());
    return region;
}

}  // namespace

Result<Length> parse_fastly_side(std::string_view key, std::string_view value)
{
    const auto length = read_length(value, longest, most_enlarged);
    if (!length || *length == Length()) {
        return bad_value(key, "1 to 8192 pixels, a share like 0.5 or a percentage like 50p", value);
    }

    return *length;
}

Result<Sides> parse_fastly_trim(std::string_view key, std::string_view value)
{
    const auto leaves_some = [](Length one, Length other) {
        return (one.is_share ? one.value : 0) + (other.is_share ? other.value : 0) < 1;
    };

    const auto sides = read_sides(value, farthest, 1);
    if (!sides || !leaves_some(sides->top, sides->bottom) || !leaves_some(sides->left, sides->right)) {
        return bad_value(key, "one to four lengths that leave some of the picture", value);
    }

    return *sides;
}

Result<Sides> parse_fastly_pad(std::string_view key, std::string_view value)
{
    const auto sides = read_sides(value, longest, most_enlarged);
    if (!sides) {
        return bad_value(key, "one to four lengths from 0 to 8192 pixels, or shares", value);
    }

    return *sides;
}

Result<Region> parse_fastly_crop(std::string_view key, std::string_view value)
{
    static constexpr Extents most{
        farthest, 1, "W,H or A:B, then one of x and offset-x, and one of y and offset-y, smart or safe"};

    bool safe = false;
    auto region = parse_area(key, value, most, [&](Region &part, std::string_view word) {
        part.smart = part.smart || word == "smart";
        safe = safe || word == "safe";
        return word == "smart" || word == "safe";
    });
    if (region && region->smart && region->aspect == 0) {
        return bad_request(std::string(key) + ": smart needs a ratio like 16:9");
    }
    if (region) {
        region->strict = !safe;
    }

    return region;
}

Result<Region> parse_fastly_canvas(std::string_view key, std::string_view value)
{
    static constexpr Extents most{
        longest, most_enlarged, "W,H or A:B, then one of x and offset-x, and one of y and offset-y"};

    return parse_area(key, value, most, [](Region &, std::string_view) { return false; });
}

Result<PlainEdges> parse_fastly_edges(std::string_view key, std::string_view value)
{
    PlainEdges edges;

    const auto comma = value.rfind(',');
    if (comma != value.npos && value.substr(comma + 1).starts_with('t')) {
        const auto share = clamped(value.substr(comma + 2), 0, 1);
        if (!share) {
            return bad_value(key, "a colour or auto, then tN: a threshold from 0 to 1", value);
        }
        edges.threshold = std::round(*share * 255e6) / 1e6;
        value = value.substr(0, comma);
    }
    if (value == "auto") {
        return edges;
    }

    if (const auto error = store(edges.color, parse_channels(key, value))) {
        return *error;
    }
    edges.color->alpha = 255;
    return edges;
}

Result<UnsharpMask> parse_fastly_sharpen(std::string_view key, std::string_view value)
{
    UnsharpMask mask;
    bool has_amount = false;

    for (const auto part : split(value, ',')) {
        const char what = part.empty() ? '\0' : part[0];
        double *const slot = what == 'a'   ? &mask.amount
                             : what == 'r' ? &mask.sigma
                             : what == 't' ? &mask.threshold
                                           : nullptr;
        const auto number = slot != nullptr ? clamped(part.substr(1), what == 'r' ? 0.5 : 0,
                                                      what == 'a' ? 10 : what == 'r' ? 250 : 255)
                                            : std::nullopt;
        if (!number) {
            return bad_value(key, "aN,rN,tN: amount, radius and threshold", value);
        }
        *slot = *number;
        has_amount = has_amount || what == 'a';
    }
    if (!has_amount) {
        return bad_value(key, "aN,rN,tN with an amount", value);
    }

    return mask;
}

// A CSS-like radius is two sigmas.
Result<Length> parse_fastly_blur(std::string_view key, std::string_view value)
{
    const bool percent = value.ends_with('p');
    const auto radius = parse_clamped(key, percent ? value.substr(0, value.size() - 1) : value, 0,
                                      percent ? 100 : 500);
    if (!radius) {
        return radius.error();
    }

    return percent ? Length(*radius / 200, true) : Length(std::round(*radius / 2 * 1e6) / 1e6);
}

Result<Kernel> parse_fastly_filter(std::string_view key, std::string_view value)
{
    static constexpr Word<Kernel> words[] = {
        {"nearest", Kernel::nearest},   {"bilinear", Kernel::linear},   {"linear", Kernel::linear},
        {"bicubic", Kernel::cubic},     {"cubic", Kernel::cubic},       {"lanczos2", Kernel::lanczos2},
        {"lanczos3", Kernel::lanczos3}, {"lanczos", Kernel::lanczos3},
    };

    return parse_word(key, value, words, "nearest, bilinear, bicubic, lanczos2 or lanczos3");
}

// "75", or "75,60": the second for a WebP that was negotiated.
Result<Quality> parse_fastly_quality(std::string_view key, std::string_view value)
{
    const auto [first, second, has_second] = cut(value, ',');
    auto quality = parse_clamped_quality(key, first);
    if (!quality || !has_second) {
        return quality;
    }

    const auto webp = parse_clamped_quality(key, second);
    if (!webp) {
        return webp;
    }

    quality->webp = webp->value;
    return quality;
}

}  // namespace cdn::image

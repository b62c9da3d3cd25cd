#include "image/canonical_values.h"

#include "core/encoding.h"
#include "core/text.h"
#include "image/option_values.h"
#include "image/url.h"

#include <algorithm>
#include <cmath>

namespace cdn::image {

namespace {

constexpr Word<Fit> fits[] = {
    {"scale-down", Fit::scale_down}, {"contain", Fit::contain},
    {"cover", Fit::cover},           {"crop", Fit::crop},
    {"aspect-crop", Fit::aspect_crop}, {"pad", Fit::pad},
    {"squeeze", Fit::squeeze},       {"scale-up", Fit::scale_up},
    {"outside", Fit::outside},
};

constexpr Word<Kernel> kernels[] = {
    {"nearest", Kernel::nearest},   {"linear", Kernel::linear},     {"cubic", Kernel::cubic},
    {"lanczos2", Kernel::lanczos2}, {"lanczos3", Kernel::lanczos3},
};

template <typename T, std::size_t N>
std::string_view word_of(T value, const Word<T> (&words)[N])
{
    const auto found = std::find_if(std::begin(words), std::end(words),
                                    [&](const Word<T> &w) { return w.value == value; });
    return found != std::end(words) ? found->word : std::string_view();
}

// ---- places: "12" the corner, "c50p" the centre, "r10p" of the rest

std::string print_place(const Place &place)
{
    switch (place.kind) {
    case Place::Kind::corner: return print_length(place.at);
    case Place::Kind::centre: return 'c' + print_length(place.at);
    case Place::Kind::rest:   return 'r' + print_length(place.at);
    }

    return {};
}

Result<Place> read_place(std::string_view key, std::string_view value)
{
    Place place;
    place.kind = value.starts_with('c')   ? Place::Kind::centre
                 : value.starts_with('r') ? Place::Kind::rest
                                          : Place::Kind::corner;

    const auto error = store(place.at, read_length(key, value.substr(place.kind != Place::Kind::corner)));
    if (error || (place.kind == Place::Kind::rest && (!place.at.is_share || place.at.value > 1))) {
        return bad_value(key, "a place", value);
    }

    return place;
}

// "W;H", or "ASPECT:ZOOM".
Result<Region> read_extent(std::string_view key, std::string_view first, std::string_view second)
{
    const auto [aspect, zoom, has_aspect] = cut(first, ':');
    Region region;

    const auto error = has_aspect ? store(region.aspect, parse_number(key, aspect, 0.00001, 100'000))
                                  : store(region.width, read_length(key, first));
    const auto other = has_aspect ? store(region.zoom, parse_number(key, zoom, 1, 100))
                                  : store(region.height, read_length(key, second));
    if (error || other) {
        return error ? *error : *other;
    }

    return region;
}

// 0: nothing is asked for.
Result<Length> read_overlay_side(std::string_view key, std::string_view value)
{
    return value == "0" ? Result<Length>(Length()) : read_side(key, value);
}

}  // namespace

std::string print_length(Length length)
{
    return length.is_share ? print_decimal(length.value * 100) + 'p' : print_decimal(length.value);
}

Result<Length> read_length(std::string_view key, std::string_view value)
{
    const bool is_share = value.ends_with('p');
    const auto number = parse_decimal(is_share ? value.substr(0, value.size() - 1) : value);
    if (!number || *number < 0 || *number > 100'000) {
        return bad_value(key, "lengths", value);
    }

    return Length(is_share ? std::round(*number * 1e6) / 1e8 : *number, is_share);
}

Result<Length> read_side(std::string_view key, std::string_view value)
{
    const auto length = read_length(key, value);
    if (!length || length->value <= 0 || length->value > max_side
        || (!length->is_share && length->value != std::floor(length->value)))
    {
        return bad_value(key, "a whole number from 1 to " + std::to_string(max_side)
                                  + ", or a share", value);
    }

    return length;
}

std::string print_sides(const Sides &sides)
{
    return print_length(sides.top) + ';' + print_length(sides.right) + ';'
           + print_length(sides.bottom) + ';' + print_length(sides.left);
}

Result<Sides> read_sides(std::string_view key, std::string_view value)
{
    const auto parts = split(value, ';');
    Sides sides;
    Length *const places[] = {&sides.top, &sides.right, &sides.bottom, &sides.left};

    for (std::size_t i = 0; i < std::size(places); i++) {
        if (parts.size() != std::size(places) || store(*places[i], read_length(key, parts[i]))) {
            return bad_value(key, "four lengths with \";\" between", value);
        }
    }

    return sides;
}

std::string print_region(const Region &region)
{
    std::string text = region.aspect > 0
                           ? print_decimal(region.aspect) + ':' + print_decimal(region.zoom)
                           : print_length(region.width) + ';' + print_length(region.height);

    if (region.smart) {
        text += ";smart";
    } else if (region.x != Place{} || region.y != Place{}) {
        text += ';' + print_place(region.x) + ';' + print_place(region.y);
    }

    return region.strict ? text + ";strict" : text;
}

Result<Region> read_region(std::string_view key, std::string_view value)
{
    auto parts = split(value, ';');
    const auto wrong = bad_value(key, "a part of a picture", value);
    const auto drop = [&](std::string_view word) {
        const bool ends = parts.back() == word;
        parts.resize(parts.size() - ends);
        return ends && !parts.empty();
    };

    const bool strict = drop("strict");
    const bool smart = !parts.empty() && drop("smart");
    if (parts.empty()) {
        return wrong;
    }

    const std::size_t extent = parts[0].find(':') != parts[0].npos ? 1 : 2;
    if (parts.size() != extent && parts.size() != extent + 2) {
        return wrong;
    }

    auto region = read_extent(key, parts[0], parts[extent - 1]);
    if (!region
        || (parts.size() > extent
            && (store(region->x, read_place(key, parts[extent]))
                || store(region->y, read_place(key, parts[extent + 1])))))
    {
        return wrong;
    }

    region->strict = strict;
    region->smart = smart;
    return region;
}

std::string print_edges(const PlainEdges &edges)
{
    return print_decimal(edges.threshold) + (edges.color ? ';' + print_color(*edges.color) : "")
           + (edges.keep > 0 ? ";k" + print_decimal(edges.keep) : "");
}

Result<PlainEdges> read_edges(std::string_view key, std::string_view value)
{
    auto parts = split(value, ';');
    PlainEdges edges;

    auto error = store(edges.threshold, parse_number(key, parts[0], 0, 255));
    if (!error && parts.size() > 1 && parts.back().starts_with('k')) {
        error = store(edges.keep, parse_number(key, parts.back().substr(1), 1, 1e6));
        parts.pop_back();
    }
    if (!error && parts.size() > 1) {
        error = parts.size() == 2 ? store(edges.color, parse_color(parts[1])) : bad_value(key, "edges", value);
    }
    if (error) {
        return *error;
    }

    return edges;
}

std::string_view print_fit(Fit fit)
{
    return word_of(fit, fits);
}

Result<Fit> read_fit(std::string_view key, std::string_view value)
{
    return parse_word(key, value, fits, "a fit");
}

std::string print_gravity(const Gravity &gravity)
{
    switch (gravity.kind) {
    case Gravity::Kind::attention: return "attention";
    case Gravity::Kind::entropy:   return "entropy";
    case Gravity::Kind::point:     break;
    }

    return print_decimal(gravity.x) + 'x' + print_decimal(gravity.y);
}

Result<Gravity> read_gravity(std::string_view key, std::string_view value)
{
    if (value == "attention") {
        return Gravity{Gravity::Kind::attention};
    }
    if (value == "entropy") {
        return Gravity{Gravity::Kind::entropy};
    }

    return parse_point(key, value, 'x');
}

std::string_view print_kernel(Kernel kernel)
{
    return word_of(kernel, kernels);
}

Result<Kernel> read_kernel(std::string_view key, std::string_view value)
{
    return parse_word(key, value, kernels, "a kernel");
}

std::string print_unsharp(const UnsharpMask &mask)
{
    return print_decimal(mask.amount) + ';' + print_decimal(mask.sigma) + ';'
           + print_decimal(mask.threshold);
}

Result<UnsharpMask> read_unsharp(std::string_view key, std::string_view value)
{
    const auto parts = split(value, ';');
    UnsharpMask mask;

    if (parts.size() != 3 || store(mask.amount, parse_number(key, parts[0], 0, 10))
        || store(mask.sigma, parse_number(key, parts[1], 0.1, 250))
        || store(mask.threshold, parse_number(key, parts[2], 0, 255)))
    {
        return bad_value(key, "amount;sigma;threshold", value);
    }

    return mask;
}

std::string print_format(const FormatChoice &choice)
{
    if (choice.kind == FormatChoice::Kind::exactly) {
        return std::string(name(choice.formats[0]));
    }

    std::string text = "auto";
    for (const Format format : choice.formats) {
        text += ':';
        text += name(format);
    }

    return text;
}

Result<FormatChoice> read_format(std::string_view key, std::string_view value)
{
    const auto parts = split(value, ':');
    const bool negotiated = parts[0] == "auto";

    FormatChoice choice;
    choice.kind = negotiated ? FormatChoice::Kind::negotiated : FormatChoice::Kind::exactly;

    for (std::size_t i = negotiated ? 1 : 0; i < parts.size(); i++) {
        const auto format = format_named(parts[i]);
        if (!format || !can_write(*format) || choice.formats.size() >= 8) {
            return bad_value(key, "formats that can be written", value);
        }
        choice.formats.push_back(*format);
    }

    if (!negotiated && choice.formats.size() != 1) {
        return bad_value(key, "one format or auto", value);
    }

    return choice;
}

std::string print_overlay(const Overlay &overlay)
{
    const std::string numbers = print_decimal(overlay.x) + 'x' + print_decimal(overlay.y) + ';'
                                + std::to_string(overlay.shift_x) + ';' + std::to_string(overlay.shift_y) + ';'
                                + print_length(overlay.width) + ';' + print_length(overlay.height) + ';'
                                + std::to_string(overlay.opacity);
    return base64url(overlay.source.origin + overlay.source.uri()) + ';' + numbers
           + (overlay.repeats ? ";repeat" : "");
}

Result<Overlay> read_overlay(std::string_view key, std::string_view value)
{
    const auto parts = split(value, ';');
    const bool repeats = parts.size() == 8 && parts.back() == "repeat";
    const auto wrong = bad_value(key, "a picture, its place, size and opacity", value);
    if (parts.size() != 7 && !repeats) {
        return wrong;
    }

    const auto uri = base64_decode(parts[0]);
    if (!uri) {
        return wrong;
    }
    auto source = any_source(*uri);
    if (!source) {
        return source.error();
    }

    Overlay overlay;
    overlay.source = std::move(*source);
    overlay.repeats = repeats;

    Gravity place;
    auto error = store(place, parse_point(key, parts[1], 'x'));
    const auto then = [&](auto &slot, const auto &read) {
        error = error ? error : store(slot, read);
    };
    then(overlay.shift_x, parse_integer(key, parts[2], 0, Overlay::max_shift));
    then(overlay.shift_y, parse_integer(key, parts[3], 0, Overlay::max_shift));
    then(overlay.width, read_overlay_side(key, parts[4]));
    then(overlay.height, read_overlay_side(key, parts[5]));
    then(overlay.opacity, parse_percent(key, parts[6]));
    if (error) {
        return *error;
    }

    overlay.x = place.x;
    overlay.y = place.y;
    return overlay;
}

std::string print_quality(const Quality &quality)
{
    if (!quality.automatic) {
        return std::to_string(quality.value)
               + (quality.webp > 0 ? ':' + std::to_string(quality.webp) : "");
    }

    return "auto" + (quality.less > 0 ? '-' + std::to_string(quality.less) : "")
           + (quality.cap < 100 ? ':' + std::to_string(quality.cap) : "");
}

Result<Quality> read_quality(std::string_view key, std::string_view value)
{
    const auto [rule, second, has_second] = cut(value, ':');
    const auto [first, less, has_less] = cut(rule, '-');

    Quality quality{first == "auto"};
    auto error = quality.automatic ? std::nullopt : store(quality.value, parse_percent(key, rule));
    if (!error && quality.automatic && has_less) {
        error = store(quality.less, parse_integer(key, less, 1, 99));
    }
    if (!error && has_second) {
        error = store(quality.automatic ? quality.cap : quality.webp, parse_percent(key, second));
    }
    if (error) {
        return bad_value(key, "1 to 100, or auto", value);
    }

    return quality;
}

std::string print_origin(std::string_view origin)
{
    const auto [scheme, rest, found] = cut(origin, ':');
    return found ? std::string(scheme) + ':' + std::string(rest.substr(2)) : std::string();
}

Result<std::string> read_origin(std::string_view key, std::string_view value)
{
    const auto [scheme, authority, found] = cut(value, ':');
    auto host = parse_host(authority);
    if (!host || (scheme != "http" && scheme != "https")) {
        return bad_value(key, "http: or https: and a host", value);
    }

    return std::string(scheme) + "://" + *host;
}

}  // namespace cdn::image

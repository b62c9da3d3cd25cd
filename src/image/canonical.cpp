#include "image/dialect.h"

#include "core/text.h"
#include "image/option_values.h"

#include <cmath>
#include <functional>

namespace cdn::image {

namespace {

constexpr std::string_view prefix = "/cdn-image/";

std::string_view fit_name(Fit fit)
{
    switch (fit) {
    case Fit::scale_down: return "scale-down";
    case Fit::contain:    return "contain";
    case Fit::cover:      return "cover";
    case Fit::crop:       return "crop";
    case Fit::pad:        return "pad";
    case Fit::squeeze:    return "squeeze";
    case Fit::scale_up:   return "scale-up";
    case Fit::aspect_crop: return "aspect-crop";
    }

    return {};
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

Result<Gravity> read_gravity(std::string_view value)
{
    if (value == "attention") {
        return Gravity{Gravity::Kind::attention};
    }
    if (value == "entropy") {
        return Gravity{Gravity::Kind::entropy};
    }

    return parse_point("g", value, 'x');
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

Result<FormatChoice> read_format(std::string_view value)
{
    const auto parts = split(value, ':');
    const bool negotiated = parts[0] == "auto";

    FormatChoice choice;
    choice.kind = negotiated ? FormatChoice::Kind::negotiated : FormatChoice::Kind::exactly;

    for (std::size_t i = negotiated ? 1 : 0; i < parts.size(); i++) {
        const auto format = format_named(parts[i]);
        if (!format || !can_write(*format) || choice.formats.size() >= 8) {
            return bad_value("f", "formats that can be written", value);
        }
        choice.formats.push_back(*format);
    }

    if (!negotiated && choice.formats.size() != 1) {
        return bad_value("f", "one format or auto", value);
    }

    return choice;
}

Result<std::string> read_origin(std::string_view value)
{
    const auto [scheme, authority, found] = cut(value, ':');
    auto host = parse_host(authority);
    if (!host || (scheme != "http" && scheme != "https")) {
        return bad_value("src", "http: or https: and a host", value);
    }

    return std::string(scheme) + "://" + *host;
}

// ---- lengths: "12", "50p" for half of the side

std::string print_length(Length length)
{
    return length.is_share ? print_decimal(length.value * 100) + 'p' : print_decimal(length.value);
}

std::optional<Length> read_length(std::string_view text)
{
    const bool is_share = text.ends_with('p');
    if (is_share) {
        text.remove_suffix(1);
    }

    const auto number = parse_decimal(text);
    if (!number || *number < 0 || *number > 100'000) {
        return std::nullopt;
    }

    return Length{is_share ? std::round(*number * 1e6) / 1e8 : *number, is_share};
}

Result<Length> read_side(std::string_view key, std::string_view value)
{
    const auto length = read_length(value);
    if (!length || length->value <= 0 || length->value > max_side
        || (!length->is_share && length->value != std::floor(length->value)))
    {
        return bad_value(key, "a whole number from 1 to " + std::to_string(max_side)
                                  + ", or a share", value);
    }

    return *length;
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
        const auto length = parts.size() == std::size(places) ? read_length(parts[i]) : std::nullopt;
        if (!length) {
            return bad_value(key, "four lengths with \";\" between", value);
        }
        *places[i] = *length;
    }

    return sides;
}

std::string print_region(const Region &region)
{
    if (region.aspect > 0) {
        return print_decimal(region.aspect) + ';' + print_gravity(region.focus);
    }

    const std::string size = print_length(region.width) + ';' + print_length(region.height) + ';';
    return region.by_corner ? size + print_length(region.x) + ';' + print_length(region.y)
                            : size + print_gravity(region.focus);
}

Result<Region> read_region(std::string_view value)
{
    const auto parts = split(value, ';');
    const auto wrong = bad_value("region", "a part of the picture", value);
    Region region;

    if (parts.size() < 2 || parts.size() > 4) {
        return wrong;
    }

    if (parts.size() == 2) {
        const auto aspect = parse_decimal(parts[0]);
        if (!aspect || *aspect <= 0 || *aspect > 10'000) {
            return wrong;
        }
        region.aspect = *aspect;
    } else {
        const auto width = read_length(parts[0]);
        const auto height = read_length(parts[1]);
        if (!width || !height) {
            return wrong;
        }
        region.width = *width;
        region.height = *height;
    }

    if (parts.size() < 4) {
        const auto focus = parse_point("region", parts.back(), 'x');
        if (!focus) {
            return wrong;
        }
        region.focus = *focus;
        return region;
    }

    const auto x = read_length(parts[2]);
    const auto y = read_length(parts[3]);
    if (!x || !y) {
        return wrong;
    }
    region.by_corner = true;
    region.x = *x;
    region.y = *y;
    return region;
}

// ---- the rest

constexpr std::pair<std::string_view, Metadata> metadata_words[] = {
    {"copyright", Metadata::copyright},
    {"keep", Metadata::keep},
};

Result<Metadata> read_metadata(std::string_view value)
{
    for (const auto &[word, metadata] : metadata_words) {
        if (word == value) {
            return metadata;
        }
    }

    return bad_value("metadata", "copyright or keep", value);
}

// One number of Adjustments under its own name; nobody else's.
struct NumberRow {
    std::string_view    key;
    double Adjustments::*member;
    double              least;
    double              most;
};

constexpr NumberRow numbers[] = {
    {"blur", &Adjustments::blur, 0, 250},
    {"sharpen", &Adjustments::sharpen, 0, 10},
    {"scale", &Adjustments::scale, -1'000'000, 1'000'000},
    {"offset", &Adjustments::offset, -100'000'000, 100'000'000},
    {"gamma", &Adjustments::gamma, 0.01, 100},
    {"saturation", &Adjustments::saturation, 0, 1'000},
    {"hue", &Adjustments::hue, -360, 360},
    {"sepia", &Adjustments::sepia, 0, 1},
};

std::optional<Error> read_adjustment(Adjustments &adjust, std::string_view key,
                                     std::string_view value, bool &known)
{
    known = true;
    for (const NumberRow &row : numbers) {
        if (row.key == key) {
            return store(adjust.*row.member, parse_number(key, value, row.least, row.most));
        }
    }

    if (key == "tint") {
        return store(adjust.tint, parse_color(value));
    }
    if (key == "negate") {
        return store(adjust.negate, parse_flag(key, value));
    }
    if (key == "normalize") {
        return store(adjust.normalize, parse_flag(key, value));
    }
    if (key == "threshold") {
        return store(adjust.threshold, parse_integer(key, value, 1, 255));
    }

    known = false;
    return std::nullopt;
}

// "auto", "auto-5", "auto-5:80": what it is less by, and at most.
std::string print_quality(const Quality &quality)
{
    if (!quality.automatic) {
        return std::to_string(quality.value);
    }

    return "auto" + (quality.less > 0 ? '-' + std::to_string(quality.less) : "")
           + (quality.cap < 100 ? ':' + std::to_string(quality.cap) : "");
}

Result<Quality> read_automatic(std::string_view value)
{
    const auto [rule, cap, has_cap] = cut(value, ':');
    const auto [word, less, has_less] = cut(rule, '-');

    Quality quality{true};
    if (word != "auto"
        || (has_less && store(quality.less, parse_integer("q", less, 1, 99)))
        || (has_cap && store(quality.cap, parse_integer("q", cap, 1, 99))))
    {
        return bad_value("q", "1 to 100, or auto", value);
    }

    return quality;
}

std::optional<Error> read_output(Request &request, std::string_view key, std::string_view value)
{
    if (key == "f" && value == "json") {
        request.json = true;
        return std::nullopt;
    }
    if (key == "f") {
        return store(request.format, read_format(value));
    }
    if (key == "bytes") {
        return store(request.max_bytes, parse_integer(key, value, 1, 1 << 30));
    }
    if (key == "q" && value.starts_with("auto")) {
        return store(request.quality, read_automatic(value));
    }
    if (key == "q") {
        return store(request.quality.value, parse_percent(key, value));
    }
    if (key == "lossless") {
        return store(request.lossless, parse_flag(key, value));
    }
    if (key == "palette") {
        return store(request.palette, parse_flag(key, value));
    }
    if (key == "progressive") {
        return store(request.progressive, parse_flag(key, value));
    }
    if (key == "anim") {
        return store(request.animate, parse_flag(key, value));
    }
    if (key == "page") {
        return store(request.page, parse_integer(key, value, 1, 9999));
    }
    if (key == "metadata") {
        return store(request.metadata, read_metadata(value));
    }

    return bad_request("unknown option: \"" + printable(key) + '"');
}

std::optional<Error> read_option(Request &request, std::string_view key, std::string_view value)
{
    if (key == "src") {
        return store(request.source.origin, read_origin(value));
    }
    if (key == "trim") {
        return store(request.trim, read_sides(key, value));
    }
    if (key == "region") {
        return store(request.region, read_region(value));
    }
    if (key == "flip" && value == "h") {
        request.flip = true;
        return std::nullopt;
    }
    if (key == "rotate" && (value == "90" || value == "180" || value == "270")) {
        return store(request.rotate, parse_integer(key, value, 0, 270));
    }
    if (key == "w") {
        return store(request.width, read_side(key, value));
    }
    if (key == "h") {
        return store(request.height, read_side(key, value));
    }
    if (key == "fit") {
        return store(request.fit, parse_fit(key, value));
    }
    if (key == "enlarge" && value == "false") {
        request.shrink_only = true;
        return std::nullopt;
    }
    if (key == "g") {
        return store(request.gravity, read_gravity(value));
    }
    if (key == "extend") {
        return store(request.extend, read_sides(key, value));
    }
    if (key == "bg") {
        return store(request.background, parse_color(value));
    }

    bool known = false;
    const auto error = read_adjustment(request.adjust, key, value, known);
    return known ? error : read_output(request, key, value);
}

// ---- printing

using Put = std::function<void(std::string_view key, std::string_view value)>;

void print_geometry(const Request &request, const Put &put)
{
    if (const auto &origin = request.source.origin; !origin.empty()) {
        const auto scheme_end = origin.find("://");
        put("src", origin.substr(0, scheme_end + 1) + origin.substr(scheme_end + 3));
    }
    if (request.trim != Sides{}) {
        put("trim", print_sides(request.trim));
    }
    if (request.region != Region{}) {
        put("region", print_region(request.region));
    }
    if (request.flip) {
        put("flip", "h");
    }
    if (request.rotate != 0) {
        put("rotate", std::to_string(request.rotate));
    }
    if (request.width.value > 0) {
        put("w", print_length(request.width));
    }
    if (request.height.value > 0) {
        put("h", print_length(request.height));
    }
    if (request.fit != Fit::scale_down) {
        put("fit", fit_name(request.fit));
    }
    if (request.shrink_only) {
        put("enlarge", "false");
    }
    if (request.gravity != Gravity{}) {
        put("g", print_gravity(request.gravity));
    }
    if (request.extend != Sides{}) {
        put("extend", print_sides(request.extend));
    }
}

void print_adjustments(const Adjustments &adjust, const Put &put)
{
    const Adjustments none;

    for (const NumberRow &row : numbers) {
        if (adjust.*row.member != none.*row.member) {
            put(row.key, print_decimal(adjust.*row.member));
        }
    }
    if (adjust.tint) {
        put("tint", print_color(*adjust.tint));
    }
    if (adjust.negate) {
        put("negate", "true");
    }
    if (adjust.normalize) {
        put("normalize", "true");
    }
    if (adjust.threshold > 0) {
        put("threshold", std::to_string(adjust.threshold));
    }
}

void print_output(const Request &request, const Put &put)
{
    if (request.background) {
        put("bg", print_color(*request.background));
    }
    if (request.json) {
        put("f", "json");
    } else if (request.format.kind != FormatChoice::Kind::source) {
        put("f", print_format(request.format));
    }
    if (request.max_bytes > 0) {
        put("bytes", std::to_string(request.max_bytes));
    }
    if (request.lossless) {
        put("lossless", "true");
    }
    if (request.palette) {
        put("palette", "true");
    }
    if (request.progressive) {
        put("progressive", *request.progressive ? "true" : "false");
    }
    if (!request.animate) {
        put("anim", "false");
    }
    if (request.page != 1) {
        put("page", std::to_string(request.page));
    }
    for (const auto &[word, metadata] : metadata_words) {
        if (request.metadata == metadata) {
            put("metadata", word);
        }
    }
    put("q", print_quality(request.quality));
}

}  // namespace

std::string print_canonical(const Request &request)
{
    std::string text(prefix);
    const Put put = [&](std::string_view key, std::string_view value) {
        text += key;
        text += '=';
        text += value;
        text += ',';
    };

    print_geometry(request, put);
    print_adjustments(request.adjust, put);
    print_output(request, put);

    text.pop_back();
    return text + request.source.uri();
}

Result<std::optional<Request>> parse_canonical(RawUrl url)
{
    if (!url.path.starts_with(prefix)) {
        return std::optional<Request>();
    }

    const auto [list, rest, has_source] = cut(url.path.substr(prefix.size()), '/');

    Request request;
    for (const auto item : split(list, ',')) {
        const auto [key, value, has_value] = cut(item, '=');
        if (const auto error = read_option(request, key, value)) {
            return *error;
        }
    }

    auto source = site_source(rest, url.query);
    if (!source) {
        return source.error();
    }

    request.source.path = std::move(source->path);
    request.source.query = std::move(source->query);

    Request simple = request;
    simplify(simple);
    const std::string target = url.query.empty() ? std::string(url.path)
                                                 : std::string(url.path) + '?' + std::string(url.query);
    if (simple != request || print_canonical(request) != target) {
        return bad_request("not a canonical image URI: \"" + printable(list) + '"');
    }

    return std::optional(std::move(request));
}

}  // namespace cdn::image

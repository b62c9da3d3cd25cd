#include "image/dialect.h"

#include "core/text.h"
#include "image/option_values.h"
#include "image/query.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace cdn::image {

namespace {

using Problem = std::optional<Error>;

// A point named before a crop stands: crop=center&gravity=0.2,0.3 is the same
// the other way round.
Problem set_crop(Options &options, std::string_view key, std::string_view value)
{
    if (value == "center" || value == "smart") {
        const bool has_point = options.gravity && options.gravity->kind == Gravity::Kind::point
                               && *options.gravity != Gravity{};
        if (!has_point) {
            options.gravity = value == "smart" ? Gravity{Gravity::Kind::attention} : Gravity{};
        }
        options.fit = Fit::crop;
        return std::nullopt;
    }
    if (value == "scale" || value == "fit") {
        options.fit = Fit::scale_down;
        return std::nullopt;
    }

    return bad_value(key, "center, smart, scale or fit", value);
}

Result<Quality> parse_own_quality(std::string_view key, std::string_view value)
{
    static constexpr Word<Quality> words[] = {
        {"auto", {true}},      {"low", {false, 60}},      {"medium", {false, 75}},
        {"high", {false, 85}}, {"lossless", {false, 95}},
    };

    return parse_quality(key, value, words);
}

Result<std::optional<Format>> parse_format(std::string_view key, std::string_view value)
{
    if (value == "auto") {
        return std::optional<Format>();
    }

    const auto format = format_named(value == "jpg" ? "jpeg" : value);
    if (!format || !shown_by_browsers(*format)) {
        return bad_value(key, "auto, avif, webp, jpeg, png, gif or jxl", value);
    }

    return std::optional(*format);
}

Problem set_density(Options &options, std::string_view key, std::string_view value)
{
    if (value == "auto") {
        options.dpr.reset();
        options.hinted_dpr = true;
        return std::nullopt;
    }

    const auto number = parse_decimal(value);
    if (!number || *number <= 0 || *number > 3) {
        return bad_value(key, "a number over 0, at most 3, or auto", value);
    }

    options.dpr = *number;
    options.hinted_dpr.reset();
    return std::nullopt;
}

// A CSS-like radius, which is two sigmas.
Result<double> parse_blur(std::string_view key, std::string_view value)
{
    const auto radius = parse_number(key, value, 0, 250);
    if (!radius) {
        return radius.error();
    }

    return std::round(*radius / 2 * 1e6) / 1e6;        // as exact as it is printed
}

Result<Metadata> parse_metadata(std::string_view key, std::string_view value)
{
    static constexpr Word<Metadata> words[] = {
        {"none", Metadata::none}, {"copyright", Metadata::copyright}, {"keep", Metadata::keep}};

    return parse_word(key, value, words, "none, copyright or keep");
}

Result<Device> parse_device(std::string_view key, std::string_view value)
{
    static constexpr Word<Device> words[] = {{"mobile", Device::mobile},
                                             {"tablet", Device::tablet},
                                             {"desktop", Device::desktop},
                                             {"print", Device::print}};

    return parse_word(key, value, words, "mobile, tablet, desktop or print");
}

struct Option {
    std::string_view name;
    Problem (*set)(Options &, std::string_view key, std::string_view value);
};

constexpr Option all_options[] = {
    {"width", set_width},
    {"height", [](Options &options, std::string_view key, std::string_view value) {
        return store(options.height, parse_side(key, value)); }},
    {"crop", set_crop},
    {"quality", [](Options &options, std::string_view key, std::string_view value) {
        return store(options.quality, parse_own_quality(key, value)); }},
    {"format", [](Options &options, std::string_view key, std::string_view value) {
        return store(options.format, parse_format(key, value)); }},
    {"background", [](Options &options, std::string_view, std::string_view value) {
        return store(options.background, parse_color(value)); }},
    {"blur", [](Options &options, std::string_view key, std::string_view value) {
        return store(options.blur, parse_blur(key, value)); }},
    {"sharpen", [](Options &options, std::string_view key, std::string_view value) {
        return store(options.sharpen, parse_number(key, value, 0, 10)); }},
    {"gravity", [](Options &options, std::string_view key, std::string_view value) {
        return store(options.gravity, parse_point(key, value, ',')); }},
    {"page", [](Options &options, std::string_view key, std::string_view value) {
        return store(options.page, parse_integer(key, value, 1, 9999)); }},
    {"preset", [](Options &options, std::string_view, std::string_view value) {
        options.preset = std::string(value);
        return Problem(); }},
    {"dpr", set_density},
    {"metadata", [](Options &options, std::string_view key, std::string_view value) {
        return store(options.metadata, parse_metadata(key, value)); }},
    {"device", [](Options &options, std::string_view key, std::string_view value) {
        return store(options.device, parse_device(key, value)); }},
};

const Option *find(std::string_view name)
{
    const auto found = std::find_if(std::begin(all_options), std::end(all_options),
                                    [&](const Option &option) { return option.name == name; });
    return found != std::end(all_options) ? found : nullptr;
}

}  // namespace

std::optional<Error> set_option(Options &options, std::string_view key, std::string_view value)
{
    const Option *option = find(key);
    if (!option) {
        return bad_request("unknown option: \"" + printable(key) + '"');
    }

    return option->set(options, key, value);
}

Parsed parse_custom(RawUrl url)
{
    return parse_query_dialect(url, [](Options &options, std::string_view name,
                                       std::string_view value) -> Taken {
        const Option *option = find(name);
        return option ? Taken{true, option->set(options, name, value)} : Taken{false, {}};
    });
}

}  // namespace cdn::image

#include "image/dialect.h"

#include "core/text.h"
#include "image/option_values.h"

namespace cdn::image {

namespace {

constexpr std::string_view prefix = "/cdn-cgi/image/";

Result<Gravity> parse_gravity(std::string_view key, std::string_view value)
{
    static constexpr std::pair<std::string_view, Gravity> words[] = {
        {"auto", {Gravity::Kind::attention}},
        {"entropy", {Gravity::Kind::entropy}},
        {"center", {}},
        {"face", {}},                                  // no faces found: the centre
        {"left", {Gravity::Kind::point, 0.0, 0.5}},
        {"right", {Gravity::Kind::point, 1.0, 0.5}},
        {"top", {Gravity::Kind::point, 0.5, 0.0}},
        {"bottom", {Gravity::Kind::point, 0.5, 1.0}},
    };

    for (const auto &[word, gravity] : words) {
        if (word == value) {
            return gravity;
        }
    }

    return parse_point(key, value, 'x');
}

Result<Quality> parse_quality(std::string_view key, std::string_view value)
{
    static constexpr std::pair<std::string_view, Quality> words[] = {
        {"auto", {true}},          {"high", {false, 85}}, {"medium-high", {false, 80}},
        {"medium-low", {false, 70}}, {"low", {false, 60}},
    };

    for (const auto &[word, quality] : words) {
        if (word == value) {
            return quality;
        }
    }

    const auto number = parse_percent(key, value);
    if (!number) {
        return number.error();
    }

    return Quality{false, *number};
}

Result<std::optional<Format>> parse_format(std::string_view key, std::string_view value)
{
    if (value == "auto") {
        return std::optional<Format>();
    }

    for (const Format format : {Format::avif, Format::webp, Format::jpeg, Format::png}) {
        if (value == name(format)) {
            return std::optional(format);
        }
    }

    return bad_value(key, "auto, avif, webp, jpeg or png", value);
}

Result<double> parse_density(std::string_view key, std::string_view value)
{
    const auto number = parse_decimal(value);
    if (!number || *number <= 0 || *number > 3) {
        return bad_value(key, "a number over 0, at most 3", value);
    }

    return *number;
}

// Stores a parsed value, or says what was wrong with it.
template <typename T>
std::optional<Error> store(std::optional<T> &slot, const Result<T> &value)
{
    if (!value) {
        return value.error();
    }

    slot = *value;
    return std::nullopt;
}

std::optional<Error> set(Options &options, std::string_view key, std::string_view value)
{
    if (key == "width" || key == "w") {
        return store(options.width, parse_side(key, value));
    }
    if (key == "height" || key == "h") {
        return store(options.height, parse_side(key, value));
    }
    if (key == "dpr") {
        return store(options.dpr, parse_density(key, value));
    }
    if (key == "fit") {
        return store(options.fit, parse_fit(key, value));
    }
    if (key == "gravity" || key == "g") {
        return store(options.gravity, parse_gravity(key, value));
    }
    if (key == "quality" || key == "q") {
        return store(options.quality, parse_quality(key, value));
    }
    if (key == "format" || key == "f") {
        return store(options.format, parse_format(key, value));
    }
    if (key == "background") {
        return store(options.background, parse_color(value));
    }
    if (key == "preset") {
        options.preset = std::string(value);
        return std::nullopt;
    }

    return bad_request("unknown option: \"" + printable(key) + '"');
}

}  // namespace

Parsed parse_cloudflare(RawUrl url)
{
    if (!url.path.starts_with(prefix)) {
        return std::optional<Asked>();
    }

    const auto [list, rest, has_source] = cut(url.path.substr(prefix.size()), '/');
    if (!has_source || rest.empty()) {
        return bad_request("the source is missing after the options");
    }

    Asked asked;
    for (const auto item : split(list, ',')) {
        const auto [key, encoded, has_value] = cut(item, '=');
        const auto value = percent_decode(encoded);

        if (!has_value || !value || value->empty()) {
            return bad_request("not an option: \"" + printable(item) + '"');
        }
        if (const auto error = set(asked.options, key, *value)) {
            return *error;
        }
    }

    auto source = any_source(rest, url.query);
    if (!source) {
        return source.error();
    }

    asked.source = std::move(*source);
    return std::optional(std::move(asked));
}

}  // namespace cdn::image

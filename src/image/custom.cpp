#include "image/dialect.h"

#include "core/text.h"
#include "image/option_values.h"

namespace cdn::image {

namespace {

std::optional<Error> set_crop(Options &options, std::string_view value)
{
    if (value == "center" || value == "smart") {
        options.fit = Fit::crop;
        options.gravity = value == "smart" ? Gravity{Gravity::Kind::attention} : Gravity{};
        return std::nullopt;
    }
    if (value == "scale" || value == "fit") {
        options.fit = Fit::scale_down;
        return std::nullopt;
    }

    return bad_value("crop", "center, smart, scale or fit", value);
}

std::optional<Error> set_quality(Options &options, std::string_view value)
{
    static constexpr std::pair<std::string_view, Quality> words[] = {
        {"auto", {true}},       {"low", {false, 60}},      {"medium", {false, 75}},
        {"high", {false, 85}},  {"lossless", {false, 95}},
    };

    for (const auto &[word, quality] : words) {
        if (word == value) {
            options.quality = quality;
            return std::nullopt;
        }
    }

    const auto number = parse_percent("quality", value);
    if (!number) {
        return number.error();
    }

    options.quality = Quality{false, *number};
    return std::nullopt;
}

std::optional<Error> set_format(Options &options, std::string_view value)
{
    if (value == "auto") {
        options.format.emplace();
        return std::nullopt;
    }

    const auto format = format_named(value == "jpg" ? "jpeg" : value);
    if (!format || !can_write(*format)) {
        return bad_value("format", "auto, avif, webp, jpeg, png or gif", value);
    }

    options.format = std::optional(*format);
    return std::nullopt;
}

std::optional<Error> set_density(Options &options, std::string_view value)
{
    const auto number = parse_decimal(value);
    if (!number || *number <= 0 || *number > 3) {
        return bad_value("dpr", "a number over 0, at most 3", value);
    }

    options.dpr = *number;
    return std::nullopt;
}

}  // namespace

std::optional<Error> set_option(Options &options, std::string_view key, std::string_view value)
{
    const auto store = [](auto &slot, const auto &parsed) -> std::optional<Error> {
        if (!parsed) {
            return parsed.error();
        }
        slot = *parsed;
        return std::nullopt;
    };

    if (key == "width") {
        return store(options.width, parse_side(key, value));
    }
    if (key == "height") {
        return store(options.height, parse_side(key, value));
    }
    if (key == "crop") {
        return set_crop(options, value);
    }
    if (key == "quality") {
        return set_quality(options, value);
    }
    if (key == "format") {
        return set_format(options, value);
    }
    if (key == "background") {
        return store(options.background, parse_color(value));
    }
    if (key == "gravity") {
        return store(options.gravity, parse_point(key, value, ','));
    }
    if (key == "dpr") {
        return set_density(options, value);
    }
    if (key == "preset") {
        options.preset = std::string(value);
        return std::nullopt;
    }

    return bad_request("unknown option: \"" + printable(key) + '"');
}

}  // namespace cdn::image

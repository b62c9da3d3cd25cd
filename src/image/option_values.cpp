#include "image/option_values.h"

#include "core/text.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace cdn::image {

Error bad_value(std::string_view key, std::string_view must_be, std::string_view value)
{
    return bad_request(std::string(key) + " must be " + std::string(must_be) + ": \""
                       + printable(value) + '"');
}

Result<int> parse_integer(std::string_view key, std::string_view value, int least, int most)
{
    const bool negative = least < 0 && value.starts_with('-');
    const auto digits = parse_digits(value.substr(negative ? 1 : 0));
    const auto number = digits ? (negative ? -*digits : *digits) : std::int64_t{0};

    if (!digits || number < least || number > most) {
        return bad_value(key, "a whole number from " + std::to_string(least) + " to "
                                  + std::to_string(most), value);
    }

    return static_cast<int>(number);
}

Result<double> parse_number(std::string_view key, std::string_view value, double least, double most)
{
    const auto number = parse_decimal(value);
    if (!number || *number < least || *number > most) {
        return bad_value(key, "a number from " + print_decimal(least) + " to "
                                  + print_decimal(most), value);
    }

    return std::round(*number * 1e6) / 1e6;            // as exact as it is printed
}

Result<Length> parse_side(std::string_view key, std::string_view value)
{
    const auto number = parse_integer(key, value, 1, max_side);
    if (!number) {
        return number.error();
    }

    return Length{static_cast<double>(*number), false};
}

std::optional<Error> set_width(Options &options, std::string_view key, std::string_view value)
{
    if (value == "auto") {
        options.width.reset();
        options.hinted_width = true;
        return std::nullopt;
    }

    const auto error = store(options.width, parse_side(key, value));
    if (!error) {
        options.hinted_width.reset();
    }
    return error;
}

Result<bool> parse_flag(std::string_view key, std::string_view value)
{
    if (value == "true" || value == "1") {
        return true;
    }
    if (value == "false" || value == "0") {
        return false;
    }

    return bad_value(key, "true or false", value);
}

std::optional<double> clamped(std::string_view value, double least, double most)
{
    const auto number = parse_decimal(value);
    if (!number) {
        return std::nullopt;
    }

    return std::clamp(std::round(*number * 1e6) / 1e6, least, most);
}

Result<int> parse_percent(std::string_view key, std::string_view value)
{
    const auto number = parse_digits(value);
    if (!number || *number < 1 || *number > 100) {
        return bad_value(key, "a whole number from 1 to 100, or one of its words", value);
    }

    return static_cast<int>(*number);
}

Result<Fit> parse_fit(std::string_view key, std::string_view value)
{
    static constexpr std::pair<std::string_view, Fit> fits[] = {
        {"scale-down", Fit::scale_down}, {"contain", Fit::contain}, {"cover", Fit::cover},
        {"crop", Fit::crop},             {"pad", Fit::pad},         {"squeeze", Fit::squeeze},
        {"scale-up", Fit::scale_up},     {"aspect-crop", Fit::aspect_crop},
    };

    for (const auto &[name, fit] : fits) {
        if (name == value) {
            return fit;
        }
    }

    return bad_value(key, "scale-down, contain, cover, crop, pad, squeeze, scale-up or aspect-crop", value);
}

Result<Gravity> parse_point(std::string_view key, std::string_view value, char separator)
{
    const auto [left, right, found] = cut(value, separator);
    const auto x = parse_decimal(left);
    const auto y = parse_decimal(right);

    if (!found || !x || !y || *x < 0 || *x > 1 || *y < 0 || *y > 1) {
        return bad_value(key, std::string("two numbers from 0 to 1 with \"") + separator
                                  + "\" between, or one of its words", value);
    }

    // as exact as it is printed
    const auto rounded = [](double part) { return std::round(part * 1e6) / 1e6; };
    return Gravity{Gravity::Kind::point, rounded(*x), rounded(*y)};
}

Result<Length> parse_edge(std::string_view key, std::string_view value)
{
    const auto pixels = parse_integer(key, value, 0, 100'000);
    if (!pixels) {
        return pixels.error();
    }

    return Length{static_cast<double>(*pixels), false};
}

Result<double> parse_clamped(std::string_view key, std::string_view value, double least, double most)
{
    const auto number = clamped(value, least, most);
    if (!number) {
        return bad_value(key, "a number", value);
    }

    return *number;
}

Result<Quality> parse_clamped_quality(std::string_view key, std::string_view value)
{
    const auto number = parse_clamped(key, value, 1, 100);
    if (!number) {
        return number.error();
    }

    return Quality{false, static_cast<int>(std::lround(*number))};
}

Result<std::optional<Format>> parse_output_format(std::string_view key, std::string_view value)
{
    if (value == "auto") {
        return std::optional<Format>();
    }

    const auto format = format_named(value == "jpg" ? "jpeg" : value);
    if (!format || !shown_by_browsers(*format) || *format == Format::jxl) {
        return bad_value(key, "auto, avif, webp, jpeg, png or gif", value);
    }

    return format;
}

Result<int> parse_quarter_turns(std::string_view key, std::string_view value)
{
    const auto degrees = parse_integer(key, value, -360, 360);
    if (!degrees || *degrees % 90 != 0) {
        return bad_value(key, "a multiple of 90 from -360 to 360", value);
    }

    return degrees;
}

Result<Region> parse_cut(std::string_view key, std::string_view value)
{
    const auto parts = split(value, ',');
    if (parts.size() != 2 && parts.size() != 4) {
        return bad_value(key, "w,h or w,h,x,y in pixels", value);
    }

    Region region;
    auto error = store(region.width, parse_side(key, parts[0]));
    if (!error) {
        error = store(region.height, parse_side(key, parts[1]));
    }
    if (parts.size() == 4) {
        region.x = region.y = corner(0);
    }
    if (!error && parts.size() == 4) {
        error = store(region.x.at, parse_edge(key, parts[2]));
    }
    if (!error && parts.size() == 4) {
        error = store(region.y.at, parse_edge(key, parts[3]));
    }
    if (error) {
        return *error;
    }

    return region;
}

Result<double> parse_ratio(std::string_view key, std::string_view value)
{
    static constexpr double most = 10'000;

    const auto [left, right, found] = cut(value, ':');
    const auto width = parse_decimal(left);
    const auto height = parse_decimal(right);

    if (!found || !width || !height || *width <= 0 || *height <= 0 || *width > *height * most
        || *height > *width * most)
    {
        return bad_value(key, "two positive numbers with \":\" between", value);
    }

    return std::round(*width / *height * 1e6) / 1e6;   // as exact as it is printed
}

Result<Color> parse_channels(std::string_view key, std::string_view value)
{
    const bool bare = value.find(',') != value.npos && value.find('(') == value.npos;
    const auto color = parse_color(bare ? "rgb(" + std::string(value) + ')' : std::string(value));
    if (!color) {
        return bad_value(key, "a colour", value);
    }

    return color;
}

Result<std::string> parse_preset(std::string_view, std::string_view value)
{
    return std::string(value);
}

}  // namespace cdn::image

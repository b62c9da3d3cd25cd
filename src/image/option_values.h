// Values that several dialects spell alike.

#pragma once

#include "core/result.h"
#include "core/text.h"
#include "image/request.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cdn::image {

// "width must be a whole number from 1 to 12000: "0""
Error bad_value(std::string_view key, std::string_view must_be, std::string_view value);

// Puts a parsed value into its place, or says what was wrong with it.
template <typename Slot, typename T>
std::optional<Error> store(Slot &slot, const Result<T> &value)
{
    if (!value) {
        return value.error();
    }

    slot = *value;
    return std::nullopt;
}

// Words that stand for a value.
template <typename T>
struct Word {
    std::string_view word;
    T                value;
};

template <typename T, std::size_t N>
Result<T> parse_word(std::string_view key, std::string_view value, const Word<T> (&words)[N],
                     std::string_view must_be)
{
    for (const Word<T> &w : words) {
        if (w.word == value) {
            return w.value;
        }
    }

    return bad_value(key, must_be, value);
}

// 1..100, or one of the words.
template <std::size_t N>
Result<Quality> parse_quality(std::string_view key, std::string_view value,
                              const Word<Quality> (&words)[N])
{
    const auto number = parse_digits(value);
    if (number && *number >= 1 && *number <= 100) {
        return Quality{false, static_cast<int>(*number)};
    }

    return parse_word(key, value, words, "a whole number from 1 to 100, or one of its words");
}

Result<int> parse_integer(std::string_view key, std::string_view value, int least, int most);
Result<double> parse_number(std::string_view key, std::string_view value, double least, double most);
Result<Length> parse_side(std::string_view key, std::string_view value);   // pixels
std::optional<Error> set_width(Options &options, std::string_view key,
                               std::string_view value);                    // pixels, or auto
Result<Length> parse_edge(std::string_view key, std::string_view value);   // pixels of the source, from 0
Result<int> parse_percent(std::string_view key, std::string_view value);   // 1..100
Result<bool> parse_flag(std::string_view key, std::string_view value);     // true false 1 0
Result<Fit> parse_fit(std::string_view key, std::string_view value);

// "0.25x0.75" with 'x', "0.25,0.75" with ','.
Result<Gravity> parse_point(std::string_view key, std::string_view value, char separator);

// For dialects that clamp what is cosmetic: the nearest value in range; nothing
// for what is no number.
std::optional<double> clamped(std::string_view value, double least, double most);

// The same, what is no number being refused; `converted` from the provider's
// unit to ours.
Result<double> parse_clamped(std::string_view key, std::string_view value, double least, double most);
Result<Quality> parse_clamped_quality(std::string_view key, std::string_view value);

template <int least, int most, auto converted>
Result<double> parse_converted(std::string_view key, std::string_view value)
{
    const auto number = parse_clamped(key, value, least, most);
    if (!number) {
        return number.error();
    }

    return converted(*number);
}

// Whatever can be written, "jpg" too, or auto.
Result<std::optional<Format>> parse_output_format(std::string_view key, std::string_view value);

// A multiple of 90 degrees, from -360 to 360.
Result<int> parse_quarter_turns(std::string_view key, std::string_view value);

// "w,h" around the centre, "w,h,x,y" from the corner at x, y: pixels of the source.
Result<Region> parse_cut(std::string_view key, std::string_view value);

// "16:9" as width / height, 1:10000 to 10000:1.
Result<double> parse_ratio(std::string_view key, std::string_view value);

// Any colour, or its channels alone: "r,g,b", "r,g,b,a".
Result<Color> parse_channels(std::string_view key, std::string_view value);

Result<std::string> parse_preset(std::string_view key, std::string_view value);

}  // namespace cdn::image

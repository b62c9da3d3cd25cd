// Values that several dialects spell alike.

#pragma once

#include "core/result.h"
#include "image/request.h"

#include <optional>
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

Result<int> parse_integer(std::string_view key, std::string_view value, int least, int most);
Result<double> parse_number(std::string_view key, std::string_view value, double least, double most);
Result<Length> parse_side(std::string_view key, std::string_view value);   // pixels
Result<int> parse_percent(std::string_view key, std::string_view value);   // 1..100
Result<bool> parse_flag(std::string_view key, std::string_view value);     // true false 1 0
Result<Fit> parse_fit(std::string_view key, std::string_view value);

// "0.25x0.75" with 'x', "0.25,0.75" with ','.
Result<Gravity> parse_point(std::string_view key, std::string_view value, char separator);

// For dialects that clamp what is cosmetic: the nearest value in range; nothing
// for what is no number.
std::optional<double> clamped(std::string_view value, double least, double most);

}  // namespace cdn::image

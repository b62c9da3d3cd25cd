// Values that several dialects spell alike.

#pragma once

#include "core/result.h"
#include "image/request.h"

#include <string_view>

namespace cdn::image {

// "width must be a whole number from 1 to 12000: "0""
Error bad_value(std::string_view key, std::string_view must_be, std::string_view value);

Result<int> parse_side(std::string_view key, std::string_view value);
Result<int> parse_percent(std::string_view key, std::string_view value);   // 1..100
Result<Fit> parse_fit(std::string_view key, std::string_view value);

// "0.25x0.75" with 'x', "0.25,0.75" with ','.
Result<Gravity> parse_point(std::string_view key, std::string_view value, char separator);

}  // namespace cdn::image

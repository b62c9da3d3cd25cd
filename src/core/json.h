// JSON from outside: bounded, and never ambiguous.

#pragma once

#include "core/result.h"

#include <nlohmann/json.hpp>

#include <string_view>

namespace cdn {

// Refused: what is not JSON, a name twice in one object, nesting deeper than 8.
Result<nlohmann::json> parse_json(std::string_view text);

// On one line.  Bytes that are not UTF-8 become U+FFFD.
std::string print_json(const nlohmann::json &value);

}  // namespace cdn

// Times as people and machines both read them.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cdn {

// "2026-11-21T08:00:00Z", "2026-11-21 09:00:00.5+01:00": milliseconds since 1970.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace cdn

// Cache-Control taken apart (RFC 9111, 5861), and put together for a client who may keep
// less.  Views borrow from the text.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cdn {

// One member of a list, as name and value; quotes around the value are gone.
struct CacheDirective {
    std::string_view name;
    std::string_view value;
    bool             has_value = false;
    std::string_view whole;

    bool is(std::string_view word) const;
};

// Splits at commas outside quotes: private="a, b" is one.
std::vector<CacheDirective> cache_directives(std::string_view text);

inline constexpr std::int64_t longest_delta = std::int64_t{1} << 31;   // RFC 9111 section 1.2.2

// What is no number is as good as stale (RFC 9111 section 4.2.1).
std::int64_t delta_seconds(std::string_view text);

// The same, with this max-age, or none at all; what may be used beyond an age of `oldest`
// is cut, stale or not.
std::string limited_directives(std::span<const CacheDirective> directives, std::optional<std::int64_t> max_age,
                               std::int64_t oldest);

}  // namespace cdn

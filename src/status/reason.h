// What a cache did with a request, and why, in words for people and labels.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cdn::status {

// As nginx numbers them.
enum class CacheStatus : std::uint8_t {
    none, miss, bypass, expired, stale, updating, revalidated, hit, scarce,
};
std::string_view name(CacheStatus status);
CacheStatus cache_status_named(std::string_view name); // an unknown one: none

// The cache answered: of what counts towards the hit ratio, the good part.
bool is_hit(CacheStatus status);
bool has_hit_ratio(CacheStatus status);                // any cache status but a bypass

enum class Reason : std::uint8_t {
    hit, cold, expired, purged, bypass, uncacheable, stale, updating, revalidated, error,
};
inline constexpr std::size_t reason_count = 10;
std::string_view name(Reason reason);

struct Outcome {
    CacheStatus cache = CacheStatus::none;
    bool        purged = false;                        // a purge covers what was stored
    bool        storable = true;                       // what the origin said may be kept
    unsigned    status = 0;                            // of the response
};

// Nothing where no cache was asked.
std::optional<Reason> reason(const Outcome &outcome);

std::string_view status_class(unsigned status);        // "2xx", or "other"

// A bounded word for a Content-Type: "image", "html", ... "other"; "none".
std::string_view content_kind(std::string_view content_type);

}  // namespace cdn::status

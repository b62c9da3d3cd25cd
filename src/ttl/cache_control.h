// Cache-Control and its kin: what origins say (RFC 9111, 9213, 5861), and what
// clients are told.

#pragma once

#include "core/short_text.h"
#include "ttl/profile.h"

namespace cdn::ttl {

struct CacheControl {
    bool no_store = false;
    bool no_cache = false;
    bool is_private = false;
    bool is_public = false;
    bool must_revalidate = false;                      // or proxy-revalidate
    std::optional<Seconds> max_age;
    std::optional<Seconds> s_maxage;
    std::optional<Seconds> stale_while_revalidate;
    std::optional<Seconds> stale_if_error;

    // The lifetime for a shared cache, if it says one.
    std::optional<Seconds> shared_lifetime() const { return s_maxage ? s_maxage : max_age; }

    // Against keeping it, or against keeping it unasked.
    bool forbids() const { return no_store || no_cache || is_private; }
    bool says_zero() const { return max_age == Seconds{0} || s_maxage == Seconds{0}; }

    bool operator==(const CacheControl &) const = default;
};

CacheControl parse_cache_control(std::string_view value);

// A Structured Field (RFC 8941); one that is malformed counts as not sent.
std::optional<CacheControl> parse_cdn_cache_control(std::string_view value);

// "max-age=3600+600, content=..."
CacheControl parse_surrogate_control(std::string_view value);

// What a response says of itself to this cache, with all fields of one name joined.
struct OriginHeaders {
    std::string_view cache_control;
    std::string_view cdn_cache_control;
    std::string_view surrogate_control;
};

// CDN-Cache-Control before Surrogate-Control before Cache-Control, each for the
// whole of those after it.
CacheControl for_this_cache(const OriginHeaders &headers);

// What a client is told.
struct ClientControl {
    Visibility visibility = Visibility::everybody;
    Seconds    age = 0;                                // the Age that goes with it
    Seconds    fresh = 0;                              // from now
    Seconds    stale_while_revalidate = 0;             // after that
    Seconds    stale_if_error = 0;
    bool       immutable = false;
    bool       must_revalidate = false;
};
ShortText<192> print_cache_control(const ClientControl &control);

// The same Cache-Control, for a client that may use the response for `limit`
// seconds from now at most; `age` is the Age that goes with it.  One that says no
// max-age, and does not forbid storing, gets one.
std::string limited_cache_control(std::string_view value, Seconds age, Seconds limit);

// Both lists' names, each once; "*" swallows all.
std::string merged_vary(std::string_view vary, std::span<const std::string> more);

}  // namespace cdn::ttl

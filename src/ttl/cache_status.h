// Cache-Status (RFC 9211): what this cache did, in one member of a list.

#pragma once

#include "core/short_text.h"
#include "ttl/time_zone.h"

#include <optional>
#include <string>
#include <string_view>

namespace cdn::ttl {

struct CacheStatus {
    std::string_view        forwarded;                 // why: "miss", "stale" ...; empty: a hit
    std::optional<unsigned> forward_status;
    bool                    stored = false;
    bool                    collapsed = false;
    std::optional<Seconds>  ttl;                       // negative: stale for so long
};

ShortText<160> print_cache_status(const CacheStatus &status);

// The parameter that tells the cache's key, to be appended.
std::string print_cache_key(std::string_view key);

}  // namespace cdn::ttl

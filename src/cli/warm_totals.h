// What became of a warm-up.

#pragma once

#include "cli/http.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::cli {

enum class CacheAnswer { unknown, hit, miss };

// From Cache-Status (RFC 9211), where it is nearest to the client, else from X-Cache and
// X-Cache-Status.
CacheAnswer cache_answer(const Response &response);

struct WarmTotals {
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t bytes = 0;
    std::uint64_t hits = 0;                            // of those that succeeded
    std::uint64_t misses = 0;
    std::uint64_t not_fetched = 0;                     // interrupted before
    double        seconds = 0;

    void add(const Response &response);                // its last try
};

// Why it failed, or nothing: "404", "timed out".
std::string failure_of(const Response &response);

std::string print_totals(const WarmTotals &totals);    // a few lines
nlohmann::json totals_json(const WarmTotals &totals);

// One line that is never wider than `width`: the bar gives way first.
std::string progress_line(const WarmTotals &totals, std::uint64_t all, double seconds, int width, bool utf8);

// An entry of a list at that visitor's host: its own host where it is an absolute URL.
// Throws Failure where it is neither a path nor a URL.
struct WarmUrl {
    std::string host;
    std::string target;
    bool        https = false;                         // the entry says so
    bool        absolute = false;

    auto operator<=>(const WarmUrl &) const = default;
};
WarmUrl warm_url(std::string_view entry, const std::string &host);

}  // namespace cdn::cli

// What a browser may keep of a response to a signed URL: nothing, from the URL's
// expiry on.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cdn::sign {

// Of a response, as it would be sent.
struct Freshness {
    unsigned                    status = 200;
    std::string                 cache_control;         // all fields, joined by commas
    std::optional<std::int64_t> expires_in;            // seconds from now, by Expires
    std::int64_t                age = 0;
};

// Cache-Control with which max-age plus stale-while-revalidate minus Age is
// `remaining` at most.  Where the response leaves its freshness open it is told:
// a browser's own guess knows of no expiry.
std::string limit_browser(const Freshness &freshness, std::int64_t remaining);

}  // namespace cdn::sign

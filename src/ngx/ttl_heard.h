// What a response says of its own life, and which of its words count.

#pragma once

#include "ngx/ngx.h"
#include "ttl/freshness.h"

#include <string_view>

namespace cdn {

struct Heard {
    std::string_view cache_control;                    // for clients
    bool             says_lifetime = false;            // in any header
    ttl::Answer      answer;
};

// Of an upstream, now or when it was stored.
Heard hear_upstream(ngx_http_request_t *r);

// Of a file, or another module's answer.
Heard hear_own(ngx_http_request_t *r);

// A 304's words stand for those of what it confirms (RFC 9111 section 4.3.4).
Heard confirmed_by(const Heard &told, Heard heard);

}  // namespace cdn

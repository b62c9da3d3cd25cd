// Which profile, schedule and role cdn_ttl comes to for one request, and what else
// ttl notes of it.

#pragma once

#include "ngx/conf.h"
#include "ngx/ttl_heard.h"

#include <optional>
#include <string>

namespace cdn {

struct TtlChoice {
    ttl::Policy   policy;
    LiveSchedule *schedule = nullptr;
};

// Of one request; see request_local.h.
struct TtlNotes {
    const TtlRule              *rule = nullptr;        // the choice is by this one
    TtlChoice                   choice;
    bool                        auto_was_read = false; // $cdn_ttl_auto took part in it
    bool                        unknown_is_counted = false;
    const Heard                *confirmed = nullptr;   // what a 304 said
    std::optional<ttl::Seconds> decided;               // $cdn_ttl
    const ngx_http_upstream_t  *told = nullptr;        // whose answer has its headers
};

// As it holds from the cache's key on; nullptr: no cdn_ttl here.
const TtlChoice *settle_ttl(ngx_http_request_t *r);

// The name of the profile that this cdn_ttl, which is in force, gives the request.
std::string_view ttl_profile_in(ngx_http_request_t *r, const TtlConf &conf);

// For variables; nothing where no cdn_ttl is in force.
std::optional<std::string> decided_ttl(ngx_http_request_t *r);
std::optional<std::string> ttl_profile(ngx_http_request_t *r);
std::optional<std::string> schedule_phase(ngx_http_request_t *r);
std::optional<std::string> schedule_term(ngx_http_request_t *r);
std::optional<std::string> ttl_auto(ngx_http_request_t *r);

}  // namespace cdn

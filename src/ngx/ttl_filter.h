// How long a response is kept, and what clients hear of it: a header filter, and
// the question nginx asks before it opens its cache.

#pragma once

#include "ngx/conf.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn {

void install_ttl_filter() noexcept;

// Asked before the cache is opened: whether waiting for its lock would be for nothing.
bool ttl_bypasses(ngx_http_request_t *r);

// A 304 has come: what it says counts when what it confirms is sent.
void note_revalidation(ngx_http_request_t *r);

// Whether the profile says must_revalidate.
bool ttl_forbids_stale(ngx_http_request_t *r);

// Whether "during" rules end the life of the stored response that nginx is about
// to send; asked once its header is parsed.
bool ttl_expired(ngx_http_request_t *r);

// The tags of the request's profile; nullptr: no cdn_ttl here.
const std::vector<std::string> *ttl_tags(ngx_http_request_t *r);

// The name of the profile that this cdn_ttl, which is in force, gives the request.
std::string_view ttl_profile_in(ngx_http_request_t *r, const TtlConf &conf);

// For variables; nothing where no cdn_ttl is in force.
std::optional<std::string> decided_ttl(ngx_http_request_t *r);
std::optional<std::string> ttl_profile(ngx_http_request_t *r);
std::optional<std::string> schedule_phase(ngx_http_request_t *r);
std::optional<std::string> schedule_term(ngx_http_request_t *r);
std::optional<std::string> ttl_auto(ngx_http_request_t *r);

}  // namespace cdn

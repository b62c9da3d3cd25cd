// What the cache hook asks of ttl: before nginx opens its cache, and of what it finds there.

#pragma once

#include "ngx/ngx.h"

#include <string>
#include <vector>

namespace cdn {

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

}  // namespace cdn

// Where a cached response is asked: purged?
//
// The hook wraps three functions of this request's upstream.  When nginx is about to send
// a cached response that turns out to be purged, the request is parked, the purge made true
// in nginx's own cache (the file gone, or stale), and the request run again: lock, stale
// serving, background update and revalidation are then nginx's own.

#pragma once

#include "ngx/ngx.h"

#include <cstdint>

namespace cdn {

// Whether the hook found the response of this request purged: why it was fetched.
bool was_purged(ngx_http_request_t *r);

#if (NGX_HTTP_CACHE)

// Before its cache is opened, where purges or lifetimes count.
void install_hook(ngx_http_request_t *r);

// The request's own copy of its location's settings; where a hook is installed.
ngx_http_upstream_conf_t *own_upstream_conf(ngx_http_request_t *r);

// When the fetch of this request began; 0: none did, or no purges count here.
std::int64_t fetch_born_ms(ngx_http_request_t *r);

// Whether the origin confirmed what is stored, but with other tags.
bool was_outdated(ngx_http_request_t *r);

#endif

}  // namespace cdn

// Where a cached response is asked: purged?
//
// nginx evaluates "proxy_cache_bypass" once the cache key is known and before
// anything is opened.  A predicate of ours stands there first.  For purges it never
// bypasses, but wraps three functions of this request's upstream; it asks ttl_hook.h
// as well.  When nginx is about to send a cached response that turns out to be
// purged, the request is parked, the purge made true in nginx's own cache (the file gone, or stale),
// and the request run again: lock, stale serving, background update and
// revalidation are then nginx's own.

#pragma once

#include "ngx/conf.h"

namespace cdn {

// Before the configuration is read: the predicate's variable.
bool add_cache_check(ngx_conf_t *cf);

// Into this location's proxy, fastcgi, uwsgi and scgi, where they cache.
bool install_cache_check(ngx_conf_t *cf);

// The header filter that notes when a stored fetch began, and what clients may see of tags.
void install_purge_filter() noexcept;

// Whether the hook found the response of this request purged: why it was fetched.
bool was_purged(ngx_http_request_t *r);

// Requests upstream name this CDN (RFC 8586), so that an inner tier knows an edge from a client.
void name_this_cdn(ngx_http_request_t *r);
bool asked_by_edge(ngx_http_request_t *r);

}  // namespace cdn

// Popularity: of what the cache knows by one key, in whatever variants.

#pragma once

#include "ngx/ngx.h"
#include "ttl/freshness.h"

namespace cdn {

// The policy, with the rank of what is asked for where its profile has "popularity".
ttl::Policy with_rank(ngx_http_request_t *r, ttl::Policy policy);

#if (NGX_HTTP_CACHE)

// One more request for it.
void count_popularity(ngx_http_request_t *r, const ttl::Profile &profile);

// Its rank decided on a lifetime.
void count_tier(ngx_http_request_t *r, const ttl::Policy &policy, const ttl::Lifetime &life);

#endif

}  // namespace cdn

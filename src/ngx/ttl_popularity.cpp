#include "ngx/ttl_popularity.h"

#include "ngx/status_count.h"
#include "ngx/zone.h"
#include "ttl/popularity.h"

#include <cstring>

namespace cdn {

#if (NGX_HTTP_CACHE)

namespace {

std::uint64_t object_of(const ngx_http_cache_t *c)
{
    std::uint64_t object = 0;
    std::memcpy(&object, c->main, sizeof(object));     // before Vary tells variants apart
    return object;
}

}  // namespace

void count_popularity(ngx_http_request_t *r, const ttl::Profile &profile)
{
    if (!profile.popularity || r->cache == nullptr || r->headers_out.status >= NGX_HTTP_BAD_REQUEST) {
        return;
    }
    if (auto z = zone(main_conf(r)); z && z->ranking) {
        z->ranking->add(object_of(r->cache));
    }
}

void count_tier(ngx_http_request_t *r, const ttl::Policy &policy, const ttl::Lifetime &life)
{
    if (!policy.rank || !life.by_profile) {
        return;
    }
    if (auto z = zone(main_conf(r))) {
        z->counters.add(status::Metric::popularity_tiers,
                        {label_of(z->counters, policy.profile->name),
                         label_of(z->counters, ttl::name(ttl::tier(*policy.rank)))});
    }
}

#endif

ttl::Policy with_rank(ngx_http_request_t *r, ttl::Policy policy)
{
#if (NGX_HTTP_CACHE)
    if (policy.profile->popularity && r->cache != nullptr) {
        if (const auto z = zone(main_conf(r)); z && z->ranking) {
            policy.rank = z->ranking->rank(object_of(r->cache));
        }
    }
#else
    static_cast<void>(r);
#endif
    return policy;
}

}  // namespace cdn

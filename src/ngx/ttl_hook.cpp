#include "ngx/ttl_hook.h"

#include "ngx/bridge.h"
#include "ngx/cache_file.h"
#include "ngx/purge_hook.h"
#include "ngx/request_local.h"
#include "ngx/ttl_choice.h"
#include "ngx/ttl_popularity.h"
#include "ngx/ttl_unstored.h"

namespace cdn {

bool ttl_bypasses(ngx_http_request_t *r)
{
#if (NGX_HTTP_CACHE)
    const TtlChoice *choice = settle_ttl(r);
    if (choice == nullptr) {
        return false;
    }

    if (ttl::never_stored(choice->policy)) {
        return true;
    }
    if (was_unstored(r->cache, ngx_time())) {
        // nobody waits for a fetch that gives nothing to store, but what is stored serves
        if (!is_cached(*r->cache)) {
            return true;
        }
        own_upstream_conf(r)->cache_lock = 0;
    }
    if (choice->policy.profile->must_revalidate && r->upstream->conf->cache_use_stale != 0) {
        own_upstream_conf(r)->cache_use_stale = 0;     // whatever "use_stale" says
    }
#else
    static_cast<void>(r);
#endif
    return false;
}

void note_revalidation(ngx_http_request_t *r)
{
    if (settle_ttl(r) != nullptr) {
        Heard told = hear_upstream(r);
        told.cache_control = view(copy(r->pool, told.cache_control));    // its buffer is used again
        local<TtlNotes>(r).confirmed = pool_new<Heard>(r->pool, told);
    }
}

bool ttl_forbids_stale(ngx_http_request_t *r)
{
    const TtlChoice *choice = settle_ttl(r);
    return choice != nullptr && choice->policy.profile->must_revalidate;
}

bool ttl_expired(ngx_http_request_t *r)
{
#if (NGX_HTTP_CACHE)
    const TtlChoice *choice = settle_ttl(r);
    if (choice == nullptr || choice->schedule == nullptr) {
        return false;
    }

    const time_t now = ngx_time();
    const ttl::Moment &holds = choice->schedule->at(now);
    return ttl::may_cut_short(*choice->policy.profile, holds)
           && ttl::cut_short(with_rank(r, choice->policy), hear_upstream(r).answer, holds, r->cache->date, now);
#else
    static_cast<void>(r);
    return false;
#endif
}

const std::vector<std::string> *ttl_tags(ngx_http_request_t *r)
{
    const TtlChoice *choice = settle_ttl(r);
    return choice != nullptr ? &choice->policy.profile->tags : nullptr;
}

}  // namespace cdn

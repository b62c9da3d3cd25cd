#include "ngx/purge_birth.h"

#include "ngx/bridge.h"
#include "ngx/cache_file.h"
#include "ngx/purge_hook.h"
#include "purge/stored.h"

namespace cdn {

#if (NGX_HTTP_CACHE)

std::optional<std::int64_t> header_born(std::string_view value)
{
    const auto born = parse_digits(trim(value));
    return born && *born > 0 ? born : std::nullopt;
}

void set_birth(ngx_http_request_t *r, purge::Object &object)
{
    const ngx_http_cache_t *c = r->cache;
    object.stored_ms = std::int64_t{c->date} * 1000;
    object.born_ms = purge::decode_born(c->date, static_cast<std::uint16_t>(c->valid_msec)).value_or(0);
}

void note_birth(ngx_http_request_t *r)
{
    ngx_http_upstream_t *u = r->upstream;
    if (u == nullptr || r->cache == nullptr) {
        return;
    }
    const bool revalidated = r->cached && u->cache_status == NGX_HTTP_CACHE_REVALIDATED;
    if ((r->cached && !revalidated) || (!r->cached && !u->cacheable)) {
        return;
    }

    const std::int64_t born_ms = fetch_born_ms(r);
    if (born_ms == 0) {
        return;
    }
    if (revalidated && was_outdated(r)) {
        drop_cached(r);
        return;
    }

    const auto encoded = purge::encode_born(ngx_time(), born_ms);
    if (!encoded && !revalidated) {
        u->cacheable = 0;                              // it took too long for its age to be noted
    }
    r->cache->valid_msec = encoded.value_or(UINT16_MAX);
}

std::int64_t sent_birth(ngx_http_request_t *r)
{
    std::int64_t born = 0;
    if (const std::int64_t fetched = fetch_born_ms(r); fetched != 0) {
        born = fetched;
    } else if (r->cached && r->cache != nullptr) {
        purge::Object object;
        set_birth(r, object);
        born = object.born_ms > 0 ? object.born_ms : object.stored_ms;
    } else {
        born = std::int64_t{r->start_sec} * 1000 + static_cast<std::int64_t>(r->start_msec);
    }
    return born;
}

#endif

}  // namespace cdn

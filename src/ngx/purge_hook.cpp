#include "ngx/purge_hook.h"

#include "ngx/cache_file.h"
#include "ngx/cdn_loop.h"
#include "ngx/headers.h"
#include "ngx/parsed_headers.h"
#include "ngx/purge_state.h"
#include "ngx/purge_verdict.h"
#include "ngx/status_count.h"
#include "ngx/ttl_hook.h"
#include "ngx/zone.h"
#include "purge/stored.h"

namespace cdn {

#if (NGX_HTTP_CACHE)

namespace {

// How long what was soft-purged may be served while nothing newer is to be had.
constexpr time_t soft_grace = 24 * 3600;

// The same request is looked at again at most so often; then it is fetched
// without waiting for others.
constexpr int most_reruns = 3;

// Of one request's upstream; found through its pool's cleanups.
struct Hook {
    ngx_http_request_t  *request;
    ngx_http_upstream_t *upstream;
    ngx_int_t (*create_request)(ngx_http_request_t *);
    ngx_int_t (*process_header)(ngx_http_request_t *);
    ngx_int_t (*reinit_request)(ngx_http_request_t *);
    std::int64_t born_ms;                              // its fetch's; 0: none began
    ngx_uint_t   log_level;                            // to be restored
    bool         log_is_muted;
    bool         purged;
    bool         is_outdated;                          // the origin confirmed it with other tags
    bool         has_own_conf;
    int          reruns;
};

void unmute(ngx_http_request_t *r, Hook &hook)
{
    if (hook.log_is_muted) {
        r->connection->log->log_level = hook.log_level;
        hook.log_is_muted = false;
    }
}

// The request ends; marks a Hook among the pool's cleanups, too.
void end_hook(void *data)
{
    auto &hook = *static_cast<Hook *>(data);
    unmute(hook.request, hook);
}

Hook *find_hook(ngx_http_request_t *r)
{
    for (auto *cleanup = r->pool->cleanup; cleanup != nullptr; cleanup = cleanup->next) {
        if (cleanup->handler == end_hook && static_cast<Hook *>(cleanup->data)->request == r) {
            return static_cast<Hook *>(cleanup->data);
        }
    }
    return nullptr;
}

ngx_int_t create_request(ngx_http_request_t *r) noexcept;
ngx_int_t process_header(ngx_http_request_t *r) noexcept;
ngx_int_t reinit_request(ngx_http_request_t *r) noexcept;

// nginx's modules put their own functions back as they go along.
void wrap(ngx_http_request_t *r, Hook &hook)
{
    ngx_http_upstream_t *u = r->upstream;

    if (u->create_request != create_request) {
        hook.create_request = u->create_request;
        u->create_request = create_request;
    }
    if (u->process_header != process_header) {
        hook.process_header = u->process_header;
        u->process_header = process_header;
    }
    if (u->reinit_request != reinit_request) {
        hook.reinit_request = u->reinit_request;
        u->reinit_request = reinit_request;
    }
}

void count_match(ngx_http_request_t *r, purge::Verdict verdict)
{
    if (auto z = zone(main_conf(r))) {
        z->counters.add(status::Metric::purge_matches,
                        {label_of(z->counters, verdict == purge::Verdict::hard ? "hard" : "soft")});
    }
}

// A response that must not be served stale cannot be soft-purged.
bool forbids_stale(ngx_http_request_t *r)
{
    bool forbids = ttl_forbids_stale(r);
    each_header(r->upstream->headers_in.headers, "Cache-Control", true, [&](ngx_table_elt_t &field) {
        for (const auto part : split(view(field.value), ',')) {
            const auto word = trim(part);
            forbids = forbids || equal_ignoring_case(word, "must-revalidate")
                      || equal_ignoring_case(word, "proxy-revalidate");
        }
    });
    return forbids;
}

// ---- parking and running again

// nginx would call the header we stop at invalid, on level crit.
void mute(ngx_http_request_t *r, Hook &hook)
{
    if (!hook.log_is_muted) {
        hook.log_level = r->connection->log->log_level;
        r->connection->log->log_level = NGX_LOG_ALERT;
        hook.log_is_muted = true;
    }
}

void run_again(ngx_http_request_t *r) noexcept
{
    Hook &hook = *find_hook(r);
    ngx_http_upstream_t *u = r->upstream;
    ngx_http_cache_t *c = r->cache;

    unmute(r, hook);

    if (u->reinit_request(r) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    wrap(r, hook);

    ngx_memzero(&u->headers_in, sizeof(u->headers_in));
    u->headers_in.content_length_n = -1;
    u->headers_in.last_modified_time = -1;
    if (ngx_list_init(&u->headers_in.headers, r->pool, 8, sizeof(ngx_table_elt_t)) != NGX_OK
        || ngx_list_init(&u->headers_in.trailers, r->pool, 2, sizeof(ngx_table_elt_t)) != NGX_OK)
    {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ngx_memzero(&u->buffer, sizeof(u->buffer));
    r->cached = 0;
    u->cache_status = NGX_HTTP_CACHE_MISS;
    c->body_start = u->conf->buffer_size;
    c->exists = 0;

    ngx_http_upstream_init(r);
}

ngx_int_t park(ngx_http_request_t *r, Hook &hook)
{
    hook.reruns++;
    mute(r, hook);
    r->write_event_handler = run_again;
    if (ngx_http_post_request(r, nullptr) != NGX_OK) {
        unmute(r, hook);
        return NGX_ERROR;
    }
    return NGX_DONE;
}

ngx_int_t answer_purged(ngx_http_request_t *r, Hook &hook, purge::Verdict verdict)
{
    ngx_http_upstream_t *u = r->upstream;

    // an edge has something stale of its own, and other shields to ask
    if (verdict == purge::Verdict::soft && (forbids_stale(r) || asked_by_edge(r->main))) {
        verdict = purge::Verdict::hard;
    }
    if (verdict != purge::Verdict::hard) {
        // of a slice, a background update would ask for the whole file
        const bool sure = verdict == purge::Verdict::soft && !is_slice(r);
        if (u->cache_status != NGX_HTTP_CACHE_HIT) {
            return NGX_OK;                             // stale already, and being refreshed
        }
        if (sure) {
            own_upstream_conf(r)->cache_background_update = 1;
        }
        count_match(r, verdict);
        hook.purged = true;
        if (soften_cached(r, sure ? soft_grace : 0, soft_grace) && hook.reruns < most_reruns) {
            return park(r, hook);
        }
        verdict = purge::Verdict::hard;
    } else {
        count_match(r, verdict);
        hook.purged = true;
    }

    if (hook.born_ms != 0) {
        // the origin failed, and this was to stand in for it
        mute(r, hook);
        return NGX_HTTP_BAD_GATEWAY;
    }

    drop_cached(r);
    if (hook.reruns < most_reruns) {
        return park(r, hook);
    }
    mute(r, hook);
    return NGX_HTTP_UPSTREAM_INVALID_HEADER;           // fetched at once
}

// Its profile lets it live no longer: stale from now on, as if its time had come.
ngx_int_t answer_expired(ngx_http_request_t *r, Hook &hook)
{
    return hook.reruns < most_reruns && soften_cached(r, 0, 0) ? park(r, hook) : NGX_OK;
}

// ---- the wrapped functions

ngx_int_t cached_header(ngx_http_request_t *r, Hook &hook)
{
    // reading Cache-Control again would set it anew, from now on
    const time_t valid_sec = r->cache->valid_sec;
    const ngx_int_t rc = parse_stored_header(r, hook.process_header);
    wrap(r, hook);
    if (rc != NGX_OK) {
        return rc;
    }
    if (r->upstream->cache_status == NGX_HTTP_CACHE_REVALIDATED) {
        return NGX_OK;                                 // the origin has just confirmed it
    }

    const purge::Verdict verdict = judge_stored(r, std::nullopt);
    if (verdict == purge::Verdict::kept
        && (r->upstream->cache_status != NGX_HTTP_CACHE_HIT || !ttl_expired(r)))
    {
        return NGX_OK;
    }

    r->cache->valid_sec = valid_sec;
    if (verdict == purge::Verdict::kept) {
        return answer_expired(r, hook);
    }
    return answer_purged(r, hook, verdict);
}

// A 304's tags are those of what it confirms (RFC 9111 section 4.3.4), and nginx keeps the old
// ones: what is confirmed with others is fetched as a whole next time.
bool has_other_tags(ngx_http_request_t *r)
{
    if (!loc_conf(r).purge.obeys) {
        return false;
    }

    purge::Object stored;
    purge::Object told;
    for (const std::string &name : *loc_conf(r).purge.tag_headers) {
        purge::each_stored_field(cached_header_bytes(r), name,
                                 [&](std::string_view value) { purge::add_tags(stored, value); });
        each_header(r->upstream->headers_in.headers, name, true,
                    [&](ngx_table_elt_t &field) { purge::add_tags(told, view(field.value)); });
    }
    return !told.tags.empty()
           && !std::is_permutation(told.tags.begin(), told.tags.end(), stored.tags.begin(), stored.tags.end());
}

// Stale content may stand in for a failing origin's 5xx too, where it may for
// an unreachable one (RFC 5861 section 4); nginx's own mask knows only the latter.
void allow_stale_for_5xx(ngx_http_request_t *r)
{
    ngx_http_upstream_t *u = r->upstream;
    const ngx_uint_t status = u->headers_in.status_n;
    const bool failed = status == 500 || (status >= 502 && status <= 504);

    if (!failed || u->cache_status != NGX_HTTP_CACHE_EXPIRED || !r->cache->stale_error) {
        return;
    }

    own_upstream_conf(r)->cache_use_stale |= NGX_HTTP_UPSTREAM_FT_HTTP_500 | NGX_HTTP_UPSTREAM_FT_HTTP_502
                                             | NGX_HTTP_UPSTREAM_FT_HTTP_503 | NGX_HTTP_UPSTREAM_FT_HTTP_504;
}

ngx_int_t process_header(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [&]() -> ngx_int_t {
        Hook &hook = *find_hook(r);
        if (r->cached) {
            return cached_header(r, hook);
        }

        const ngx_int_t rc = hook.process_header(r);
        wrap(r, hook);
        if (rc == NGX_OK && r->cache != nullptr) {
            allow_stale_for_5xx(r);
            if (r->upstream->headers_in.status_n == NGX_HTTP_NOT_MODIFIED) {
                hook.is_outdated = has_other_tags(r);
                note_revalidation(r);
            }
        }
        return rc;
    });
}

ngx_int_t reinit_request(ngx_http_request_t *r) noexcept
{
    Hook &hook = *find_hook(r);
    const ngx_int_t rc = hook.reinit_request(r);
    wrap(r, hook);
    return rc;
}

ngx_int_t create_request(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [&]() -> ngx_int_t {
        Hook &hook = *find_hook(r);
        ngx_http_upstream_t *u = r->upstream;
        unmute(r, hook);

        if (const auto p = purges(main_conf(r))) {
            hook.born_ms = p->journal.birth(clock_ms());
        }

        // expired, and purged as well: nothing that may be revalidated or stand
        // in for a failing origin; who comes next waits for this fetch
        if (r->cache != nullptr && u->cache_status == NGX_HTTP_CACHE_EXPIRED
            && judge_stored(r, cached_header_bytes(r)) == purge::Verdict::hard)
        {
            count_match(r, purge::Verdict::hard);
            hook.purged = true;
            drop_cached(r);
            u->cache_status = NGX_HTTP_CACHE_MISS;
            r->cache->exists = 0;
            r->cache->stale_error = 0;
        }

        return hook.create_request(r);
    });
}

}  // namespace

void install_hook(ngx_http_request_t *r)
{
    const LocConf &conf = loc_conf(r);
    const bool purges = conf.purge.obeys && main_conf(r).journal != nullptr;
    if (!purges && !conf.ttl.in_force()) {
        return;
    }

    Hook *hook = find_hook(r);
    if (hook == nullptr) {
        ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, sizeof(Hook));
        if (cleanup == nullptr) {
            throw std::bad_alloc();
        }
        hook = static_cast<Hook *>(cleanup->data);
        cleanup->handler = end_hook;
    } else if (hook->upstream == r->upstream) {
        return;
    } else {
        unmute(r, *hook);                              // an internal redirect: a fetch of its own
    }

    *hook = {};
    hook->request = r;
    hook->upstream = r->upstream;
    wrap(r, *hook);
}

ngx_http_upstream_conf_t *own_upstream_conf(ngx_http_request_t *r)
{
    Hook &hook = *find_hook(r);
    if (!hook.has_own_conf) {
        auto *conf = static_cast<ngx_http_upstream_conf_t *>(
            ngx_palloc(r->pool, sizeof(ngx_http_upstream_conf_t)));
        if (conf == nullptr) {
            throw std::bad_alloc();
        }
        *conf = *r->upstream->conf;
        r->upstream->conf = conf;
        hook.has_own_conf = true;
    }
    return r->upstream->conf;
}

std::int64_t fetch_born_ms(ngx_http_request_t *r)
{
    const Hook *hook = find_hook(r);
    return hook != nullptr ? hook->born_ms : 0;
}

bool was_outdated(ngx_http_request_t *r)
{
    const Hook *hook = find_hook(r);
    return hook != nullptr && hook->is_outdated;
}

#endif

bool was_purged(ngx_http_request_t *r)
{
#if (NGX_HTTP_CACHE)
    const Hook *hook = find_hook(r);
    return hook != nullptr && hook->purged;
#else
    static_cast<void>(r);
    return false;
#endif
}

}  // namespace cdn

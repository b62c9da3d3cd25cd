#include "ngx/ttl_filter.h"

#include "ngx/bridge.h"
#include "ngx/request_local.h"
#include "ngx/request_state.h"
#include "ngx/response_headers.h"
#include "ngx/status_count.h"
#include "ngx/ttl_choice.h"
#include "ngx/ttl_headers.h"
#include "ngx/ttl_popularity.h"
#include "ngx/ttl_unstored.h"
#include "ngx/zone.h"

namespace cdn {

namespace {

using ttl::Seconds;
using ttl::Verdict;

ngx_http_output_header_filter_pt next_header_filter;

double chance()
{
    return static_cast<double>(ngx_random()) / (static_cast<double>(RAND_MAX) + 1);
}

#if (NGX_HTTP_CACHE)

// ---- what nginx's cache knows

// The times of a stored response; r->cache has those of its last reading, which
// X-Accel-Expires and an expired entry change.
const ngx_http_file_cache_header_t *stored(ngx_http_request_t *r)
{
    const ngx_http_cache_t *c = r->cache;
    if (c->buf == nullptr || c->buf->start == nullptr
        || c->buf->last - c->buf->start < static_cast<ssize_t>(sizeof(ngx_http_file_cache_header_t)))
    {
        return nullptr;
    }

    const auto *header = reinterpret_cast<const ngx_http_file_cache_header_t *>(c->buf->start);
    return header->version == NGX_HTTP_CACHE_VERSION ? header : nullptr;
}

time_t configured_valid(ngx_http_request_t *r)
{
    return ngx_http_file_cache_valid(r->upstream->conf->cache_valid, r->upstream->headers_in.status_n);
}

void set_times(ngx_http_cache_t *c, const ttl::Lifetime &life, time_t now)
{
    c->valid_sec = life.verdict == Verdict::keep ? now + life.ttl : 0;
    c->updating_sec = life.stale_while_revalidate;
    c->error_sec = life.stale_if_error;
}

// Whether nginx is going to store this response: what ngx_http_upstream_send_response() looks at.
bool will_store(ngx_http_request_t *r)
{
    const ngx_http_upstream_t *u = r->upstream;
    return u->cacheable && u->buffering && !u->upgrade
           && (r->cache->valid_sec != 0 || configured_valid(r) != 0)
           && ngx_http_test_predicates(r, u->conf->no_cache) == NGX_OK;
}

unsigned last_status(ngx_http_request_t *r)
{
    const auto *tries = static_cast<const ngx_http_upstream_state_t *>(r->upstream_states->elts);
    return r->upstream_states->nelts > 0
               ? static_cast<unsigned>(tries[r->upstream_states->nelts - 1].status) : 0;
}

std::string_view why_forwarded(ngx_http_request_t *r)
{
    if (r->cache == nullptr) {
        return (r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) != 0 ? "bypass" : "method";
    }

    switch (r->upstream->cache_status) {
    case NGX_HTTP_CACHE_BYPASS:  return "bypass";
    case NGX_HTTP_CACHE_EXPIRED: return "stale";
    default:                     return "miss";
    }
}

// ---- a response out of the cache

void apply_cached(ngx_http_request_t *r, const TtlChoice &choice, TtlNotes &notes)
{
    ngx_http_cache_t *c = r->cache;
    ngx_http_upstream_t *u = r->upstream;
    const time_t now = ngx_time();
    const bool revalidated = u->cache_status == NGX_HTTP_CACHE_REVALIDATED;
    const Heard heard = revalidated && notes.confirmed != nullptr ? confirmed_by(*notes.confirmed, hear_upstream(r))
                                                       : hear_upstream(r);

    r->disable_not_modified = 0;                       // it is a stored one, whatever it says of storing

    ttl::Lifetime rest;
    rest.by_profile = ttl::decided_by_profile(choice.policy, heard.answer);
    time_t date = now;

    if (revalidated) {
        const ttl::Policy policy = with_rank(r, choice.policy);
        rest = ttl::lifetime(policy, heard.answer, now, chance());
        if (rest.verdict == Verdict::refuse) {
            c->valid_sec = now - 1;                    // asked again next time
            rest.ttl = 0;
        } else if (rest.verdict != Verdict::as_nginx_says) {
            set_times(c, rest, now);
            count_tier(r, policy, rest);
        }
        if (rest.verdict != Verdict::keep && rest.verdict != Verdict::refuse) {
            rest.ttl = (c->valid_sec != 0 ? c->valid_sec : now + configured_valid(r)) - now;
        }
    } else if (const auto *header = stored(r)) {
        date = std::min(header->date, now);
        rest.ttl = header->valid_sec - now;
        rest.stale_while_revalidate =
            std::min(Seconds{header->updating_sec}, std::max<Seconds>(header->updating_sec + rest.ttl, 0));
        rest.stale_if_error =
            std::min(Seconds{header->error_sec}, std::max<Seconds>(header->error_sec + rest.ttl, 0));
    } else {
        return;
    }
    notes.decided = now - date + rest.ttl;

    if (r != r->main) {
        return;
    }

    const ToldFields fields = find_told_fields(r);
    const Seconds age = heard.answer.age + (now - date);
    tell_age(r, fields, age);

    ttl::Lifetime left = rest;
    left.ttl = std::max<Seconds>(rest.ttl, 0);
    if (heard.answer.status < 400) {
        tell_lifetime(r, fields, *choice.policy.profile, heard, left, age);
        tell_names(r, fields, choice.policy);
    }

    ttl::CacheStatus status;
    status.ttl = rest.ttl;
    if (r->upstream_states != nullptr && r->upstream_states->nelts > 0) {
        status.forwarded = "stale";
        status.forward_status = revalidated ? unsigned{NGX_HTTP_NOT_MODIFIED} : last_status(r);
    } else if (c->wait_time != 0) {
        status.forwarded = "miss";
        status.collapsed = true;
    }
    tell_cache_status(r, fields, status);
}

#endif

// ---- a response that comes now

void apply_fresh(ngx_http_request_t *r, const TtlChoice &choice, TtlNotes &notes)
{
    const bool from_upstream = r->upstream != nullptr;
    const time_t now = ngx_time();
    const Heard heard = from_upstream ? hear_upstream(r) : hear_own(r);
    const ttl::Policy policy = with_rank(r, choice.policy);
    ttl::Lifetime life = ttl::lifetime(policy, heard.answer, now, chance());
    bool is_stored = false;
    bool is_kept_out = (r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) == 0;    // by what was asked, whatever came

#if (NGX_HTTP_CACHE)
    if (from_upstream) {
        is_kept_out |= ngx_http_test_predicates(r, r->upstream->conf->no_cache) != NGX_OK;
    }
    if (from_upstream && r->cache != nullptr) {
        ngx_http_upstream_t *u = r->upstream;
        ngx_http_cache_t *c = r->cache;
        const bool was_cacheable = u->cacheable;

        if (life.verdict == Verdict::refuse) {
            u->cacheable = 0;
        } else if (u->cacheable && life.verdict != Verdict::as_nginx_says) {
            set_times(c, life, now);
        }

        is_stored = will_store(r);
        if (is_stored) {
            forget_unstored(c);
            count_tier(r, policy, life);
            life.ttl = (c->valid_sec != 0 ? c->valid_sec : now + configured_valid(r)) - now;
        } else if (!is_kept_out && !policy.authorized
                   && ((was_cacheable && heard.answer.status < 500)
                       || heard.answer.sets_cookie))   // nginx has seen that for itself
        {
            note_unstored(c, now);
        }
    }
#endif

    notes.decided = life.ttl;
    if (r != r->main) {
        return;
    }

    const bool decided = life.by_profile && life.ttl > 0
                         && (life.verdict == Verdict::keep || ttl::never_stored(choice.policy));
    const ToldFields fields = find_told_fields(r);
    if (heard.answer.status < 400) {
        if (is_stored || (decided && !is_kept_out)) {
            tell_lifetime(r, fields, *choice.policy.profile, heard, life, heard.answer.age);
        }
        tell_names(r, fields, choice.policy);
    }

#if (NGX_HTTP_CACHE)
    if (from_upstream) {
        ttl::CacheStatus status;
        status.forwarded = why_forwarded(r);
        status.stored = is_stored;
        if (is_stored) {
            status.ttl = life.ttl;
        }
        tell_cache_status(r, fields, status);
    }
#endif
}

// nginx's own answer after an upstream failed, or a filter did, is not the upstream's.
bool is_own_error(ngx_http_request_t *r)
{
    if (r->filter_finalize) {
        return true;
    }
#if (NGX_HTTP_CACHE)
    if (r->cached) {
        return false;
    }
#endif
    return r->upstream != nullptr && r->upstream->cleanup == nullptr;
}

void count(ngx_http_request_t *r, const TtlChoice &choice)
{
    RequestState *state = find_state(r);
    auto z = zone(main_conf(r));
    if (!z) {
        return;
    }

    const auto profile = label_of(z->counters, choice.policy.profile->name);
    if (state != nullptr) {
        state->profile = profile;
    }
    if (choice.schedule != nullptr && (state == nullptr || !state->is_warmer)) {
        z->counters.add(status::Metric::phase_requests,
                        {profile, label_of(z->counters, choice.schedule->at(ngx_time()).phase)});
    }
}

void apply(ngx_http_request_t *r)
{
    const TtlChoice *choice = settle_ttl(r);
    if (choice == nullptr) {
        return;
    }

    TtlNotes &notes = local<TtlNotes>(r);
    if (r->upstream != nullptr && notes.told == r->upstream) {
        return;                                        // nginx's page for a range beyond it (416) goes the same way
    }
    notes.told = r->upstream;

    if (r == r->main) {
        count(r, *choice);
#if (NGX_HTTP_CACHE)
        count_popularity(r, *choice->policy.profile);
#endif
    }
    if (is_own_error(r)) {
        return;
    }

#if (NGX_HTTP_CACHE)
    if (r->cached) {
        if (r->cache != nullptr && r->upstream != nullptr) {
            apply_cached(r, *choice, notes);
        }
        return;
    }
#endif
    apply_fresh(r, *choice, notes);
}

ngx_int_t header_filter(ngx_http_request_t *r) noexcept
{
    const TtlConf &conf = loc_conf(r).ttl;

    if (conf.in_force()) {
        const bool done = guarded(r->connection->log, false, [&] {
            apply(r);
            return true;
        });
        if (!done && r->upstream != nullptr) {
            r->upstream->cacheable = 0;                // nginx did not look at Cache-Control
        }
    }

    if ((conf.headers & ~static_cast<ngx_uint_t>(headers_off)) != 0 && r == r->main) {
        guarded(r->connection->log, false, [&] {
            add_header_sets(r, conf.headers);
            return true;
        });
    }

    return next_header_filter(r);
}

}  // namespace

void install_ttl_filter() noexcept
{
    next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = header_filter;
}

}  // namespace cdn

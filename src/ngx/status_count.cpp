#include "ngx/status_count.h"

#include "ngx/bridge.h"
#include "ngx/purge_hook.h"
#include "ngx/zone.h"

namespace cdn {

namespace {

using status::CacheStatus;

CacheStatus cache_status(ngx_http_request_t *r)
{
#if (NGX_HTTP_CACHE)
    if (r->upstream != nullptr && r->upstream->cache_status <= NGX_HTTP_CACHE_SCARCE) {
        return static_cast<CacheStatus>(r->upstream->cache_status);
    }
#endif
    return CacheStatus::none;
}

std::string_view cache_zone(ngx_http_request_t *r)
{
#if (NGX_HTTP_CACHE)
    if (r->cache != nullptr && r->cache->file_cache != nullptr) {
        return view(r->cache->file_cache->shm_zone->shm.name);
    }
#endif
    return "none";
}

unsigned response_status(ngx_http_request_t *r)
{
    return static_cast<unsigned>(r->err_status != 0 ? r->err_status : r->headers_out.status);
}

std::string evaluate(ngx_http_request_t *r, ngx_http_complex_value_t *value)
{
    ngx_str_t text;
    if (value == nullptr || ngx_http_complex_value(r, value, &text) != NGX_OK) {
        return {};
    }

    return std::string(view(text));
}

struct OriginWork {
    std::uint64_t bytes = 0;
    std::int64_t  ms = 0;
    bool          asked = false;
};

void add_tries(ngx_http_request_t *r, OriginWork &work)
{
    if (r->upstream_states == nullptr) {
        return;
    }

    const auto *tries = static_cast<ngx_http_upstream_state_t *>(r->upstream_states->elts);
    for (ngx_uint_t i = 0; i < r->upstream_states->nelts; i++) {
        if (tries[i].peer == nullptr) {
            continue;
        }
        work.asked = true;
        work.bytes += static_cast<std::uint64_t>(std::max<off_t>(tries[i].bytes_received, 0));
        if (tries[i].response_time != static_cast<ngx_msec_t>(-1)) {
            work.ms += static_cast<std::int64_t>(tries[i].response_time);
        }
    }
}

std::int64_t age_ms(ngx_http_request_t *r)
{
    const std::int64_t start = static_cast<std::int64_t>(r->start_sec) * 1000
                               + static_cast<std::int64_t>(r->start_msec);
    return std::max<std::int64_t>(now_ms() - start, 0);
}

std::uint64_t microseconds(std::int64_t ms)
{
    return static_cast<std::uint64_t>(ms) * 1000;
}

// A label's id, remembered by this process: the same few come again and again.
status::LabelId label_of(status::Counters &counters, std::string_view text, bool is_region = false)
{
    struct Known {
        char            text[63];
        std::uint8_t    length;                        // 0: none yet
        bool            is_region;
        status::LabelId id;
    };
    static Known known[64];

    if (text.empty() || text.size() > sizeof(Known::text)) {
        return is_region ? counters.region(text) : counters.label(text);
    }

    const std::size_t place = text.size() * 7 + static_cast<unsigned char>(text.front()) * 3
                              + static_cast<unsigned char>(text.back());
    Known &entry = known[place % std::size(known)];
    if (entry.is_region != is_region || text != std::string_view(entry.text, entry.length)) {
        text.copy(entry.text, sizeof(entry.text));
        entry.length = static_cast<std::uint8_t>(text.size());
        entry.is_region = is_region;
        entry.id = is_region ? counters.region(text) : counters.label(text);
    }
    return entry.id;
}

// Where it counts; a request that nginx ended in its location before the rewrite
// phase (a body too large, say) has no note of it.
const StatusConf *counted_in(ngx_http_request_t *r, const RequestState *state)
{
    if (state != nullptr && (state->is_purge_call || state->is_warmer)) {
        return nullptr;
    }
    if (state != nullptr && state->counted_in != nullptr) {
        return state->counted_in;
    }

    const auto *server = static_cast<ngx_http_core_srv_conf_t *>(
        ngx_http_get_module_srv_conf(r, ngx_http_core_module));
    const bool is_location = r->loc_conf != server->ctx->loc_conf;
    return is_location && !r->internal && loc_conf(r).status.counts ? &loc_conf(r).status : nullptr;
}

// Without its query, which may hold what is nobody else's business.  A picture is asked for by the
// path that its client used, where that says all of it and has no token in it.
std::string_view object_path(ngx_http_request_t *r, const RequestState *state)
{
    if (state != nullptr && state->image && state->signature.policy == nullptr) {
        const auto client = view(state->client_uri);
        if (!client.empty() && client.find('?') == client.npos) {
            return client;
        }
    }
    return view(r->unparsed_uri).substr(0, view(r->unparsed_uri).find('?'));
}

void count(ngx_http_request_t *r, const RequestState *state, Zone &z)
{
    using status::Metric;

    const CacheStatus cache = cache_status(r);
    const auto why = cache_reason(r);
    const std::int64_t elapsed = age_ms(r);
    const auto sent = static_cast<std::uint64_t>(std::max<off_t>(r->connection->sent, 0));
    const std::string where = region(r);

    OriginWork own;
    add_tries(r, own);
    OriginWork all = own;
    if (state != nullptr) {
        for (ngx_http_request_t *helper : state->helpers) {
            add_tries(helper, all);
        }
    }

    status::Served served;
    served.has_hit_ratio = has_hit_ratio(cache);
    served.hit = is_hit(cache);
    served.error = response_status(r) / 100 == 5;
    served.origin = own.asked;
    served.sent = sent;
    served.received = all.bytes;
    served.ms = static_cast<std::uint64_t>(elapsed);
    served.reason = why;
    z.windows.add(served);

    // whose URL is not in order, or not to be known, is no object
    const unsigned code = response_status(r);
    if (code >= 200 && code < 600 && (code < 400 || code >= 500 || code == 404)) {
        const auto host = view(r->headers_in.server);
        const auto path = object_path(r, state);
        z.objects.add(host, path);
        if (has_hit_ratio(cache) && !is_hit(cache)) {
            z.misses.add(host, path);
        }
    }

    auto &counters = z.counters;
    const auto status_label = label_of(counters, name(cache));
    const auto profile = label_of(counters, state != nullptr && !state->profile.empty() ? state->profile
                                                                                       : "none");
    const auto region_label = label_of(counters, where.empty() ? "none" : where, true);

    counters.add(Metric::requests,
                 {label_of(counters, cache_zone(r)), profile, region_label, status_label});
    counters.add(Metric::responses, {label_of(counters, status::status_class(response_status(r)))});
    counters.add(Metric::content_requests,
                 {label_of(counters, status::content_kind(view(r->headers_out.content_type))),
                  status_label});
    if (why) {
        const auto reason_label = label_of(counters, name(*why));
        counters.add(Metric::cache_reasons, {reason_label});
        if (!is_hit(cache)) {
            counters.add(Metric::profile_misses, {profile, reason_label});
        }
    }

    counters.add(Metric::response_bytes, {profile, status_label}, sent);
    counters.observe(Metric::request_duration, {profile, status_label}, microseconds(elapsed));
    counters.observe(Metric::region_duration, {region_label}, microseconds(elapsed));
    if (state != nullptr && state->first_byte_ms >= 0) {
        counters.observe(Metric::time_to_first_byte, {profile, status_label},
                         microseconds(state->first_byte_ms));
    }
    if (own.asked) {
        counters.observe(Metric::upstream_duration, {profile}, microseconds(own.ms));
    }
    if (all.asked) {
        counters.add(Metric::upstream_bytes, {profile, status_label}, all.bytes);
    }
}

}  // namespace

void note_location(ngx_http_request_t *r)
{
    const StatusConf &conf = loc_conf(r).status;
    if (r != r->main || !conf.counts) {
        return;
    }

    RequestState &state = make_state(r);
    if (state.counted_in == nullptr) {
        state.counted_in = &conf;
    }
}

void note_header(ngx_http_request_t *r)
{
    RequestState *state = find_state(r->main);
    if (state == nullptr) {
        return;
    }

    if (r == r->main) {
        if (state->first_byte_ms < 0) {
            state->first_byte_ms = age_ms(r);
        }
    } else if (r->upstream != nullptr) {
        state->helpers.push_back(r);
    }
}

std::optional<status::Reason> cache_reason(ngx_http_request_t *r)
{
    status::Outcome outcome;
    outcome.cache = cache_status(r);
    outcome.purged = was_purged(r);
    outcome.storable = r->upstream != nullptr && r->upstream->cacheable;
    outcome.status = response_status(r);
    return reason(outcome);
}

std::string region(ngx_http_request_t *r)
{
    const RequestState *state = find_state(r);
    const StatusConf &conf = state != nullptr && state->counted_in != nullptr
                                 ? *state->counted_in : loc_conf(r).status;

    std::string own = evaluate(r, conf.region);
    return own.empty() ? std::string(view(main_conf(r).node_region)) : own;
}

ngx_int_t count_request(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_OK, [&]() -> ngx_int_t {
        if (r != r->main) {
            return NGX_OK;
        }

        const RequestState *state = find_state(r);
        if (counted_in(r, state) == nullptr) {
            return NGX_OK;
        }

        if (auto z = zone(main_conf(r))) {
            count(r, state, *z);
        }
        return NGX_OK;
    });
}

}  // namespace cdn

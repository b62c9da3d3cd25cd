#include "ngx/status_count.h"

#include "core/hash.h"
#include "core/text.h"
#include "ngx/bridge.h"
#include "ngx/purge_hook.h"
#include "ngx/ttl_choice.h"
#include "ngx/zone.h"
#include "ttl/query.h"

namespace cdn {

namespace {

using status::CacheStatus;
using status::Reason;

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

// An error_page may have made something else of it.
unsigned last_upstream_status(ngx_http_request_t *r)
{
    if (r->upstream_states == nullptr || r->upstream_states->nelts == 0) {
        return 0;
    }

    const auto *tries = static_cast<const ngx_http_upstream_state_t *>(r->upstream_states->elts);
    return static_cast<unsigned>(tries[r->upstream_states->nelts - 1].status);
}

// nginx itself decides only after the header has left, and not at all before an error_page.
bool may_be_stored([[maybe_unused]] ngx_http_request_t *r)
{
#if (NGX_HTTP_CACHE)
    const ngx_http_upstream_t *u = r->upstream;
    if (u == nullptr || !u->cacheable || r->cache == nullptr) {
        return false;
    }

    const ngx_uint_t status = u->headers_in.status_n;  // 0: no answer
    return status == 0 || r->cache->valid_sec != 0
           || ngx_http_file_cache_valid(u->conf->cache_valid, status) != 0;
#else
    return false;
#endif
}

std::string_view evaluate(ngx_http_request_t *r, ngx_http_complex_value_t *value)
{
    ngx_str_t text;
    if (value == nullptr || ngx_http_complex_value(r, value, &text) != NGX_OK) {
        return {};
    }

    return view(text);
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

status::LabelId find_label(status::Counters &counters, std::string_view text, LabelOf what)
{
    switch (what) {
    case LabelOf::itself:       return counters.label(text);
    case LabelOf::region:       return counters.region(text);
    case LabelOf::content_type: return counters.label(status::content_kind(text));
    }
    return 0;
}

// What decides which numbers a request is counted in.
struct Sort {
    status::LabelId       zone = 0;
    status::LabelId       profile = 0;
    status::LabelId       region = 0;
    status::LabelId       content = 0;
    CacheStatus           cache = CacheStatus::none;
    std::optional<Reason> reason;
    std::uint8_t          status_class = 0;            // 2: 2xx
    std::uint8_t          duration = 0;                // buckets
    std::uint8_t          first_byte = 0;

    bool operator==(const Sort &) const = default;
};

struct Numbers {
    using Number = status::Counters::Number;

    Sort    sort;
    Number *requests = nullptr;
    Number *responses = nullptr;
    Number *content = nullptr;
    Number *reason = nullptr;
    Number *missed = nullptr;
    Number *bytes = nullptr;
    Number *duration = nullptr;
    Number *duration_sum = nullptr;
    Number *region_duration = nullptr;
    Number *region_duration_sum = nullptr;
    Number *first_byte = nullptr;
    Number *first_byte_sum = nullptr;
};

constexpr std::uint8_t no_first_byte = 255;

std::uint8_t bucket_of_ms(std::int64_t ms)
{
    return static_cast<std::uint8_t>(status::bucket_of(microseconds(ms)));
}

Numbers find_numbers(status::Counters &counters, const Sort &sort, std::uint64_t us, std::uint64_t first_byte_us)
{
    using status::Metric;

    const auto cache = counters.label(name(sort.cache));
    const auto status_class = counters.label(status::status_class(sort.status_class * 100U));

    Numbers numbers;
    numbers.sort = sort;
    numbers.requests = counters.counter(Metric::requests, {sort.zone, sort.profile, sort.region, cache});
    numbers.responses = counters.counter(Metric::responses, {status_class});
    numbers.content = counters.counter(Metric::content_requests, {sort.content, cache});
    if (sort.reason) {
        const auto reason = counters.label(name(*sort.reason));
        numbers.reason = counters.counter(Metric::cache_reasons, {reason});
        if (!is_hit(sort.cache)) {
            numbers.missed = counters.counter(Metric::profile_misses, {sort.profile, reason});
        }
    }
    numbers.bytes = counters.counter(Metric::response_bytes, {sort.profile, cache});
    numbers.duration = counters.bucket(Metric::request_duration, {sort.profile, cache}, us);
    numbers.duration_sum = counters.sum(Metric::request_duration, {sort.profile, cache});
    numbers.region_duration = counters.bucket(Metric::region_duration, {sort.region}, us);
    numbers.region_duration_sum = counters.sum(Metric::region_duration, {sort.region});
    if (sort.first_byte != no_first_byte) {
        numbers.first_byte = counters.bucket(Metric::time_to_first_byte, {sort.profile, cache}, first_byte_us);
        numbers.first_byte_sum = counters.sum(Metric::time_to_first_byte, {sort.profile, cache});
    }
    return numbers;
}

// Most requests are of few sorts; finding their numbers costs more than adding to them.
void add_request(status::Counters &counters, const Sort &sort, std::uint64_t bytes, std::uint64_t us,
                 std::uint64_t first_byte_us)
{
    static Numbers known[256];

    const std::size_t place = sort.profile * 3U + sort.region * 5U + sort.content * 7U + sort.zone * 11U
                              + static_cast<unsigned>(sort.cache) * 13U + sort.duration * 29U + sort.status_class;
    Numbers &numbers = known[place % std::size(known)];
    if (numbers.requests == nullptr || numbers.sort != sort) {
        numbers = find_numbers(counters, sort, us, first_byte_us);
    }

    const auto add = status::Counters::add_to;
    add(numbers.requests, 1);
    add(numbers.responses, 1);
    add(numbers.content, 1);
    add(numbers.reason, 1);
    add(numbers.missed, 1);
    add(numbers.bytes, bytes);
    add(numbers.duration, 1);
    add(numbers.duration_sum, us);
    add(numbers.region_duration, 1);
    add(numbers.region_duration_sum, us);
    add(numbers.first_byte, 1);
    add(numbers.first_byte_sum, first_byte_us);
}

// Where it counts; a request that nginx ended in its location before the rewrite
// phase (a body too large, say) has no note of it.
const LocConf *counted_in(ngx_http_request_t *r, const RequestState *state)
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
    return is_location && !r->internal && loc_conf(r).status.counts ? &loc_conf(r) : nullptr;
}

// Without its query, which may hold what is nobody else's business, but for the arguments that
// cdn_cache_query names.  A picture is asked for by the path that its client used, where that says
// all of it and has no token in it.  `room` is for what has to be made.
std::string_view object_path(ngx_http_request_t *r, const RequestState *state, std::string &room)
{
    if (state != nullptr && state->image && state->signature.policy == nullptr) {
        const auto client = view(state->client_uri);
        if (!client.empty() && client.find('?') == client.npos) {
            return client;
        }
    }

    const auto [path, query, has_query] = cut(view(r->unparsed_uri), '?');
    const LocConf &conf = state != nullptr && state->counted_in != nullptr ? *state->counted_in : loc_conf(r);
    if (!has_query || conf.ttl.query == nullptr || conf.ttl.query->all) {
        return path;
    }
    const std::string kept = ttl::kept_query(query, conf.ttl.query->names);
    room = std::string(path) + (kept.empty() ? "" : '?' + kept);
    return room;
}

// A response tells its profile; of what ended without one, or elsewhere, it is the location's.
std::string_view expected_profile(ngx_http_request_t *r, const LocConf &counted_in)
{
    return counted_in.ttl.in_force() ? ttl_profile_in(r, counted_in.ttl) : "none";
}

// There is no such object; the 410 of an expired signature says nothing of it.
bool is_gone(unsigned code, const RequestState *state)
{
    constexpr unsigned status_gone = 410;
    const bool is_late = state != nullptr && state->signature.answer.verdict == sign::Verdict::expired;
    return code == NGX_HTTP_NOT_FOUND || (code == status_gone && !is_late);
}

// What a warm-up found is no visitor's request, but tells what need not be fetched again.
void note_object(ngx_http_request_t *r, const RequestState &state, Zone &z)
{
    const unsigned code = response_status(r);
    const bool gone = is_gone(code, &state);
    if (gone || code / 100 == 2) {
        std::string room;
        const auto path = object_path(r, &state, room);
        for (status::Popular *sketch : {&z.objects, &z.misses}) {
            sketch->note(view(r->headers_in.server), path, gone);
        }
    }
}

void count(ngx_http_request_t *r, const RequestState *state, const LocConf &counted_in, Zone &z)
{
    using status::Metric;

    const CacheStatus cache = cache_status(r);
    const auto why = cache_reason(r);
    const std::int64_t elapsed = age_ms(r);
    const auto sent = static_cast<std::uint64_t>(std::max<off_t>(r->connection->sent, 0));
    const std::string_view where = region(r);

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
    const bool gone = is_gone(code, state);
    if (gone || (code >= 200 && code < 600 && (code < 400 || code >= 500))) {
        const auto host = view(r->headers_in.server);
        std::string room;
        const auto path = object_path(r, state, room);
        z.objects.add(host, path, gone);
        if (has_hit_ratio(cache) && !is_hit(cache)) {
            z.misses.add(host, path, gone);
        }
    }

    auto &counters = z.counters;
    const std::int64_t first_byte = state != nullptr ? state->first_byte_ms : -1;

    Sort sort;
    sort.zone = label_of(counters, cache_zone(r));
    sort.profile = state != nullptr && state->profile != 0 ? state->profile
                                                          : label_of(counters, expected_profile(r, counted_in));
    sort.region = label_of(counters, where.empty() ? "none" : where, LabelOf::region);
    sort.content = label_of(counters, view(r->headers_out.content_type), LabelOf::content_type);
    sort.cache = cache;
    sort.reason = why;
    sort.status_class = static_cast<std::uint8_t>(std::min(code / 100, 6U));
    sort.duration = bucket_of_ms(elapsed);
    sort.first_byte = first_byte >= 0 ? bucket_of_ms(first_byte) : no_first_byte;
    add_request(counters, sort, sent, microseconds(elapsed), microseconds(std::max<std::int64_t>(first_byte, 0)));

    if (own.asked) {
        counters.observe(Metric::upstream_duration, {sort.profile}, microseconds(own.ms));
    }
    if (all.asked) {
        counters.add(Metric::upstream_bytes, {sort.profile, label_of(counters, name(cache))}, all.bytes);
    }
}

}  // namespace

status::LabelId label_of(status::Counters &counters, std::string_view text, LabelOf what)
{
    struct Known {
        char            text[63];
        std::uint8_t    length;                        // 0: none yet
        LabelOf         what;
        status::LabelId id;
    };
    static Known known[1024];

    if (text.empty() || text.size() > sizeof(Known::text)) {
        return find_label(counters, text, what);
    }

    // by its length and ends: two texts of one place only find each other's entry taken
    const std::uint64_t ends = last_word(text.data(), text.size()) ^ text.size() << 8 ^ static_cast<std::uint64_t>(what);
    Known &entry = known[fold(ends, odd_number) >> 32 & 1023];
    if (entry.what != what || text != std::string_view(entry.text, entry.length)) {
        text.copy(entry.text, sizeof(entry.text));
        entry.length = static_cast<std::uint8_t>(text.size());
        entry.what = what;
        entry.id = find_label(counters, text, what);
    }
    return entry.id;
}

void note_location(ngx_http_request_t *r)
{
    const LocConf &conf = loc_conf(r);
    if (r != r->main || !conf.status.counts) {
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
    outcome.storable = may_be_stored(r);
    outcome.status = std::max(response_status(r), last_upstream_status(r));
    return reason(outcome);
}

std::string_view region(ngx_http_request_t *r)
{
    const RequestState *state = find_state(r);
    const LocConf &conf = state != nullptr && state->counted_in != nullptr ? *state->counted_in : loc_conf(r);

    const std::string_view own = evaluate(r, conf.status.region);
    return own.empty() ? view(main_conf(r).node_region) : own;
}

ngx_int_t count_request(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_OK, [&]() -> ngx_int_t {
        if (r != r->main) {
            return NGX_OK;
        }

        const RequestState *state = find_state(r);
        auto z = zone(main_conf(r));
        if (z && state != nullptr && state->is_warmer) {
            note_object(r, *state, *z);
        } else if (const LocConf *where = z ? counted_in(r, state) : nullptr) {
            count(r, state, *where, *z);
        }
        return NGX_OK;
    });
}

}  // namespace cdn

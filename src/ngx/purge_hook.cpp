#include "ngx/purge_hook.h"

#include "core/hash.h"
#include "ngx/cache_file.h"
#include "ngx/headers.h"
#include "ngx/image_rewrite.h"
#include "ngx/purge_state.h"
#include "ngx/ttl_hook.h"
#include "ngx/upstreams.h"
#include "ngx/zone.h"
#include "purge/stored.h"

#include <array>
#include <map>

namespace cdn {

namespace {

constexpr std::string_view born_header = "X-CDN-Born";
constexpr std::string_view own_name = "ngx_cdn";
constexpr std::string_view variable_name = "cdn_cache_check";

// How long what was soft-purged may be served while nothing newer is to be had.
constexpr time_t soft_grace = 24 * 3600;

// The same request is looked at again at most so often; then it is fetched
// without waiting for others.
constexpr int most_reruns = 3;

ngx_http_output_header_filter_pt next_header_filter;

#if (NGX_HTTP_CACHE)

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

// ---- what is known of a stored response

std::optional<std::int64_t> header_born(std::string_view value)
{
    const auto born = parse_digits(trim(value));
    return born && *born > 0 ? born : std::nullopt;
}

std::string host_of(ngx_http_request_t *r)
{
    if (r->headers_in.server.len > 0) {
        return lower(view(r->headers_in.server));
    }
    const auto *server = static_cast<ngx_http_core_srv_conf_t *>(
        ngx_http_get_module_srv_conf(r, ngx_http_core_module));
    return lower(view(server->server_name));
}

void add_resource(purge::Object &object, std::string host, std::string text)
{
    if (!text.empty()
        && std::none_of(object.resources.begin(), object.resources.end(), [&](const purge::Resource &other) {
               return other.text == text && other.host == host;
           }))
    {
        object.resources.push_back({std::move(host), std::move(text)});
    }
}

// The URLs it answers for: as the client asked, as nginx asks, and an image's source.
void add_resources(ngx_http_request_t *r, purge::Object &object)
{
    const std::string host = host_of(r);
    add_resource(object, host, purge::resource_text(view(r->uri), view(r->args)));

    const RequestState *state = effective_state(r);
    if (r == r->main || (state != nullptr && state->request == r->main)) {
        const ngx_http_request_t *main = r->main;
        const auto sent = view(state != nullptr && state->client_uri.data != nullptr
                                   ? state->client_uri : main->unparsed_uri);
        const auto [path, query, has_query] = cut(sent.substr(0, sent.find('#')), '?');
        add_resource(object, host, purge::raw_resource_text(path, query));
    }
    if (state != nullptr && state->image) {
        const image::Source &source = state->image->source;
        const auto at = source.origin.find("://");
        std::string source_host = at == source.origin.npos ? host : source.origin.substr(at + 3);
        source_host.resize(std::min(source_host.size(), source_host.find(':')));
        add_resource(object, std::move(source_host), purge::raw_resource_text(source.path, source.query));
    }
}

void set_birth(ngx_http_request_t *r, purge::Object &object)
{
    const ngx_http_cache_t *c = r->cache;
    object.stored_ms = std::int64_t{c->date} * 1000;
    object.born_ms = purge::decode_born(c->date, static_cast<std::uint16_t>(c->valid_msec)).value_or(0);
}

// `bytes` are the stored header's, or nothing where nginx has parsed it.
purge::Object describe(ngx_http_request_t *r, std::optional<std::string_view> bytes)
{
    purge::Object object;
    set_birth(r, object);

    const auto older = [&](std::string_view value) {
        if (const auto born = header_born(value); born && loc_conf(r).purge.trusts_upstream) {
            object.born_ms = std::min(object.born_ms, *born);
        }
    };
    const auto tags = [&](std::string_view value) { purge::add_tags(object, value); };

    if (bytes) {
        purge::each_stored_field(*bytes, born_header, older);
        for (const std::string &name : *loc_conf(r).purge.tag_headers) {
            purge::each_stored_field(*bytes, name, tags);
        }
    } else {
        auto &fields = r->upstream->headers_in.headers;
        each_header(fields, born_header, true, [&](ngx_table_elt_t &field) { older(view(field.value)); });
        for (const std::string &name : *loc_conf(r).purge.tag_headers) {
            each_header(fields, name, true, [&](ngx_table_elt_t &field) { tags(view(field.value)); });
        }
    }

    // a profile's tags are not in the file: those of today count
    if (const std::vector<std::string> *own = ttl_tags(r)) {
        for (const std::string &tag : *own) {
            purge::add_tags(object, tag);
        }
    }

    return object;
}

// An inner tier that never purges gives the same old birth again and again: after a few
// fetches for nothing it is not believed for this response any more.
bool is_hopeless(ngx_http_request_t *r, std::int64_t born_ms)
{
    struct Refills {
        std::int64_t born_ms = 0;
        int          count = 0;
    };
    constexpr int         most_refills = 3;
    constexpr std::size_t most_keys = 4096;
    static std::map<std::string, Refills> known;       // this worker's

    if (known.size() >= most_keys) {
        known.clear();
    }
    Refills &refills = known[{reinterpret_cast<const char *>(r->cache->key), NGX_HTTP_CACHE_KEY_LEN}];
    if (refills.born_ms != born_ms) {
        refills = {born_ms, 0};
    }
    return refills.count >= most_refills || ++refills.count > most_refills;
}

// What a verdict depends on, but for the purges themselves.
struct Subject {
    std::array<u_char, NGX_HTTP_CACHE_KEY_LEN> key;
    ngx_file_uniq_t                            file;
    time_t                                     date;
    std::uint64_t                              url;    // a hash of those it answers for
    void                                     **location;
    const std::vector<std::string>            *ttl_tags;
    u_short                                    born;

    bool operator==(const Subject &) const = default;
};

Subject subject_of(ngx_http_request_t *r)
{
    const ngx_http_cache_t *c = r->cache;
    Subject subject{};
    std::copy_n(c->key, subject.key.size(), subject.key.begin());
    subject.file = c->uniq;
    subject.date = c->date;
    subject.location = r->loc_conf;
    subject.ttl_tags = ttl_tags(r);
    subject.born = static_cast<u_short>(c->valid_msec);

    const RequestState *state = find_state(r);
    const bool is_rewritten = state != nullptr && state->client_uri.data != nullptr;
    const ngx_str_t &sent = is_rewritten ? state->client_uri : r->unparsed_uri;
    for (const ngx_str_t &part : {r->headers_in.server, r->uri, r->args, sent}) {
        subject.url = hash(view(part), subject.url);
    }
    return subject;
}

// Found to be kept, at that state of the table: most hits are of what was hit before, and
// most of them between two purges.
class Kept {
public:
    bool has(const Subject &subject, std::uint64_t generation) const
    {
        const Entry &entry = entries_[index(subject)];
        return entry.generation == generation && entry.subject == subject;
    }

    void add(const Subject &subject, std::uint64_t generation)
    {
        entries_[index(subject)] = {subject, generation};
    }

private:
    struct Entry {
        Subject       subject;
        std::uint64_t generation;                      // 0: none
    };

    static std::size_t index(const Subject &subject)   // the key is an MD5: any bytes will do
    {
        return (subject.key[0] | std::size_t{subject.key[1]} << 8) % count;
    }

    static constexpr std::size_t count = 8192;
    std::array<Entry, count> entries_;
};

Kept known_as_kept;                                    // this worker's

purge::Verdict judge_by(const Purges &p, ngx_http_request_t *r, std::optional<std::string_view> bytes,
                        std::int64_t oldest)
{
    purge::Object object = describe(r, bytes);
    if (object.born_ms > p.table.newest_ms() && object.born_ms > p.table.floor_ms()
        && object.stored_ms >= oldest)
    {
        return purge::Verdict::kept;                   // younger than any purge
    }

    add_resources(r, object);
    const purge::Verdict verdict = p.table.judge(object, oldest);
    if (verdict == purge::Verdict::kept) {
        return verdict;
    }

    const std::int64_t born_ms = object.born_ms;
    set_birth(r, object);
    return object.born_ms > born_ms && p.table.judge(object, oldest) == purge::Verdict::kept
                   && is_hopeless(r, born_ms)
               ? purge::Verdict::kept : verdict;
}

purge::Verdict judge(ngx_http_request_t *r, std::optional<std::string_view> bytes)
{
    const auto p = purges(main_conf(r));
    if (!p || !loc_conf(r).purge.obeys) {
        return purge::Verdict::kept;
    }

    // read before the table is, so that a purge that comes now counts next time
    const std::uint64_t generation = p->table.generation();
    const std::int64_t oldest = oldest_ms(main_conf(r));
    const bool is_own = r == r->main && std::int64_t{r->cache->date} * 1000 >= oldest;
    const Subject subject = is_own ? subject_of(r) : Subject{};
    if (is_own && known_as_kept.has(subject, generation)) {
        return purge::Verdict::kept;
    }

    const purge::Verdict verdict = judge_by(*p, r, bytes, oldest);
    if (is_own && verdict == purge::Verdict::kept) {
        known_as_kept.add(subject, generation);
    }
    return verdict;
}

void count_match(ngx_http_request_t *r, purge::Verdict verdict)
{
    if (auto z = zone(main_conf(r))) {
        z->counters.add(status::Metric::purge_matches,
                        {z->counters.label(verdict == purge::Verdict::hard ? "hard" : "soft")});
    }
}

// This request's own copy of its location's settings.
ngx_http_upstream_conf_t *own_conf(ngx_http_request_t *r)
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
        const bool sure = verdict == purge::Verdict::soft;
        if (u->cache_status != NGX_HTTP_CACHE_HIT) {
            return NGX_OK;                             // stale already, and being refreshed
        }
        if (sure) {
            own_conf(r)->cache_background_update = 1;
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
    const ngx_int_t rc = hook.process_header(r);
    wrap(r, hook);
    if (rc != NGX_OK) {
        return rc;
    }
    if (r->upstream->cache_status == NGX_HTTP_CACHE_REVALIDATED) {
        return NGX_OK;                                 // the origin has just confirmed it
    }

    const purge::Verdict verdict = judge(r, std::nullopt);
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

    own_conf(r)->cache_use_stale |= NGX_HTTP_UPSTREAM_FT_HTTP_500 | NGX_HTTP_UPSTREAM_FT_HTTP_502
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
            && judge(r, cached_header_bytes(r)) == purge::Verdict::hard)
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

// The predicate.
ngx_int_t check(ngx_http_request_t *r, ngx_http_variable_value_t *value, uintptr_t) noexcept
{
    *value = ngx_http_variable_null_value;

    return guarded<ngx_int_t>(r->connection->log, NGX_OK, [&]() -> ngx_int_t {
        if (r->upstream == nullptr || r->cache == nullptr) {
            return NGX_OK;
        }

        install_hook(r);
        if (ttl_bypasses(r)) {
            *value = ngx_http_variable_true_value;
        }
        return NGX_OK;
    });
}

// ---- the header filter

// When the fetch of what is stored now began.
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

    const Hook *hook = find_hook(r);
    if (hook == nullptr || hook->born_ms == 0) {
        return;
    }
    if (revalidated && hook->is_outdated) {
        drop_cached(r);
        return;
    }

    const auto encoded = purge::encode_born(ngx_time(), hook->born_ms);
    if (!encoded && !revalidated) {
        u->cacheable = 0;                              // it took too long for its age to be noted
    }
    r->cache->valid_msec = encoded.value_or(UINT16_MAX);
}

// The birth of what is being sent, for the edge that asked.
std::int64_t sent_birth(ngx_http_request_t *r)
{
    std::int64_t born = 0;
    if (const Hook *hook = find_hook(r); hook != nullptr && hook->born_ms != 0) {
        born = hook->born_ms;
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

ngx_int_t header_filter(ngx_http_request_t *r) noexcept
{
#if (NGX_HTTP_CACHE)
    const PurgeConf &conf = loc_conf(r).purge;
    if (conf.on == 0 || main_conf(r).journal == nullptr) {
        return next_header_filter(r);
    }

    const ngx_int_t failure = guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [&]() -> ngx_int_t {
        note_birth(r);

        const bool for_edge = asked_by_edge(r->main);
        const bool hides_tags = !for_edge && !conf.exposes_tags && r == r->main;
        std::optional<std::int64_t> inner;
        each_field(r->headers_out.headers, true, [&](ngx_table_elt_t &field) {
            const auto is = [&](std::string_view name) { return equal_ignoring_case(view(field.key), name); };
            if (is(born_header)) {
                inner = header_born(view(field.value));
                field.hash = 0;
            } else if (hides_tags && std::any_of(conf.tag_headers->begin(), conf.tag_headers->end(), is)) {
                field.hash = 0;
            }
        });

        if (for_edge) {
            std::int64_t born = sent_birth(r);
            if (inner && conf.trusts_upstream) {
                born = std::min(born, *inner);
            }
            add_response_header(r, born_header, std::to_string(born));
        }
        return NGX_OK;
    });
    if (failure != NGX_OK) {
        return NGX_ERROR;
    }
#endif
    return next_header_filter(r);
}

}  // namespace

bool add_cache_check(ngx_conf_t *cf)
{
#if (NGX_HTTP_CACHE)
    ngx_str_t name = borrow(variable_name);
    ngx_http_variable_t *variable = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (variable == nullptr) {
        return false;
    }
    variable->get_handler = check;
#endif
    return true;
}

bool install_cache_check(ngx_conf_t *cf)
{
#if (NGX_HTTP_CACHE)
    bool installed = true;
    each_upstream_conf(cf, [&](ngx_http_upstream_conf_t &upstream) {
        if (upstream.cache != 1) {
            return;
        }

        const auto *old = upstream.cache_bypass;
        const bool has_old = old != nullptr && old != NGX_CONF_UNSET_PTR;
        const auto *first = has_old ? static_cast<ngx_http_complex_value_t *>(old->elts) : nullptr;
        const std::string text = '$' + std::string(variable_name);
        if (has_old && old->nelts > 0 && view(first->value) == text) {
            return;                                    // inherited with it
        }

        // a new array: the old one may be other locations' too
        auto *predicates = ngx_array_create(cf->pool, 4, sizeof(ngx_http_complex_value_t));
        auto *own = predicates != nullptr
                        ? static_cast<ngx_http_complex_value_t *>(ngx_array_push(predicates)) : nullptr;
        if (own == nullptr) {
            installed = false;
            return;
        }

        ngx_str_t value = copy(cf->pool, text);
        ngx_http_compile_complex_value_t compile{};
        compile.cf = cf;
        compile.value = &value;
        compile.complex_value = own;
        if (ngx_http_compile_complex_value(&compile) != NGX_OK) {
            installed = false;
            return;
        }

        for (ngx_uint_t i = 0; has_old && i < old->nelts; i++) {
            auto *next = static_cast<ngx_http_complex_value_t *>(ngx_array_push(predicates));
            if (next == nullptr) {
                installed = false;
                return;
            }
            *next = first[i];
        }
        upstream.cache_bypass = predicates;
    });
    return installed;
#else
    static_cast<void>(cf);
    return true;
#endif
}

void install_purge_filter() noexcept
{
    next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = header_filter;
}

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

bool asked_by_edge(ngx_http_request_t *r)
{
    bool named = false;
    each_header(r->headers_in.headers, "CDN-Loop", false, [&](ngx_table_elt_t &field) {
        if (field.value.data == borrow(own_name).data) {
            return;                                    // added here
        }
        for (const auto member : split(view(field.value), ',')) {
            named = named || trim(cut(member, ';').before) == own_name;
        }
    });
    return named;
}

void name_this_cdn(ngx_http_request_t *r)
{
    if (r != r->main || loc_conf(r).purge.on != 1 || main_conf(r).journal == nullptr) {
        return;
    }

    bool is_named = false;
    each_header(r->headers_in.headers, "CDN-Loop", false, [&](ngx_table_elt_t &field) {
        is_named = is_named || field.value.data == borrow(own_name).data;
    });
    if (is_named) {
        return;
    }

    auto *field = static_cast<ngx_table_elt_t *>(ngx_list_push(&r->headers_in.headers));
    if (field == nullptr) {
        throw std::bad_alloc();
    }
    *field = {};
    ngx_str_set(&field->key, "CDN-Loop");
    field->lowcase_key = borrow("cdn-loop").data;
    field->hash = ngx_hash_key(field->lowcase_key, field->key.len);
    field->value = borrow(own_name);
}

}  // namespace cdn

#include "ngx/ttl_filter.h"

#include "ngx/headers.h"
#include "ngx/request_local.h"
#include "ngx/status_count.h"
#include "ngx/zone.h"
#include "ttl/cache_status.h"
#include "ttl/popularity.h"

#include <array>
#include <cstring>

namespace cdn {

namespace {

using ttl::Seconds;
using ttl::Verdict;

constexpr time_t      miss_is_remembered = 30;
constexpr std::size_t most_unknown_names = 64;
constexpr std::string_view debug_header = "X-CDN-Debug";

ngx_http_output_header_filter_pt next_header_filter;

// What cdn_ttl comes to for one request.
struct Choice {
    ttl::Policy   policy;
    LiveSchedule *schedule = nullptr;
};

// A response's own words, and which of them count.
struct Heard {
    std::string_view cache_control;                    // for clients
    bool             says_lifetime = false;            // in any header
    ttl::Answer      answer;
};

struct Notes {
    const TtlRule         *rule = nullptr;             // the choice is by this one
    Choice                 choice;
    bool                   auto_was_read = false;      // $cdn_ttl_auto took part in it
    bool                   unknown_is_counted = false;
    std::optional<Heard>   confirmed;                  // what a 304 said
    std::optional<Seconds> decided;                    // $cdn_ttl
};

std::string_view evaluate(ngx_http_request_t *r, ngx_http_complex_value_t *value)
{
    ngx_str_t text{};
    if (value == nullptr || ngx_http_complex_value(r, value, &text) != NGX_OK) {
        return {};
    }

    return view(text);
}

// Says so once per worker and name.
void note_unknown(ngx_http_request_t *r, std::string_view what, std::string_view name)
{
    auto &known = main_conf(r).ttl->unknown;
    std::string entry = std::string(what) + ' ' + std::string(name);
    if (known.size() >= most_unknown_names
        || std::find(known.begin(), known.end(), entry) != known.end())
    {
        return;
    }

    known.push_back(std::move(entry));
    const std::string shown = std::string(what) + " \"" + printable(name) + '"';
    const ngx_str_t text = borrow(shown);
    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0, "cdn ttl: unknown %V", &text);
}

const ttl::Profile *choose_profile(ngx_http_request_t *r, TtlRule &rule, Notes &notes)
{
    const TtlMain &main = *main_conf(r).ttl;
    if (rule.fixed_profile != nullptr) {
        return rule.fixed_profile;
    }

    notes.auto_was_read = false;
    const auto name = evaluate(r, &rule.profile);
    if (const ttl::Profile *profile = main.profile(name)) {
        return profile;
    }

    // a typo must never make private things public
    if (!name.empty() && name != "off") {
        note_unknown(r, "profile", name);
        auto z = zone(main_conf(r));
        if (z && !notes.unknown_is_counted) {
            notes.unknown_is_counted = true;
            z->counters.add(status::Metric::unknown_profile, {});
        }
    }
    return main.profile(ttl::origin_profile);
}

LiveSchedule *choose_schedule(ngx_http_request_t *r, TtlRule &rule)
{
    if (rule.schedule == nullptr || rule.fixed_schedule != nullptr) {
        return rule.fixed_schedule;
    }

    const auto name = evaluate(r, rule.schedule);
    LiveSchedule *schedule = main_conf(r).ttl->schedule(name);
    if (schedule == nullptr && !name.empty()) {
        note_unknown(r, "schedule", name);
    }

    return schedule;
}

Choice choose(ngx_http_request_t *r, Notes &notes)
{
    TtlRule &rule = *loc_conf(r).ttl.rule;

    Choice choice;
    choice.policy.profile = choose_profile(r, rule, notes);
    choice.policy.by_content = notes.auto_was_read;
    choice.schedule = choose_schedule(r, rule);
    choice.policy.schedule = choice.schedule != nullptr ? &choice.schedule->schedule() : nullptr;
    choice.policy.role = evaluate(r, rule.role);
    choice.policy.per_user = !evaluate(r, rule.per_user).empty();
    choice.policy.authorized = r->headers_in.authorization != nullptr;
    choice.policy.retention = purge_retention(main_conf(r));
    return choice;
}

// As it holds from the cache's key on; nullptr: no cdn_ttl here.
const Choice *settle(ngx_http_request_t *r)
{
    const TtlConf &conf = loc_conf(r).ttl;
    if (!conf.in_force()) {
        return nullptr;
    }

    Notes &notes = local<Notes>(r);
    if (notes.rule != conf.rule) {
        notes.choice = choose(r, notes);
        notes.rule = conf.rule;
    }
    return &notes.choice;
}

// For variables, which may be read before what they depend on is settled.
std::optional<Choice> look(ngx_http_request_t *r)
{
    const TtlConf &conf = loc_conf(r).ttl;
    if (!conf.in_force()) {
        return std::nullopt;
    }

    Notes &notes = local<Notes>(r);
    return notes.rule == conf.rule ? notes.choice : choose(r, notes);
}

// ---- what an upstream says

// All fields of one name, as one list; a single one, as most are, is not copied.
void append(ngx_http_request_t *r, std::string_view &list, const ngx_str_t &value)
{
    list = list.empty() ? view(value)
                        : view(copy(r->pool, std::string(list) + ", " + std::string(view(value))));
}

std::string_view joined(ngx_http_request_t *r, ngx_list_t &headers, std::string_view name)
{
    std::string_view out;
    each_header(headers, name, true, [&](ngx_table_elt_t &field) { append(r, out, field.value); });
    return out;
}

std::int64_t time_of(const ngx_str_t &text)
{
    // what is no date is one long past (RFC 9111 section 5.3)
    const time_t time = ngx_parse_http_time(text.data, text.len);
    return time == NGX_ERROR ? 0 : time;
}

bool is_image(std::string_view content_type)
{
    return content_type.substr(0, 6) == "image/";
}

ngx_uint_t ignored_headers(ngx_http_request_t *r)
{
    for (const auto &[module, mask] : loc_conf(r).ttl.ignored) {
        if (module == r->upstream->conf->module.data) {
            return mask;
        }
    }

    return r->upstream->conf->ignore_headers;
}

// Most names that a response has differ in length already.
bool is_heard_length(std::size_t length)
{
    constexpr std::uint32_t lengths = 1U << 3 | 1U << 4 | 1U << 7 | 1U << 10 | 1U << 12 | 1U << 13
                                      | 1U << 15 | 1U << 17;
    return length < 32 && (lengths >> length & 1U) != 0;
}

Heard hear_upstream(ngx_http_request_t *r)
{
    const ngx_uint_t ignored = ignored_headers(r);
    const auto counts = [&](ngx_uint_t bit) { return (ignored & bit) == 0; };

    Heard heard;
    ttl::Answer &answer = heard.answer;
    answer.status = static_cast<int>(r->upstream->headers_in.status_n);

    std::string_view cdn;
    std::string_view surrogate;
    const ngx_str_t *expires = nullptr;
    const ngx_str_t *date = nullptr;

    each_field(r->upstream->headers_in.headers, true, [&](ngx_table_elt_t &field) {
        const auto is = [&](std::string_view name) { return equal_ignoring_case(view(field.key), name); };
        if (!is_heard_length(field.key.len)) {
            return;
        }
        if (is("Cache-Control")) {
            append(r, heard.cache_control, field.value);
        } else if (is("CDN-Cache-Control")) {
            append(r, cdn, field.value);
        } else if (is("Surrogate-Control")) {
            append(r, surrogate, field.value);
        } else if (is("Expires")) {
            expires = &field.value;
        } else if (is("Date")) {
            date = &field.value;
        } else if (is("Age")) {
            answer.age = std::max(answer.age, ttl::parse_age(trim(view(field.value))));
        } else if (is("Last-Modified")) {
            answer.has_last_modified = true;
        } else if (is("Content-Type")) {
            answer.is_image = is_image(view(field.value));
        } else if (is("X-Accel-Expires")) {
            answer.accel_expires = counts(NGX_HTTP_UPSTREAM_IGN_XA_EXPIRES);
        } else if (is("Set-Cookie")) {
            answer.sets_cookie = counts(NGX_HTTP_UPSTREAM_IGN_SET_COOKIE);
        }
    });

    heard.says_lifetime = !heard.cache_control.empty() || !cdn.empty() || !surrogate.empty() || expires != nullptr;
    if (counts(NGX_HTTP_UPSTREAM_IGN_CACHE_CONTROL)) {
        answer.control = ttl::for_this_cache({heard.cache_control, cdn, surrogate});
    }
    if (expires != nullptr && counts(NGX_HTTP_UPSTREAM_IGN_EXPIRES)) {
        answer.expires_in = time_of(*expires) - (date != nullptr ? time_of(*date) : ngx_time());
    }

    return heard;
}

// A 304's words stand for those of what it confirms (RFC 9111 section 4.3.4).
Heard confirmed_by(const Heard &told, Heard heard)
{
    if (told.says_lifetime) {
        heard.cache_control = told.cache_control;
        heard.answer.control = told.answer.control;
        heard.answer.expires_in = told.answer.expires_in;
    }
    heard.answer.accel_expires = heard.answer.accel_expires || told.answer.accel_expires;
    heard.answer.age = told.answer.age;
    return heard;
}

// Of a file, or another module's answer.
Heard hear_own(ngx_http_request_t *r)
{
    Heard heard;
    heard.cache_control = joined(r, r->headers_out.headers, "Cache-Control");
    heard.answer.status = static_cast<int>(r->headers_out.status);
    heard.answer.control = ttl::parse_cache_control(heard.cache_control);
    heard.answer.sets_cookie = !joined(r, r->headers_out.headers, "Set-Cookie").empty();
    heard.answer.has_last_modified = r->headers_out.last_modified_time != -1;
    heard.answer.is_image = is_image(view(r->headers_out.content_type));
    return heard;
}

double chance()
{
    return static_cast<double>(ngx_random()) / (static_cast<double>(RAND_MAX) + 1);
}

// ---- what clients are told

// The fields that are told, found in one pass; those of one name are one then.
struct Fields {
    ngx_table_elt_t *cache_control = nullptr;
    ngx_table_elt_t *vary = nullptr;
    ngx_table_elt_t *tags = nullptr;
    ngx_table_elt_t *cache_status = nullptr;
    ngx_table_elt_t *age = nullptr;
};

void join(ngx_http_request_t *r, ngx_table_elt_t *&first, ngx_table_elt_t &field)
{
    if (first == nullptr) {
        first = &field;
        return;
    }

    first->value = copy(r->pool, std::string(view(first->value)) + ", " + std::string(view(field.value)));
    field.hash = 0;
}

Fields find_fields(ngx_http_request_t *r)
{
    Fields fields;
    each_field(r->headers_out.headers, true, [&](ngx_table_elt_t &field) {
        const auto is = [&](std::string_view name) {
            return field.key.len == name.size() && equal_ignoring_case(view(field.key), name);
        };
        if (is("Cache-Control")) {
            join(r, fields.cache_control, field);
        } else if (is("Vary")) {
            join(r, fields.vary, field);
        } else if (is("X-Cache-Tag")) {
            join(r, fields.tags, field);
        } else if (is("Cache-Status")) {
            join(r, fields.cache_status, field);
        } else if (is("Age")) {
            if (fields.age != nullptr) {
                field.hash = 0;                        // the eldest is told, once
            } else {
                fields.age = &field;
            }
        } else if (is("Surrogate-Control")) {
            field.hash = 0;                            // for caches like this one alone
        }
    });

    return fields;
}

std::string_view value_of(const ngx_table_elt_t *field)
{
    return field != nullptr ? view(field->value) : std::string_view();
}

// `value` lives as long as the request.
void put(ngx_http_request_t *r, ngx_table_elt_t *field, std::string_view name, const ngx_str_t &value)
{
    if (field == nullptr) {
        field = static_cast<ngx_table_elt_t *>(ngx_list_push(&r->headers_out.headers));
        if (field == nullptr) {
            throw std::bad_alloc();
        }
        *field = {};
        field->hash = 1;
        field->key = borrow(name);
    }

    field->value = value;
}

void put(ngx_http_request_t *r, ngx_table_elt_t *field, std::string_view name, const std::string &value)
{
    put(r, field, name, copy(r->pool, value));
}

void set_header(ngx_http_request_t *r, std::string_view name, std::string_view value)
{
    ngx_table_elt_t *first = nullptr;
    each_response_header(r, name, [&](ngx_table_elt_t &field) {
        if (first == nullptr) {
            first = &field;
        } else {
            field.hash = 0;
        }
    });
    put(r, first, name, copy(r->pool, value));
}

void remove_header(ngx_http_request_t *r, std::string_view name)
{
    each_response_header(r, name, [](ngx_table_elt_t &field) { field.hash = 0; });
}

// `rest` is what is left of the response's life here.
void tell_lifetime(ngx_http_request_t *r, const Fields &fields, const ttl::Profile &profile,
                   const Heard &heard, const ttl::Lifetime &rest, Seconds age)
{
    const ttl::CacheControl said =
        heard.cache_control.empty() ? ttl::CacheControl{} : ttl::parse_cache_control(heard.cache_control);
    const bool passes_on = said.forbids() || said.says_zero()
                           || (!rest.by_profile && !heard.cache_control.empty());
    const Seconds limit = std::min(rest.ttl, profile.browser_ttl.value_or(rest.ttl));

    put(r, fields.cache_control, "Cache-Control",
        passes_on ? ttl::limited_cache_control(heard.cache_control, age, limit)
                  : ttl::print_cache_control(
                        ttl::client_control(profile, heard.answer.control, age, rest)));

    // max-age goes before it; caches too old to know that are gone
    if (r->headers_out.expires != nullptr) {
        r->headers_out.expires->hash = 0;
        r->headers_out.expires = nullptr;
    }
}

void tell_names(ngx_http_request_t *r, const Fields &fields, const ttl::Policy &policy)
{
    const ttl::Profile &profile = *policy.profile;

    if (fields.vary == nullptr && !policy.per_user) {
        if (!profile.vary.empty()) {
            put(r, nullptr, "Vary", borrow(profile.vary_text));
        }
    } else if (!profile.vary.empty() || policy.per_user) {
        std::vector<std::string> vary = profile.vary;
        if (policy.per_user) {
            vary.emplace_back("X-User-ID");
        }
        put(r, fields.vary, "Vary", ttl::merged_vary(value_of(fields.vary), vary));
    }

    if (!profile.tags.empty()) {
        if (fields.tags == nullptr) {
            put(r, nullptr, "X-Cache-Tag", borrow(profile.tags_text));
        } else {
            put(r, fields.tags, "X-Cache-Tag",
                std::string(value_of(fields.tags)) + ", " + profile.tags_text);
        }
    }
}

void tell_cache_status(ngx_http_request_t *r, const Fields &fields, ttl::CacheStatus status)
{
    std::string key;
#if (NGX_HTTP_CACHE)
    if (r->cache != nullptr && !request_header(r, debug_header).empty()) {
        const auto *parts = static_cast<const ngx_str_t *>(r->cache->keys.elts);
        for (ngx_uint_t i = 0; i < r->cache->keys.nelts; i++) {
            key += view(parts[i]);
        }
    }
#endif
    status.key = key;

    std::string own = ttl::print_cache_status(status);
    if (fields.cache_status != nullptr) {
        own = std::string(value_of(fields.cache_status)) + ", " + own;
    }
    put(r, fields.cache_status, "Cache-Status", own);
}

#if (NGX_HTTP_CACHE)

// ---- keys whose responses were not stored: nobody should wait for the next one

class Misses {
public:
    bool has(const u_char *key, time_t now) const
    {
        const Entry &entry = slot(key);
        return entry.until > now && entry.until <= now + miss_is_remembered
               && std::memcmp(entry.key, key, sizeof(entry.key)) == 0;
    }

    void add(const u_char *key, time_t now)
    {
        Entry &entry = entries_[index(key)];
        std::memcpy(entry.key, key, sizeof(entry.key));
        entry.until = now + miss_is_remembered;
    }

    void remove(const u_char *key)
    {
        Entry &entry = entries_[index(key)];
        if (std::memcmp(entry.key, key, sizeof(entry.key)) == 0) {
            entry.until = 0;
        }
    }

private:
    struct Entry {
        u_char key[NGX_HTTP_CACHE_KEY_LEN];
        time_t until;
    };

    static std::size_t index(const u_char *key)        // an MD5: any bytes will do
    {
        return (key[0] | std::size_t{key[1]} << 8) % count;
    }
    const Entry &slot(const u_char *key) const { return entries_[index(key)]; }

    static constexpr std::size_t count = 4096;
    std::array<Entry, count> entries_{};
};

Misses misses;                                         // this worker's

const u_char *main_key(const ngx_http_cache_t *c)
{
    return c->main;                                    // before Vary tells variants apart
}

// A profile that forbids it serves nothing stale, whatever "use_stale" says.
void forbid_stale(ngx_http_request_t *r)
{
    ngx_http_upstream_t *u = r->upstream;
    auto *conf = static_cast<ngx_http_upstream_conf_t *>(ngx_palloc(r->pool, sizeof(*u->conf)));
    if (conf == nullptr) {
        throw std::bad_alloc();
    }

    *conf = *u->conf;
    conf->cache_use_stale = 0;
    u->conf = conf;
}

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

// ---- popularity: of what the cache knows by one key, in whatever variants

std::uint64_t object_of(const ngx_http_cache_t *c)
{
    std::uint64_t object = 0;
    std::memcpy(&object, main_key(c), sizeof(object));
    return object;
}

void count_popularity(ngx_http_request_t *r, const ttl::Profile &profile)
{
    if (!profile.popularity || r->cache == nullptr || r->headers_out.status >= NGX_HTTP_BAD_REQUEST) {
        return;
    }
    if (auto z = zone(main_conf(r)); z && z->ranking) {
        z->ranking->add(object_of(r->cache));
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

#if (NGX_HTTP_CACHE)

void count_tier(ngx_http_request_t *r, const ttl::Policy &policy, const ttl::Lifetime &life)
{
    if (!policy.rank || !life.by_profile) {
        return;
    }
    if (auto z = zone(main_conf(r))) {
        z->counters.add(status::Metric::popularity_tiers,
                        {z->counters.label(policy.profile->name),
                         z->counters.label(ttl::name(ttl::tier(*policy.rank)))});
    }
}

// ---- a response out of the cache

void apply_cached(ngx_http_request_t *r, const Choice &choice, Notes &notes)
{
    ngx_http_cache_t *c = r->cache;
    ngx_http_upstream_t *u = r->upstream;
    const time_t now = ngx_time();
    const bool revalidated = u->cache_status == NGX_HTTP_CACHE_REVALIDATED;
    const Heard heard = revalidated && notes.confirmed ? confirmed_by(*notes.confirmed, hear_upstream(r))
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

    const Fields fields = find_fields(r);
    const Seconds age = heard.answer.age + (now - date);
    put(r, fields.age, "Age", std::to_string(age));

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

void apply_fresh(ngx_http_request_t *r, const Choice &choice, Notes &notes)
{
    const bool from_upstream = r->upstream != nullptr;
    const time_t now = ngx_time();
    const Heard heard = from_upstream ? hear_upstream(r) : hear_own(r);
    const ttl::Policy policy = with_rank(r, choice.policy);
    ttl::Lifetime life = ttl::lifetime(policy, heard.answer, now, chance());
    bool is_stored = false;

#if (NGX_HTTP_CACHE)
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
            misses.remove(main_key(c));
            count_tier(r, policy, life);
            life.ttl = (c->valid_sec != 0 ? c->valid_sec : now + configured_valid(r)) - now;
        } else if (was_cacheable && heard.answer.status < 500) {
            misses.add(main_key(c), now);
        } else if (heard.answer.sets_cookie) {
            misses.add(main_key(c), now);              // nginx has seen that for itself
        }
    }
#endif

    notes.decided = life.ttl;
    if (r != r->main) {
        return;
    }

    const bool decided = life.by_profile && life.ttl > 0
                         && (life.verdict == Verdict::keep || ttl::never_stored(choice.policy));
    const Fields fields = find_fields(r);
    if (heard.answer.status < 400) {
        if (is_stored || decided) {
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
    return r->filter_finalize
           || (r->upstream != nullptr && !r->cached && r->upstream->cleanup == nullptr);
}

void count(ngx_http_request_t *r, const Choice &choice)
{
    RequestState *state = find_state(r);
    if (state != nullptr) {
        state->profile = choice.policy.profile->name;
    }

    if (choice.schedule == nullptr || (state != nullptr && state->is_warmer)) {
        return;
    }
    auto z = zone(main_conf(r));
    if (!z) {
        return;
    }

    z->counters.add(status::Metric::phase_requests,
                    {label_of(z->counters, choice.policy.profile->name),
                     label_of(z->counters, choice.schedule->at(ngx_time()).phase)});
}

void apply(ngx_http_request_t *r)
{
    const Choice *choice = settle(r);
    if (choice == nullptr) {
        return;
    }
    if (r == r->main) {
        count(r, *choice);
#if (NGX_HTTP_CACHE)
        count_popularity(r, *choice->policy.profile);
#endif
    }
    if (is_own_error(r)) {
        return;
    }

    Notes &notes = local<Notes>(r);
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

// ---- cdn_response_headers

void add_unless_present(ngx_http_request_t *r, std::string_view name, std::string_view value)
{
    bool present = false;
    each_response_header(r, name, [&](ngx_table_elt_t &) { present = true; });
    if (!present) {
        add_response_header(r, name, value);
    }
}

std::string request_id(ngx_http_request_t *r)
{
    ngx_str_t name = ngx_string("request_id");
    const ngx_http_variable_value_t *id =
        ngx_http_get_variable(r, &name, ngx_hash_key(name.data, name.len));
    return id == nullptr || id->not_found ? std::string()
                                          : std::string(reinterpret_cast<const char *>(id->data), id->len);
}

std::string elapsed(ngx_http_request_t *r)
{
    const std::int64_t start =
        static_cast<std::int64_t>(r->start_sec) * 1000 + static_cast<std::int64_t>(r->start_msec);
    const std::int64_t ms = std::max<std::int64_t>(now_ms() - start, 0);
    const std::string fraction = std::to_string(1000 + ms % 1000);
    return std::to_string(ms / 1000) + '.' + fraction.substr(1) + 's';
}

void add_headers(ngx_http_request_t *r, ngx_uint_t sets)
{
    if ((sets & headers_hsts) != 0) {
        set_header(r, "Strict-Transport-Security", "max-age=31536000; includeSubDomains");
    }
    if ((sets & headers_security) != 0) {
        add_unless_present(r, "X-Content-Type-Options", "nosniff");
        add_unless_present(r, "Referrer-Policy", "strict-origin-when-cross-origin");
        add_unless_present(r, "X-CDN-Cache", "ngx_cdn");
    }
    if ((sets & headers_cors) != 0) {
        set_header(r, "Access-Control-Allow-Origin", "*");
        set_header(r, "Access-Control-Allow-Headers", "*");
        set_header(r, "Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
        remove_header(r, "Access-Control-Allow-Credentials");
    }
    if ((sets & headers_timing) != 0) {
        set_header(r, "X-Request-ID", request_id(r));
        set_header(r, "X-Response-Time", elapsed(r));
    }
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
            add_headers(r, conf.headers);
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

bool ttl_bypasses(ngx_http_request_t *r)
{
#if (NGX_HTTP_CACHE)
    const Choice *choice = settle(r);
    if (choice == nullptr) {
        return false;
    }

    if (ttl::never_stored(choice->policy) || misses.has(main_key(r->cache), ngx_time())) {
        return true;
    }
    if (choice->policy.profile->must_revalidate && r->upstream->conf->cache_use_stale != 0) {
        forbid_stale(r);
    }
#else
    static_cast<void>(r);
#endif
    return false;
}

void note_revalidation(ngx_http_request_t *r)
{
    if (settle(r) != nullptr) {
        Heard told = hear_upstream(r);
        told.cache_control = view(copy(r->pool, told.cache_control));    // its buffer is used again
        local<Notes>(r).confirmed = told;
    }
}

bool ttl_forbids_stale(ngx_http_request_t *r)
{
    const Choice *choice = settle(r);
    return choice != nullptr && choice->policy.profile->must_revalidate;
}

bool ttl_expired(ngx_http_request_t *r)
{
#if (NGX_HTTP_CACHE)
    const Choice *choice = settle(r);
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
    const Choice *choice = settle(r);
    return choice != nullptr ? &choice->policy.profile->tags : nullptr;
}

std::optional<std::string> decided_ttl(ngx_http_request_t *r)
{
    const Notes *notes = find_local<Notes>(r);
    return notes != nullptr && notes->decided ? std::optional(std::to_string(*notes->decided))
                                              : std::nullopt;
}

std::optional<std::string> ttl_profile(ngx_http_request_t *r)
{
    const auto choice = look(r);
    return choice ? std::optional(choice->policy.profile->name) : std::nullopt;
}

std::optional<std::string> schedule_phase(ngx_http_request_t *r)
{
    const auto choice = look(r);
    return choice && choice->schedule != nullptr
               ? std::optional(std::string(choice->schedule->at(ngx_time()).phase)) : std::nullopt;
}

std::optional<std::string> schedule_term(ngx_http_request_t *r)
{
    const auto choice = look(r);
    return choice && choice->schedule != nullptr
               ? std::optional(std::string(choice->schedule->at(ngx_time()).term)) : std::nullopt;
}

std::optional<std::string> ttl_auto(ngx_http_request_t *r)
{
    if (loc_conf(r).ttl.in_force()) {
        local<Notes>(r).auto_was_read = true;
    }

    return std::string(ttl::profile_for_path(view(r->uri)));
}

}  // namespace cdn

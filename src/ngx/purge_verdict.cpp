#include "ngx/purge_verdict.h"

#include "core/hash.h"
#include "ngx/cache_file.h"
#include "ngx/headers.h"
#include "ngx/purge_birth.h"
#include "ngx/purge_state.h"
#include "ngx/request_state.h"
#include "ngx/ttl_hook.h"
#include "purge/patience.h"
#include "purge/stored.h"

#include <algorithm>
#include <array>

namespace cdn {

#if (NGX_HTTP_CACHE)

namespace {

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

void add_source(purge::Object &object, const std::string &host, const image::Source &source)
{
    const auto at = source.origin.find("://");
    std::string source_host = at == source.origin.npos ? host : source.origin.substr(at + 3);
    source_host.resize(std::min(source_host.size(), source_host.find(':')));
    add_resource(object, std::move(source_host), purge::raw_resource_text(source.path, source.query));
}

// A stored response, and what lies on it if a tier told of that: judged by its own birth.
struct Described {
    purge::Object                object;
    std::optional<purge::Object> overlay;
};

// The URLs it answers for: as the client asked, as nginx asks, and an image's sources.
void add_resources(ngx_http_request_t *r, Described &described)
{
    purge::Object &object = described.object;
    const std::string host = host_of(r);
    add_resource(object, host, purge::resource_text(view(r->uri), view(r->args)));

    const RequestState *state = effective_state(r);
    if (r == r->main || (state != nullptr && state->request == r->main)) {
        const auto sent = view(client_uri(r));
        const auto [path, query, has_query] = cut(sent.substr(0, sent.find('#')), '?');
        add_resource(object, host, purge::raw_resource_text(path, query));
    }
    if (state != nullptr && state->image) {
        add_source(object, host, state->image->source);
        if (state->image->overlay) {
            add_source(described.overlay ? *described.overlay : object, host, state->image->overlay->source);
        }
    }
}

// `bytes` are the stored header's, or nothing where nginx has parsed it.
Described describe(ngx_http_request_t *r, std::optional<std::string_view> bytes)
{
    Described described;
    purge::Object &object = described.object;
    set_birth(r, object);

    const bool trusts = loc_conf(r).purge.trusts_upstream;
    const auto older = [&](std::string_view value) {
        if (const auto born = header_born(value); born && trusts) {
            object.born_ms = std::min(object.born_ms, *born);
        }
    };
    const auto overlay = [&](std::string_view value) {
        const auto [told, tags, has_tags] = cut(value, ' ');
        if (const auto born = header_born(told); born && trusts) {
            if (!described.overlay) {
                set_birth(r, described.overlay.emplace());
            }
            described.overlay->born_ms = std::min(described.overlay->born_ms, *born);
            purge::add_tags(*described.overlay, tags);
        }
    };
    const auto tags = [&](std::string_view value) { purge::add_tags(object, value); };

    if (bytes) {
        purge::each_stored_field(*bytes, born_header, older);
        purge::each_stored_field(*bytes, overlay_header, overlay);
        for (const std::string &name : *loc_conf(r).purge.tag_headers) {
            purge::each_stored_field(*bytes, name, tags);
        }
    } else {
        auto &fields = r->upstream->headers_in.headers;
        each_header(fields, born_header, true, [&](ngx_table_elt_t &field) { older(view(field.value)); });
        each_header(fields, overlay_header, true, [&](ngx_table_elt_t &field) { overlay(view(field.value)); });
        for (const std::string &name : *loc_conf(r).purge.tag_headers) {
            each_header(fields, name, true, [&](ngx_table_elt_t &field) { tags(view(field.value)); });
        }
    }

    // what it is laid with: a source older than a purge of its overlay would give the
    // picture a birth before that purge, however new the overlay is
    if (const RequestState *state = find_state(r); state != nullptr && state->transforms && state->overlay) {
        for (const auto &[name, value] : state->overlay->tags) {
            tags(value);
        }
    }

    // a profile's tags are not in the file: those of today count
    if (const std::vector<std::string> *own = ttl_tags(r)) {
        for (const std::string &tag : *own) {
            purge::add_tags(object, tag);
        }
    }

    return described;
}

purge::Patience patience;                              // this worker's

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

    for (const ngx_str_t &part : {r->headers_in.server, r->uri, r->args, client_uri(r)}) {
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

bool keeps_errors(const ngx_http_upstream_conf_t &conf)
{
    if (conf.intercept_errors) {
        return true;
    }
    const auto *valid = conf.cache_valid != nullptr
                            ? static_cast<const ngx_http_cache_valid_t *>(conf.cache_valid->elts) : nullptr;
    return valid != nullptr && std::any_of(valid, valid + conf.cache_valid->nelts, [](const auto &one) {
               return one.status == 0 || one.status >= NGX_HTTP_BAD_REQUEST;
           });
}

struct Judged {
    purge::Verdict verdict;
    bool           lasts = true;                       // until another purge; else it is judged again
};

Judged judge_by(const Purges &p, ngx_http_request_t *r, std::optional<std::string_view> bytes,
                std::int64_t oldest)
{
    Described described = describe(r, bytes);
    auto &[object, overlay] = described;
    const std::int64_t born_ms = overlay ? std::min(object.born_ms, overlay->born_ms) : object.born_ms;
    if (born_ms > p.table.newest_ms() && born_ms > p.table.floor_ms() && object.stored_ms >= oldest) {
        return {purge::Verdict::kept};                 // younger than any purge
    }

    add_resources(r, described);
    const auto judge = [&] {
        const purge::Verdict verdict = p.table.judge(object, oldest);
        return overlay ? std::max(verdict, p.table.judge(*overlay, oldest)) : verdict;
    };
    const purge::Verdict verdict = judge();
    if (verdict == purge::Verdict::kept) {
        return {verdict};
    }

    set_birth(r, object);
    if (overlay) {
        set_birth(r, *overlay);
    }
    // old as the inner tier gave it, after the purge
    if (object.born_ms > born_ms && judge() == purge::Verdict::kept) {
        const std::string_view key(reinterpret_cast<const char *>(r->cache->key), NGX_HTTP_CACHE_KEY_LEN);
        const auto now = static_cast<std::int64_t>(ngx_current_msec);
        return {patience.asks_again(key, born_ms, now) ? verdict : purge::Verdict::kept, false};
    }
    return {verdict};
}

}  // namespace

purge::Verdict judge_stored(ngx_http_request_t *r, std::optional<std::string_view> bytes)
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

    const auto [verdict, lasts] = judge_by(*p, r, bytes, oldest);
    if (is_own && lasts && verdict == purge::Verdict::kept) {
        known_as_kept.add(subject, generation);
    }
    return verdict;
}

void drop_purged_error(ngx_http_request_t *r)
{
    const auto p = purges(main_conf(r));
    if (!p || !loc_conf(r).purge.obeys || !keeps_errors(*r->upstream->conf)) {
        return;
    }

    ngx_http_file_cache_t &cache = *r->cache->file_cache;
    const auto find_error = [&]() {
        auto *node = find_node(cache, r->cache->main);
        return node != nullptr && node->error != 0 && node->valid_sec >= ngx_time() ? node : nullptr;
    };

    ngx_shmtx_lock(&cache.shpool->mutex);
    const auto *kept = find_error();
    const ngx_uint_t status = kept != nullptr ? kept->error : 0;
    const time_t valid_sec = kept != nullptr ? kept->valid_sec : 0;
    ngx_shmtx_unlock(&cache.shpool->mutex);
    if (status == 0) {
        return;
    }

    // its entry says when it ends; where nobody configured for how long, any purge may be the later one
    const time_t valid = ngx_http_file_cache_valid(r->upstream->conf->cache_valid, status);
    Described described;
    described.object.born_ms = valid > 0 ? std::int64_t{valid_sec - valid} * 1000 : p->table.floor_ms() + 1;
    described.object.stored_ms = clock_ms();
    add_resources(r, described);
    if (p->table.judge(described.object, oldest_ms(main_conf(r))) == purge::Verdict::kept) {
        return;
    }

    ngx_shmtx_lock(&cache.shpool->mutex);
    if (auto *node = find_error(); node != nullptr && node->valid_sec == valid_sec) {
        node->error = 0;
    }
    ngx_shmtx_unlock(&cache.shpool->mutex);
}

#endif

}  // namespace cdn

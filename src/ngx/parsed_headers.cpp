#include "ngx/parsed_headers.h"

#include "ngx/bridge.h"
#include "ngx/cache_file.h"
#include "ngx/headers.h"

#include <array>
#include <cstring>
#include <memory>
#include <vector>

namespace cdn {

#if (NGX_HTTP_CACHE)

namespace {

constexpr std::size_t most_headers = 2048;             // with the next two: 26 MiB a worker at most, some of ordinary ones
constexpr std::size_t longest = 4096;
constexpr std::size_t most_fields = 64;
constexpr std::string_view last_line = "\r\n";

// One field in `text`: its name, its value and its name in lower case, as nginx lays them out.
struct Field {
    std::size_t                       name_length;
    std::size_t                       value_length;
    ngx_uint_t                        hash;
    const ngx_http_upstream_header_t *known;           // what nginx does with it; or nothing

    std::size_t size() const { return name_length + 1 + value_length + 1 + name_length; }
};

struct Parsed {
    HeaderParser       parse;
    std::string        bytes;
    std::size_t        status_line;                    // its length
    std::vector<Field> fields;
    std::string        text;

    bool is_of(HeaderParser parser, std::string_view header) const
    {
        return parse == parser && bytes == header;
    }
};

// Of one object, or of several that take turns.
struct Place {
    std::uint64_t           candidate = 0;             // seen once: most objects are not seen again
    std::unique_ptr<Parsed> parsed;
};

Place &place_of(ngx_http_request_t *r, std::uint64_t &key)
{
    static std::array<Place, most_headers> places;
    std::memcpy(&key, r->cache->key, sizeof(key));     // of an MD5
    return places[key % places.size()];
}

// Of what was just parsed.  Nothing: not worth it, or not as nginx's HTTP proxy stores it.
std::unique_ptr<Parsed> remember(ngx_http_request_t *r, HeaderParser parse, std::string_view bytes)
{
    const auto line = bytes.find('\n');
    if (view(r->upstream->conf->module) != "proxy" || bytes.substr(0, 5) != "HTTP/" || line == bytes.npos
        || bytes.size() > longest || !bytes.ends_with("\r\n\r\n"))
    {
        return nullptr;
    }

    auto parsed = std::make_unique<Parsed>(Parsed{parse, std::string(bytes), line + 1, {}, {}});
    auto &main = *static_cast<ngx_http_upstream_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_upstream_module));
    each_field(r->upstream->headers_in.headers, false, [&](ngx_table_elt_t &field) {
        if (field.value.data == nullptr) {
            return;                                    // nginx's own, where there is no Date or Server
        }
        const ngx_uint_t hash = ngx_hash_key(field.lowcase_key, field.key.len);
        parsed->fields.push_back({field.key.len, field.value.len, hash,
                                  static_cast<const ngx_http_upstream_header_t *>(ngx_hash_find(
                                      &main.headers_in_hash, hash, field.lowcase_key, field.key.len))});
        parsed->text.append(view(field.key)).append(1, '\0').append(view(field.value)).append(1, '\0');
        parsed->text.append(reinterpret_cast<const char *>(field.lowcase_key), field.key.len);
    });
    return parsed->fields.size() <= most_fields ? std::move(parsed) : nullptr;
}

// nginx parses the status line, and the empty line that ends the header; the fields between
// come from memory.
ngx_int_t recall(ngx_http_request_t *r, const Parsed &parsed)
{
    ngx_http_upstream_t *u = r->upstream;
    u_char *start = u->buffer.pos;
    u_char *last = u->buffer.last;

    u->buffer.last = start + parsed.status_line;
    const ngx_int_t rc = parsed.parse(r);
    u->buffer.last = last;
    if (rc != NGX_AGAIN) {
        return NGX_ERROR;                              // the same bytes were parsed before
    }

    u_char *text = copy(r->pool, parsed.text).data;
    for (const Field &field : parsed.fields) {
        auto *h = static_cast<ngx_table_elt_t *>(ngx_list_push(&u->headers_in.headers));
        if (h == nullptr) {
            return NGX_ERROR;
        }
        *h = {};
        h->hash = field.hash;
        h->key = {field.name_length, text};
        h->value = {field.value_length, text + field.name_length + 1};
        h->lowcase_key = h->value.data + field.value_length + 1;
        text += field.size();
        if (field.known != nullptr && field.known->handler(r, h, field.known->offset) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    u->buffer.pos = start + parsed.bytes.size() - last_line.size();
    return u->process_header(r);
}

}  // namespace

ngx_int_t parse_stored_header(ngx_http_request_t *r, HeaderParser parse)
{
    const std::string_view bytes = cached_header_bytes(r);
    std::uint64_t key = 0;
    Place &place = place_of(r, key);
    if (place.parsed != nullptr && place.parsed->is_of(parse, bytes)) {
        return recall(r, *place.parsed);
    }

    const ngx_int_t rc = parse(r);
    if (rc == NGX_OK) {
        if (place.candidate == key) {
            place.parsed = remember(r, parse, bytes);
        }
        place.candidate = key;
    }
    return rc;
}

#endif

}  // namespace cdn

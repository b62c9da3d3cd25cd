#include "ngx/response_headers.h"

#include "ngx/conf.h"
#include "ngx/headers.h"
#include "ngx/zone.h"

namespace cdn {

namespace {

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
    put_response_header(r, first, name, copy(r->pool, value));
}

void remove_header(ngx_http_request_t *r, std::string_view name)
{
    each_response_header(r, name, [](ngx_table_elt_t &field) { field.hash = 0; });
}

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

}  // namespace

void add_header_sets(ngx_http_request_t *r, ngx_uint_t sets)
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

}  // namespace cdn

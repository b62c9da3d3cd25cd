#include "ngx/ttl_heard.h"

#include "core/cache_directives.h"
#include "ngx/cache_file.h"
#include "ngx/conf.h"
#include "ngx/headers.h"

namespace cdn {

namespace {

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

}  // namespace

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
        const auto is = [&](const FieldName &name) { return is_parsed_field(field, name); };
        if (is("cache-control")) {
            append(r, heard.cache_control, field.value);
        } else if (is("cdn-cache-control")) {
            append(r, cdn, field.value);
        } else if (is("surrogate-control")) {
            append(r, surrogate, field.value);
        } else if (is("expires")) {
            expires = &field.value;
        } else if (is("date")) {
            date = &field.value;
        } else if (is("age")) {
            answer.age = std::max(answer.age, delta_seconds(trim(view(field.value))));
        } else if (is("last-modified")) {
            answer.has_last_modified = true;
        } else if (is("content-type")) {
            answer.is_image = is_image(view(field.value));
        } else if (is("x-accel-expires")) {
            answer.accel_expires = counts(NGX_HTTP_UPSTREAM_IGN_XA_EXPIRES);
        } else if (is("set-cookie")) {
            answer.sets_cookie = counts(NGX_HTTP_UPSTREAM_IGN_SET_COOKIE);
        }
    });

    answer.is_slice = answer.status == NGX_HTTP_PARTIAL_CONTENT && is_slice(r);

    heard.says_lifetime = !heard.cache_control.empty() || !cdn.empty() || !surrogate.empty() || expires != nullptr;
    if (counts(NGX_HTTP_UPSTREAM_IGN_CACHE_CONTROL)) {
        answer.control = ttl::for_this_cache({heard.cache_control, cdn, surrogate});
    }
    if (expires != nullptr && counts(NGX_HTTP_UPSTREAM_IGN_EXPIRES)) {
        const time_t sent = date != nullptr ? ngx_parse_http_time(date->data, date->len) : NGX_ERROR;
        answer.expires_in = time_of(*expires) - (sent != NGX_ERROR ? sent : ngx_time());
    }

    return heard;
}

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

}  // namespace cdn

// The last word on what browsers may keep of a response to a signed URL, and on Vary: a
// header filter behind nginx's own "expires", "add_header" and "gzip".  A module of its
// own, for its place among them.

#include "ngx/headers.h"
#include "ngx/request_state.h"
#include "sign/browser_limit.h"
#include "ttl/cache_control.h"

namespace cdn {

namespace {

ngx_http_output_header_filter_pt next_header_filter;

void remove(ngx_table_elt_t &header)
{
    header.hash = 0;
}

sign::Freshness read_freshness(ngx_http_request_t *r)
{
    sign::Freshness freshness;
    freshness.status = static_cast<unsigned>(r->headers_out.status);

    each_field(r->headers_out.headers, true, [&](ngx_table_elt_t &header) {
        const auto name = view(header.key);
        if (equal_ignoring_case(name, "Cache-Control")) {
            freshness.cache_control += freshness.cache_control.empty() ? "" : ", ";
            freshness.cache_control += view(header.value);
        } else if (equal_ignoring_case(name, "Expires")) {
            const time_t expires = ngx_parse_http_time(header.value.data, header.value.len);
            // what is no date is one long past (RFC 9111, section 5.3)
            freshness.expires_in = expires == NGX_ERROR ? 0 : static_cast<std::int64_t>(expires) - ngx_time();
        } else if (equal_ignoring_case(name, "Age")) {
            freshness.age = std::max(freshness.age, parse_digits(view(header.value)).value_or(0));
        }
    });

    return freshness;
}

void tell_limit(ngx_http_request_t *r, std::int64_t remaining)
{
    const sign::Freshness freshness = read_freshness(r);
    const std::string limited = sign::limit_browser(freshness, remaining);

    if (freshness.expires_in.value_or(0) > remaining) {
        each_response_header(r, "Expires", remove);
        r->headers_out.expires = nullptr;
    }
    if (limited != freshness.cache_control) {
        each_response_header(r, "Cache-Control", remove);
        add_response_header(r, "Cache-Control", limited);
    }
}

// "gzip_vary" is a line of nginx's own: where there is another, both become one.
void merge_gzip_vary(ngx_http_request_t *r)
{
#if (NGX_HTTP_GZIP)
    const auto *core = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    if (!r->gzip_vary || !core->gzip_vary) {
        return;
    }

    std::string vary;
    each_response_header(r, "Vary", [&](ngx_table_elt_t &header) {
        vary += vary.empty() ? "" : ", ";
        vary += view(header.value);
        remove(header);
    });
    if (!vary.empty()) {
        r->gzip_vary = 0;
        const std::string added[] = {"Accept-Encoding"};
        add_response_header(r, "Vary", ttl::merged_vary(vary, added));
    }
#else
    static_cast<void>(r);
#endif
}

ngx_int_t header_filter(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [&]() -> ngx_int_t {
        const RequestState *state = r == r->main ? find_state(r) : nullptr;
        if (state != nullptr && state->signature.expires) {
            tell_limit(r, std::max<std::int64_t>(*state->signature.expires - ngx_time(), 0));
        }

        merge_gzip_vary(r);

        return next_header_filter(r);
    });
}

ngx_int_t install(ngx_conf_t *) noexcept
{
    next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = header_filter;
    return NGX_OK;
}

ngx_http_module_t context = {
    nullptr,                                           // preconfiguration
    install,                                           // postconfiguration
    nullptr, nullptr,                                  // main configuration
    nullptr, nullptr,                                  // server configuration
    nullptr, nullptr,                                  // location configuration
};

}  // namespace

}  // namespace cdn

ngx_module_t ngx_http_cdn_headers_module = {
    NGX_MODULE_V1,
    &cdn::context,
    nullptr,                                           // directives
    NGX_HTTP_MODULE,                                   // and nothing else
};

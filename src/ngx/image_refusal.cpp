#include "ngx/image_refusal.h"

#include "ngx/headers.h"
#include "ngx/image_rewrite.h"

#include <algorithm>

namespace cdn {

namespace {

constexpr std::int64_t retry_after_seconds = 2;        // others are being made

// A quarantine ends by itself; a clock that was set does not make it longer.
std::int64_t retry_after(const RequestState &state)
{
    const Transformation *t = state.transformation.get();
    if (t == nullptr || !t->job_is_done || t->job->quarantined_until == 0) {
        return retry_after_seconds;
    }

    return std::clamp<std::int64_t>(t->job->quarantined_until + 1 - ngx_time(), 1,
                                    image::longest_quarantine_seconds);
}

}  // namespace

bool wants_redirect(ngx_http_request_t *r, const RequestState &state)
{
    return (loc_conf(r).image.on_error == on_error_redirect || state.redirects_on_error)
           && state.image && state.image->source.origin.empty();
}

void make_redirect(ngx_http_request_t *r, RequestState &state)
{
    state.redirects = true;
    r->headers_out.status = NGX_HTTP_MOVED_TEMPORARILY;
    r->headers_out.status_line.len = 0;
    ngx_http_clear_content_length(r);
    ngx_http_clear_etag(r);
    ngx_http_clear_last_modified(r);
    r->headers_out.content_length_n = 0;

    // a tier that redirects too has said so
    each_response_header(r, "Location", [](ngx_table_elt_t &header) { header.hash = 0; });
    // not headers_out.location, which nginx would make absolute
    add_response_header(r, "Location", state.public_source_uri);
}

void make_plain(ngx_http_request_t *r, RequestState &state)
{
    if (state.transforms && wants_redirect(r, state)) {
        make_redirect(r, state);
        return;
    }

    ngx_str_set(&r->headers_out.content_type, "text/plain");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = nullptr;
    ngx_str_null(&r->headers_out.charset);
    ngx_http_clear_content_length(r);
    r->headers_out.content_length_n = static_cast<off_t>(refusal_line(state).size());

    if (state.refused->code == ErrorCode::overload) {
        add_response_header(r, "Retry-After", std::to_string(retry_after(state)));
    }
    if (status_of(state.refused->code) >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        add_response_header(r, "Cache-Control", "no-store");   // "proxy_cache_valid any" or not
    }

    // nginx closes after 400 and 413, for bodies it has not read; here is none
    if (state.keepalive && r->headers_in.content_length_n <= 0 && !r->headers_in.chunked) {
        r->keepalive = 1;
    }
}

std::string refusal_line(const RequestState &state)
{
    return state.redirects ? std::string() : state.refused->message + '\n';
}

}  // namespace cdn

#include "ngx/image_headers.h"

#include "ngx/headers.h"

namespace cdn {

namespace {

bool varies_on(ngx_http_request_t *r, std::string_view wanted)
{
    bool found = false;
    each_response_header(r, "Vary", [&](ngx_table_elt_t &header) {
        for (const auto token : split(view(header.value), ',')) {
            found = found || equal_ignoring_case(trim(token), wanted) || trim(token) == "*";
        }
    });

    return found;
}

// What the front negotiated, and what was not asked of the source, does not
// split the result.
void drop_settled_vary(ngx_http_request_t *r)
{
    each_response_header(r, "Vary", [&](ngx_table_elt_t &header) {
        std::string kept;
        for (const auto part : split(view(header.value), ',')) {
            const auto token = trim(part);
            const bool settled = equal_ignoring_case(token, "Accept")
                                 || equal_ignoring_case(token, "Accept-Encoding");
            if (!settled && !token.empty()) {
                kept += kept.empty() ? "" : ", ";
                kept += token;
            }
        }

        if (kept.empty()) {
            header.hash = 0;
        } else {
            header.value = copy(r->pool, kept);
        }
    });
}

}  // namespace

void add_vary(ngx_http_request_t *r, const RequestState &state)
{
    std::string names;
    for (const std::string_view name : state.varies_on) {
        if (!varies_on(r, name)) {
            names += names.empty() ? "" : ", ";
            names += name;
        }
    }

    if (!names.empty()) {
        add_response_header(r, "Vary", names);
    }
}

void forbid_storing(ngx_http_request_t *r)
{
    for (const std::string_view name : {"Cache-Control", "Expires", "X-Accel-Expires"}) {
        each_response_header(r, name, [](ngx_table_elt_t &header) { header.hash = 0; });
    }
    add_response_header(r, "Cache-Control", "no-store");
}

std::string strong_validator(ngx_http_request_t *r)
{
    const ngx_table_elt_t *etag = r->headers_out.etag;
    if (etag == nullptr || etag->hash == 0 || view(etag->value).starts_with("W/")) {
        return {};
    }

    return std::string(view(etag->value));
}

void describe_result(ngx_http_request_t *r, const Rendered &rendered)
{
    const image::Plan &plan = rendered.prepared.plan;
    const auto type = plan.json ? "application/json" : image::content_type(plan.format);
    r->headers_out.content_type = copy(r->pool, type);
    r->headers_out.content_type_len = type.size();
    r->headers_out.content_type_lowcase = nullptr;
    ngx_str_null(&r->headers_out.charset);

    ngx_http_clear_content_length(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);
    ngx_http_clear_accept_ranges(r);
    for (const std::string_view name : {"Content-MD5", "Digest", "Repr-Digest", "Content-Digest",
                                        "X-Content-Type-Options"})
    {
        each_response_header(r, name, [](ngx_table_elt_t &header) { header.hash = 0; });
    }
    drop_settled_vary(r);

    r->headers_out.etag = add_response_header(r, "ETag", rendered.etag);
    add_response_header(r, "X-Content-Type-Options", "nosniff");

    r->allow_ranges = 1;
    r->single_range = 0;
    r->disable_not_modified = 0;
}

}  // namespace cdn

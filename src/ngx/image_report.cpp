#include "ngx/image_report.h"

#include "ngx/headers.h"
#include "ngx/image_refusal.h"

namespace cdn {

namespace {

// How a tier tells its front what became of a picture.
constexpr std::string_view tier_header = "X-CDN-Image";

bool is_tier(const RequestState &state)
{
    return state.transforms && state.dialect == dialect_off;
}

image::HeaderFields provider_headers(const RequestState &state)
{
    switch (state.dialect) {
    case dialect_cloudflare: return image::cloudflare_headers(*state.report);
    case dialect_bunnycdn:   return image::bunnycdn_headers(*state.report);
    case dialect_keycdn:     return image::keycdn_headers(*state.report);
    case dialect_fastly:     return image::fastly_headers(*state.report);
    default:                 return {};
    }
}

// The origin's own answer, not one of this server.
bool is_failure_of_origin(ngx_http_request_t *r, const RequestState &state)
{
    const ngx_uint_t status = r->headers_out.status;
    return state.image && !state.report && status >= NGX_HTTP_BAD_REQUEST
           && (r->upstream != nullptr || status == NGX_HTTP_NOT_FOUND);
}

}  // namespace

image::Report report_of(const Transformation &t, const Rendered &rendered)
{
    const image::SourceInfo &in = rendered.prepared.source;
    const image::Plan &plan = rendered.prepared.plan;
    const image::Image &out = rendered.image;

    image::Report report;
    report.in = {std::string(image::name(in.format)), in.width, in.height, in.bytes};
    report.out = {plan.json ? "json" : std::string(image::name(plan.format)), plan.canvas_width,
                  plan.canvas_height, 0};
    if (!rendered.not_modified) {
        report.out.width = out.width;
        report.out.height = out.height;
        report.out.bytes = out.size;
    }
    report.frames = plan.frames;
    report.fetch_ms = t.fetch_ms;
    report.queue_ms = static_cast<std::int64_t>(t.job->queue_us / 1000);
    report.ms = static_cast<std::int64_t>(t.job->run_us / 1000);
    report.source_sent = out.is_source;
    report.skipped = plan.skipped ? image::name(*plan.skipped) : "";
    report.small = plan.small;
    return report;
}

void add_report(ngx_http_request_t *r, RequestState &state)
{
    if (is_failure_of_origin(r, state)) {
        state.report = std::make_unique<image::Report>();
        state.report->error = static_cast<int>(r->headers_out.status);
        state.report->of_origin = true;
    }
    if (!state.report) {
        return;
    }

    if (!is_tier(state)) {
        for (const auto &field : provider_headers(state)) {
            // nginx's page for a range beyond the picture (416) has the picture's headers already
            each_response_header(r, field.name, [](ngx_table_elt_t &header) { header.hash = 0; });
            add_response_header(r, field.name, field.value);
        }
    } else if (!state.report->of_origin) {
        add_response_header(r, tier_header, image::print_report(*state.report));
    }
}

void read_tier_header(ngx_http_request_t *r, RequestState &state)
{
    each_response_header(r, tier_header, [&](ngx_table_elt_t &header) {
        if (!state.transforms) {
            auto report = image::parse_report(view(header.value));
            state.report = report ? std::make_unique<image::Report>(std::move(*report)) : nullptr;
        }
        header.hash = 0;
    });

    const bool failed = state.report && state.report->error > 0 && !state.report->source_sent;
    if (failed && !state.transforms && wants_redirect(r, state)) {
        make_redirect(r, state);
    }
}

}  // namespace cdn

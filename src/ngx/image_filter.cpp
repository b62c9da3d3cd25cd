#include "ngx/image_filter.h"

#include "ngx/headers.h"
#include "ngx/image_rewrite.h"
#include "ngx/render_task.h"
#include "ngx/request_state.h"
#include "ngx/status_count.h"
#include "ngx/zone.h"

#include <algorithm>

namespace cdn {

namespace {

using Stage = Transformation::Stage;

// A place in r->buffered that image_filter also uses; the two cannot work on
// one response.
constexpr unsigned buffered_flag = 0x08;
constexpr std::int64_t retry_after_seconds = 2;        // others are being made

ngx_http_output_header_filter_pt next_header_filter;
ngx_http_output_body_filter_pt   next_body_filter;

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

// What this answer depends on, beside what the source says.
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
            add_response_header(r, field.name, field.value);
        }
    } else if (!state.report->of_origin) {
        add_response_header(r, tier_header, image::print_report(*state.report));
    }
}

ngx_int_t send_header(ngx_http_request_t *r, RequestState &state)
{
    if (r == r->main) {
        add_vary(r, state);
        add_report(r, state);
    }

    note_header(r);
    return next_header_filter(r);
}

// ---- an answer of one plain line

std::string refusal_line(const RequestState &state)
{
    return state.redirects ? std::string() : state.refused->message + '\n';
}

// The source itself may be seen instead, if it is this site's.
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
    add_response_header(r, "Location", state.image->source.uri());
}

// What an upstream says in the tier's header is not for clients, and only a
// front listens.
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

ngx_int_t send_line(ngx_http_request_t *r, RequestState &state)
{
    if (state.refusal_is_sent) {
        return next_body_filter(r, nullptr);
    }

    state.refusal_is_sent = true;                      // an empty one just ends the response
    ngx_chain_t out{whole_body(r, copy(r->pool, refusal_line(state))), nullptr};
    return next_body_filter(r, &out);
}

// ---- counting

std::uint64_t pixels(int width, int height, int frames)
{
    return static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) * static_cast<std::uint64_t>(frames);
}

void count_transform(ngx_http_request_t *r, const Transformation &t)
{
    const Job &job = *t.job;
    auto z = zone(main_conf(r));
    if (!z) {
        return;
    }

    using status::Metric;
    auto &counters = z->counters;
    const Rendered *made = t.failure ? nullptr : &**job.answer;

    const std::string_view format = !made                      ? "none"
                                    : made->prepared.plan.json ? "json"
                                                               : image::name(made->prepared.plan.format);
    std::string_view outcome = "ok";
    if (made && made->not_modified) {
        outcome = "not_modified";
    } else if (t.job_is_done && job.quarantined_until > 0) {
        outcome = "quarantined";
    } else if (!made) {
        switch (t.failure->code) {
        case ErrorCode::bad_request: outcome = "refused"; break;
        case ErrorCode::too_large:   outcome = "too_large"; break;
        case ErrorCode::unsupported: outcome = "unsupported"; break;
        case ErrorCode::bad_gateway: outcome = "broken_source"; break;
        case ErrorCode::timeout:     outcome = "timeout"; break;
        case ErrorCode::overload:    outcome = "overload"; break;
        case ErrorCode::cancelled:   outcome = "cancelled"; break;
        default:                     outcome = "error"; break;
        }
    }

    const auto format_label = counters.label(format);
    counters.add(Metric::image_transforms, {format_label, counters.label(outcome)});
    if (t.job_is_done) {
        // not of a job that a thread may still be writing to
        counters.observe(Metric::image_queue, {}, job.queue_us);
    }
    if (made && !made->not_modified) {
        z->windows.add_transform();
        counters.observe(Metric::image_duration, {format_label}, job.run_us);
        counters.add(Metric::image_bytes, {counters.label("in")}, job.source.size());
        counters.add(Metric::image_bytes, {counters.label("out")}, made->image.size);
        if (!made->prepared.plan.json) {
            const image::SourceInfo &in = made->prepared.source;
            const image::Image &out = made->image;
            counters.add(Metric::image_pixels, {counters.label("in")}, pixels(in.width, in.height, made->prepared.plan.frames));
            counters.add(Metric::image_pixels, {counters.label("out")}, pixels(out.width, out.height, out.frames));
        }
        if (made->is_cheaper || made->prepared.plan.skipped) {
            counters.add(Metric::image_degraded, {counters.label(made->is_cheaper ? "memory" : "size")});
        }
    }
}

// ---- the transformation

// The header was withheld: the request can still end as if its content
// handler had refused it, error_page and keep-alive included.
void end_with_error(ngx_http_request_t *r, RequestState &state)
{
    if (r->upstream != nullptr && r->upstream->cleanup != nullptr) {
        r->main->count++;                              // not its last user
        (*r->upstream->cleanup)(r);
    }

    ngx_http_clean_header(r);
    r->allow_ranges = 0;
    ngx_http_finalize_request(r, refuse(r, state, *state.transformation->failure));
}

// The source as it came, where the location prefers it to an error.
bool original_serves(ngx_http_request_t *r, const Error &error)
{
    if (loc_conf(r).image.on_error != on_error_original) {
        return false;
    }

    switch (error.code) {
    case ErrorCode::too_large:
    case ErrorCode::unsupported:
    case ErrorCode::timeout:
    case ErrorCode::overload:
    case ErrorCode::internal:
        return true;
    default:
        return false;
    }
}

// The answer is there, or a failure: sends it.  Not from within a filter.
void finish(RequestState &state)
{
    ngx_http_request_t *r = state.request;
    ngx_connection_t *c = r->connection;
    Transformation &t = *state.transformation;

    if (t.timer.timer_set) {
        ngx_del_timer(&t.timer);
    }
    r->buffered &= ~buffered_flag;
    ngx_http_set_log_request(c->log, r);
    count_transform(r, t);

    if (!t.failure || (t.source_is_whole && original_serves(r, *t.failure))) {
        t.stage = Stage::done;
        r->write_event_handler(r);
    } else {
        t.stage = Stage::sent;
        end_with_error(r, state);
    }

    ngx_http_run_posted_requests(c);
}

void set_timer(ngx_http_request_t *r, RequestState &state, ngx_event_handler_pt handler,
               ngx_msec_t delay)
{
    Transformation &t = *state.transformation;

    t.timer_log = {};
    t.timer_log.fd = static_cast<ngx_socket_t>(-1);
    t.timer_log.data = &state;
    t.timer_log.log = r->connection->log;
    t.timer = {};
    t.timer.data = &t.timer_log;
    t.timer.handler = handler;
    t.timer.log = r->connection->log;
    ngx_add_timer(&t.timer, delay);
}

RequestState &timer_state(ngx_event_t *event)
{
    return *static_cast<RequestState *>(static_cast<ngx_connection_t *>(event->data)->data);
}

void on_timeout(ngx_event_t *event) noexcept
{
    RequestState &state = timer_state(event);

    guarded(event->log, 0, [&] {
        const bool waited = expire(state.transformation->job);
        state.transformation->failure =
            waited ? Error{ErrorCode::overload, "too many images are being made: try again later"}
                   : Error{ErrorCode::timeout, "the image took too long to make"};
        finish(state);
        return 0;
    });
}

void on_failure(ngx_event_t *event) noexcept
{
    guarded(event->log, 0, [&] {
        finish(timer_state(event));
        return 0;
    });
}

// A failure within a filter is answered from outside it, a moment later.
ngx_int_t fail(ngx_http_request_t *r, RequestState &state, Error error)
{
    state.transformation->failure = std::move(error);
    state.transformation->stage = Stage::rendering;
    r->buffered |= buffered_flag;
    set_timer(r, state, on_failure, 0);
    return NGX_AGAIN;
}

// The value of the source's own ETag, if it is a strong one.
std::string strong_validator(ngx_http_request_t *r)
{
    const ngx_table_elt_t *etag = r->headers_out.etag;
    if (etag == nullptr || etag->hash == 0 || view(etag->value).starts_with("W/")) {
        return {};
    }

    return std::string(view(etag->value));
}

std::int64_t ms_since_start(ngx_http_request_t *r)
{
    const ngx_time_t *now = ngx_timeofday();
    const auto ms = (static_cast<std::int64_t>(now->sec) - static_cast<std::int64_t>(r->start_sec)) * 1000
                    + (static_cast<std::int64_t>(now->msec) - static_cast<std::int64_t>(r->start_msec));
    return std::max<std::int64_t>(ms, 0);              // a clock may be set back
}

ngx_int_t start(ngx_http_request_t *r, RequestState &state)
{
    Transformation &t = *state.transformation;
    const ImageConf &conf = loc_conf(r).image;
    const std::shared_ptr<Job> &job = t.job;

    job->request = *state.image;
    job->inputs = *conf.inputs;
    job->limits = conf.limits();
    job->memory_limit = static_cast<std::uint64_t>(main_conf(r).image_memory);
    job->timeout_ms = conf.timeout;
    job->pool = conf.pool;
    job->validator = strong_validator(r);
    if (r->headers_in.if_none_match != nullptr) {
        job->if_none_match = view(r->headers_in.if_none_match->value);
    }
    t.source_is_whole = true;
    t.fetch_ms = ms_since_start(r);
    job->on_done = [&state](Job &done) {
        state.transformation->job_is_done = true;
        if (!*done.answer) {
            state.transformation->failure = done.answer->error();
        }
        finish(state);
    };

    if (!submit(job)) {
        return fail(r, state, {ErrorCode::overload,
                               "too many images are being made: try again later"});
    }

    set_timer(r, state, on_timeout, conf.timeout);
    t.stage = Stage::rendering;
    r->buffered |= buffered_flag;
    return NGX_AGAIN;
}

image::Report describe(const Transformation &t, const Rendered &rendered)
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

// The source's header becomes the picture's.
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

// The source instead of an error.  One that may be a picture soon is not to be
// kept for one.
void keep_original(ngx_http_request_t *r, RequestState &state, const Error &error)
{
    const ngx_str_t reason = borrow(error.message);
    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "cdn image: the source is sent as it is: %V",
                  &reason);

    report_failure(state, error, true);
    if (state.report->error >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        for (const std::string_view name : {"Cache-Control", "Expires", "X-Accel-Expires"}) {
            each_response_header(r, name, [](ngx_table_elt_t &header) { header.hash = 0; });
        }
        add_response_header(r, "Cache-Control", "no-store");
    }
}

ngx_int_t send_original(ngx_http_request_t *r, RequestState &state)
{
    keep_original(r, state, *state.transformation->failure);

    const ngx_int_t rc = send_header(r, state);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return next_body_filter(r, state.transformation->job->source.chain(
                                   r->pool, r->connection->log, r == r->main));
}

ngx_int_t send_result(ngx_http_request_t *r, RequestState &state)
{
    Transformation &t = *state.transformation;
    const std::shared_ptr<Job> job = t.job;

    t.stage = Stage::sent;
    if (t.failure) {
        return send_original(r, state);
    }

    Rendered &rendered = **job->answer;
    describe_result(r, rendered);
    state.report = std::make_unique<image::Report>(describe(t, rendered));
    if (!rendered.not_modified) {
        r->headers_out.content_length_n = static_cast<off_t>(rendered.image.size);
    }

    const ngx_int_t rc = send_header(r, state);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    // the bytes live as long as the request: the job is part of its state
    const ngx_str_t bytes{rendered.image.size,
                          reinterpret_cast<u_char *>(rendered.image.bytes.get())};
    ngx_chain_t out{whole_body(r, bytes), nullptr};
    return next_body_filter(r, &out);
}

Error too_many_bytes(std::uint64_t limit)
{
    return {ErrorCode::too_large, "the source has more than " + std::to_string(limit) + " bytes"};
}

// The upstream module gives up on a source that broke off: it has no header to
// send any more, we have.
bool source_broke_off(ngx_http_request_t *r, const ngx_buf_t *buffer)
{
    return buffer->flush && ngx_buf_size(buffer) == 0 && r->upstream != nullptr
           && r->upstream->cleanup == nullptr;
}

void consume(ngx_chain_t *in)
{
    for (; in != nullptr; in = in->next) {
        if (ngx_buf_in_memory(in->buf)) {
            in->buf->pos = in->buf->last;
        }
        if (in->buf->in_file) {
            in->buf->file_pos = in->buf->file_last;
        }
    }
}

// Takes the source's buffers; returns what was wrong with them.
std::optional<Error> take(ngx_http_request_t *r, Transformation &t, ngx_chain_t *in, bool &last)
{
    const auto limit = static_cast<std::uint64_t>(loc_conf(r).image.max_bytes);

    for (; in != nullptr; in = in->next) {
        const ngx_buf_t *buffer = in->buf;

        if (source_broke_off(r, buffer)) {
            return Error{ErrorCode::bad_gateway, "the source broke off"};
        }
        if (!t.job->source.append(buffer)) {
            return Error{ErrorCode::internal, "no descriptor for the source"};
        }
        if (t.job->source.size() > limit) {
            return too_many_bytes(limit);
        }

        last = last || buffer->last_buf || (r != r->main && buffer->last_in_chain);
    }

    return std::nullopt;
}

ngx_int_t collect(ngx_http_request_t *r, RequestState &state, ngx_chain_t *in)
{
    bool last = false;
    auto error = take(r, *state.transformation, in, last);

    consume(in);
    if (error) {
        return fail(r, state, std::move(*error));
    }

    return last ? start(r, state) : NGX_OK;
}

bool transforms(ngx_http_request_t *r, const RequestState &state)
{
    return state.image && state.transforms && !r->background && state.url_is_prepared
           && !state.transformation && r->headers_out.status == NGX_HTTP_OK
           && loc_conf(r).image.transform;
}

ngx_int_t begin(ngx_http_request_t *r, RequestState &state)
{
    const auto limit = static_cast<std::uint64_t>(loc_conf(r).image.max_bytes);

    const bool keeps = loc_conf(r).image.on_error == on_error_original;
    if (r->headers_out.content_length_n > 0
        && static_cast<std::uint64_t>(r->headers_out.content_length_n) > limit)
    {
        if (keeps) {
            keep_original(r, state, too_many_bytes(limit));
            return send_header(r, state);
        }
        ngx_http_clean_header(r);
        return refuse(r, state, too_many_bytes(limit));
    }

    // what came is of the same path, of whatever host this location fetches from
    if (!state.image->source.origin.empty() && !state.origin_is_used) {
        ngx_http_clean_header(r);
        return refuse(r, state, {ErrorCode::forbidden, "sources of other hosts are not fetched here",
                                 "proxy_pass $cdn_image_origin$cdn_image_source would fetch them"});
    }

    const ngx_table_elt_t *encoding = r->headers_out.content_encoding;
    if (encoding != nullptr && encoding->hash != 0 && encoding->value.len > 0
        && !equal_ignoring_case(view(encoding->value), "identity"))
    {
        Error error{ErrorCode::unsupported,
                    "the source is compressed as " + printable(view(encoding->value))};
        if (keeps) {
            keep_original(r, state, error);
            return send_header(r, state);
        }
        ngx_http_clean_header(r);
        return refuse(r, state, std::move(error));
    }

    state.transformation = std::make_unique<Transformation>();
    return NGX_OK;
}

ngx_int_t header_filter(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [&]() -> ngx_int_t {
        RequestState *state = find_state(r);
        if (state == nullptr) {
            note_header(r);
            return next_header_filter(r);
        }

        if (state->was_head) {
            r->method = NGX_HTTP_HEAD;
            ngx_str_set(&r->method_name, "HEAD");
        }

        if (state->image) {
            read_tier_header(r, *state);
        }

        if (state->refused
            && r->headers_out.status == static_cast<ngx_uint_t>(status_of(state->refused->code)))
        {
            make_plain(r, *state);
        } else if (transforms(r, *state)) {
            return begin(r, *state);
        }

        return send_header(r, *state);
    });
}

ngx_int_t body_filter(ngx_http_request_t *r, ngx_chain_t *in) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [&]() -> ngx_int_t {
        RequestState *state = find_state(r);
        if (state == nullptr) {
            return next_body_filter(r, in);
        }

        if (state->refused || state->redirects) {
            consume(in);
            return send_line(r, *state);
        }

        if (!state->transformation) {
            return next_body_filter(r, in);
        }
        switch (state->transformation->stage) {
        case Stage::collecting: return collect(r, *state, in);
        case Stage::rendering:  consume(in); return NGX_AGAIN;
        case Stage::done:       return send_result(r, *state);
        case Stage::sent:       break;
        }

        return next_body_filter(r, in);
    });
}

}  // namespace

void install_image_filter() noexcept
{
    next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = header_filter;
    next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = body_filter;
}

}  // namespace cdn

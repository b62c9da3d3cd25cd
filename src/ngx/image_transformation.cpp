#include "ngx/image_transformation.h"

#include "ngx/bridge.h"
#include "ngx/image_count.h"
#include "ngx/image_headers.h"
#include "ngx/image_rewrite.h"

#include <algorithm>

namespace cdn {

namespace {

using Stage = Transformation::Stage;

// A place in r->buffered that image_filter also uses; the two cannot work on
// one response.
constexpr unsigned buffered_flag = 0x08;

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

// The answer is there, or a failure: sends it.  Not from within a filter.
void finish(RequestState &state)
{
    ngx_http_request_t *r = state.request;
    ngx_connection_t *c = r->connection;
    Transformation &t = *state.transformation;

    t.timer.stop();
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

void set_timer(ngx_http_request_t *r, RequestState &state, ngx_event_handler_pt handler, ngx_msec_t delay)
{
    Timer &timer = state.transformation->timer;
    timer.prepare(handler, &state, r->connection->log);
    timer.start(delay);
}

void on_timeout(ngx_event_t *event) noexcept
{
    RequestState &state = Timer::data_of<RequestState>(event);

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
        finish(Timer::data_of<RequestState>(event));
        return 0;
    });
}

std::int64_t ms_since_start(ngx_http_request_t *r)
{
    const ngx_time_t *now = ngx_timeofday();
    const auto ms = (static_cast<std::int64_t>(now->sec) - static_cast<std::int64_t>(r->start_sec)) * 1000
                    + (static_cast<std::int64_t>(now->msec) - static_cast<std::int64_t>(r->start_msec));
    return std::max<std::int64_t>(ms, 0);              // a clock may be set back
}

}  // namespace

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

ngx_int_t fail_transformation(ngx_http_request_t *r, RequestState &state, Error error)
{
    state.transformation->failure = std::move(error);
    state.transformation->stage = Stage::rendering;
    r->buffered |= buffered_flag;
    set_timer(r, state, on_failure, 0);
    return NGX_AGAIN;
}

ngx_int_t start_transformation(ngx_http_request_t *r, RequestState &state)
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
        return fail_transformation(r, state, {ErrorCode::overload,
                                              "too many images are being made: try again later"});
    }

    set_timer(r, state, on_timeout, conf.timeout);
    t.stage = Stage::rendering;
    r->buffered |= buffered_flag;
    return NGX_AGAIN;
}

}  // namespace cdn

#include "ngx/image_filter.h"

#include "ngx/headers.h"
#include "ngx/image_headers.h"
#include "ngx/image_overlay.h"
#include "ngx/image_refusal.h"
#include "ngx/image_report.h"
#include "ngx/image_rewrite.h"
#include "ngx/image_transformation.h"
#include "ngx/status_count.h"

namespace cdn {

namespace {

using Stage = Transformation::Stage;

ngx_http_output_header_filter_pt next_header_filter;
ngx_http_output_body_filter_pt   next_body_filter;

ngx_int_t send_header(ngx_http_request_t *r, RequestState &state)
{
    if (r == r->main) {
        add_vary(r, state);
        add_report(r, state);
    }

    note_header(r);
    return next_header_filter(r);
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

// ---- what a job made, or the source

// The source instead of an error.  One that may be a picture soon is not to be
// kept for one.
void keep_original(ngx_http_request_t *r, RequestState &state, const Error &error)
{
    const ngx_str_t reason = borrow(error.message);
    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "cdn image: the source is sent as it is: %V",
                  &reason);

    report_failure(state, error, true);
    if (state.report->error >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
        forbid_storing(r);
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
    if (state.overlay) {
        add_overlay_headers(r, *state.overlay);
    }
    state.report = std::make_unique<image::Report>(report_of(t, rendered));
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

// ---- the source arrives

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
        return fail_transformation(r, state, std::move(*error));
    }

    return last ? start_transformation(r, state) : NGX_OK;
}

bool transforms(ngx_http_request_t *r, const RequestState &state)
{
    return state.image && state.transforms && !r->background && state.url_is_prepared
           && !state.transformation && loc_conf(r).image.transform;
}

Error not_fetched()
{
    return {ErrorCode::forbidden, "sources of other hosts are not fetched here",
            "proxy_pass $cdn_image_origin$cdn_image_source would fetch them"};
}

// Nobody has it here: that other host may.  nginx's page for 404 is under way, so it is no refusal
// with an error_page of its own.
void forbid_instead(ngx_http_request_t *r, RequestState &state)
{
    state.refused = not_fetched();
    report_failure(state, *state.refused, false);
    r->headers_out.status = NGX_HTTP_FORBIDDEN;
    r->headers_out.status_line.len = 0;
    make_plain(r, state);
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

    if (state.is_out_of_reach()) {
        ngx_http_clean_header(r);
        return refuse(r, state, not_fetched());
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

    auto transformation = std::make_unique<Transformation>();
    if (auto error = add_overlay(r, state, *transformation->job)) {
        if (original_serves(r, *error)) {
            keep_original(r, state, *error);
            return send_header(r, state);
        }
        ngx_http_clean_header(r);
        return refuse(r, state, std::move(*error));
    }

    state.transformation = std::move(transformation);
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

        if (state->fetches != nullptr) {
            return overlay_header_filter(r, *state);
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
            return send_header(r, *state);
        }
        state->refused.reset();                        // what goes out is another answer, of an error_page

        if (transforms(r, *state)) {
            if (r->headers_out.status == NGX_HTTP_OK) {
                return begin(r, *state);
            }
            if (r->headers_out.status == NGX_HTTP_NOT_FOUND && state->is_out_of_reach()) {
                forbid_instead(r, *state);
            }
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

        if (state->fetches != nullptr) {
            return overlay_body_filter(r, *state, in);
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

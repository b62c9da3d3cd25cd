#include "ngx/image_overlay.h"

#include "ngx/headers.h"
#include "ngx/image_headers.h"
#include "ngx/image_rewrite.h"
#include "ngx/image_transformation.h"
#include "ngx/purge_birth.h"
#include "ngx/purge_filter.h"
#include "ngx/request_url.h"
#include "ngx/status_count.h"
#include "ttl/cache_control.h"

#include <algorithm>

namespace cdn {

namespace {

// The same place in r->buffered that a transformation uses: this request has none.
constexpr unsigned buffered_flag = 0x08;

Error error_of_status(ngx_int_t status)
{
    const auto code = status == NGX_HTTP_NOT_FOUND || status == 410   ? ErrorCode::not_found
                      : status == NGX_HTTP_FORBIDDEN                  ? ErrorCode::forbidden
                      : status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE   ? ErrorCode::too_large
                      : status == NGX_HTTP_GATEWAY_TIME_OUT           ? ErrorCode::timeout
                      : status == NGX_HTTP_SERVICE_UNAVAILABLE        ? ErrorCode::overload
                      : status >= 400 && status < 500                 ? ErrorCode::not_found
                                                                      : ErrorCode::bad_gateway;
    return {code, "the overlay is not to be had: " + std::to_string(status)};
}

// The main request goes on in its phases once this one is through; its own answer is not
// wanted, an error page included.
ngx_int_t on_fetched(ngx_http_request_t *r, void *data, ngx_int_t rc) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [&]() -> ngx_int_t {
        FetchedOverlay &overlay = *static_cast<FetchedOverlay *>(data);

        if (r->connection->error || rc == NGX_HTTP_CLIENT_CLOSED_REQUEST || rc == NGX_HTTP_REQUEST_TIME_OUT) {
            return rc;                                 // nobody waits for it
        }

        overlay.is_done = true;
        if (!overlay.failure && rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            overlay.failure = error_of_status(rc);
        }
        if (!overlay.failure && !overlay.is_whole) {
            overlay.failure = Error{ErrorCode::bad_gateway, "the overlay broke off"};
        }
        return NGX_OK;
    });
}

// A failure within the body filter ends the subrequest from outside it, a moment later.
void on_failure(ngx_event_t *event) noexcept
{
    RequestState &state = Timer::data_of<RequestState>(event);
    ngx_http_request_t *r = state.request;
    ngx_connection_t *c = r->connection;

    r->buffered &= ~buffered_flag;
    ngx_http_set_log_request(c->log, r);
    if (r->upstream != nullptr && r->upstream->cleanup != nullptr) {
        r->main->count++;                              // not its last user
        (*r->upstream->cleanup)(r);
    }
    ngx_http_finalize_request(r, NGX_OK);
    ngx_http_run_posted_requests(c);
}

void fail(ngx_http_request_t *r, RequestState &state, Error error)
{
    FetchedOverlay &overlay = *state.fetches;
    overlay.failure = std::move(error);
    r->buffered |= buffered_flag;

    overlay.timer.prepare(on_failure, &state, r->connection->log);
    overlay.timer.start(0);
}

// What it evaluates is not the main request's.
void give_own_variables(ngx_http_request_t *r)
{
    const auto *core = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_core_module));
    const std::size_t size = core->variables.nelts * sizeof(ngx_http_variable_value_t);

    void *own = ngx_palloc(r->pool, size);
    if (own == nullptr) {
        throw std::bad_alloc();
    }
    std::copy_n(r->variables, core->variables.nelts, static_cast<ngx_http_variable_value_t *>(own));
    r->variables = static_cast<ngx_http_variable_value_t *>(own);
}

ngx_int_t start(ngx_http_request_t *r, RequestState &state)
{
    const image::Source &source = state.image->overlay->source;
    state.overlay = std::make_unique<FetchedOverlay>();

    auto *ps = static_cast<ngx_http_post_subrequest_t *>(ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t)));
    if (ps == nullptr) {
        throw std::bad_alloc();
    }
    ps->handler = on_fetched;
    ps->data = state.overlay.get();

    ngx_str_t uri = r->uri;
    ngx_http_request_t *sub = nullptr;
    if (ngx_http_subrequest(r, &uri, nullptr, &sub, ps, NGX_HTTP_SUBREQUEST_CLONE | NGX_HTTP_SUBREQUEST_WAITED)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    // nothing runs before this handler has returned: the location stays, what it does
    // with a URL begins anew
    const auto *core = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_core_module));
    sub->phase_handler = static_cast<ngx_int_t>(core->phase_engine.location_rewrite_index);
    give_own_variables(sub);

    // a body is the picture's fetch's
    sub->headers_in.content_length = nullptr;
    sub->headers_in.content_length_n = -1;
    sub->headers_in.chunked = 0;

    set_url(sub, source.local_uri());

    RequestState &own = make_state(sub);
    own.fetches = state.overlay.get();
    own.image = std::make_unique<image::Request>();
    own.image->source = source;
    own.image_uri = own.source_uri = source.uri();
    own.dialect = state.dialect;
    own.transforms = state.transforms;
    own.uri = sub->uri;
    own.args = sub->args;
    own.url_is_prepared = true;
    own.signature.policy = state.signature.policy;     // the client was let in
    return NGX_AGAIN;
}

}  // namespace

ngx_int_t fetch_overlay(ngx_http_request_t *r, RequestState &state)
{
    if (r != r->main) {
        return refuse(r, state, bad_request("overlays are not laid on a part of a page"));
    }
    if (!state.overlay) {
        return start(r, state);
    }
    if (!state.overlay->is_done) {
        return NGX_AGAIN;
    }

    const auto &failure = state.overlay->failure;
    return failure && !original_serves(r, *failure) ? refuse(r, state, *failure) : NGX_DECLINED;
}

ngx_int_t overlay_header_filter(ngx_http_request_t *r, RequestState &state)
{
    FetchedOverlay &overlay = *state.fetches;
    const auto limit = loc_conf(r).image.max_bytes;
    const ngx_table_elt_t *encoding = r->headers_out.content_encoding;

    note_header(r);
    const bool found_or_not = r->headers_out.status == NGX_HTTP_OK || r->headers_out.status == NGX_HTTP_NOT_FOUND;
    if (found_or_not && state.is_out_of_reach()) {
        overlay.failure = Error{ErrorCode::forbidden, "overlays of other hosts are not fetched here",
                                "proxy_pass $cdn_image_origin$cdn_image_source would fetch them"};
    } else if (r->headers_out.status != NGX_HTTP_OK) {
        overlay.failure = error_of_status(static_cast<ngx_int_t>(r->headers_out.status));
    } else if (r->headers_out.content_length_n > limit) {
        overlay.failure = Error{ErrorCode::too_large, "the overlay has more than " + std::to_string(limit) + " bytes"};
    } else if (encoding != nullptr && encoding->hash != 0 && encoding->value.len > 0
               && !equal_ignoring_case(view(encoding->value), "identity"))
    {
        overlay.failure = Error{ErrorCode::unsupported, "the overlay is compressed as " + printable(view(encoding->value))};
    }
    if (overlay.failure) {
        return status_of(overlay.failure->code);       // its body is not asked for
    }

    overlay.validator = strong_validator(r);
    for (const std::string &name : *loc_conf(r).purge.tag_headers) {
        each_response_header(r, name, [&](ngx_table_elt_t &field) {
            overlay.tags.emplace_back(name, view(field.value));
        });
    }
    each_response_header(r, "Cache-Control", [&](ngx_table_elt_t &field) {
        overlay.may_be_kept = overlay.may_be_kept && !ttl::parse_cache_control(view(field.value)).forbids();
    });
#if (NGX_HTTP_CACHE)
    each_response_header(r, born_header, [&](ngx_table_elt_t &field) { overlay.born_ms = header_born(view(field.value)); });
    if (r->cache != nullptr) {
        overlay.cache_key.assign(reinterpret_cast<const char *>(r->cache->key), NGX_HTTP_CACHE_KEY_LEN);
    }
#endif
    return NGX_OK;
}

ngx_int_t overlay_body_filter(ngx_http_request_t *r, RequestState &state, ngx_chain_t *in)
{
    FetchedOverlay &overlay = *state.fetches;
    const auto limit = static_cast<std::uint64_t>(loc_conf(r).image.max_bytes);

    for (ngx_chain_t *link = in; link != nullptr && !overlay.failure; link = link->next) {
        if (source_broke_off(r, link->buf)) {
            break;                                     // it is not whole
        }
        if (!overlay.bytes->append(link->buf)) {
            fail(r, state, {ErrorCode::internal, "no descriptor for the overlay"});
        } else if (overlay.bytes->size() > limit) {
            fail(r, state, {ErrorCode::too_large, "the overlay has more than " + std::to_string(limit) + " bytes"});
        }
        overlay.is_whole = overlay.is_whole || link->buf->last_buf || link->buf->last_in_chain;
    }

    consume(in);
    return overlay.failure ? NGX_AGAIN : NGX_OK;
}

std::optional<Error> add_overlay(ngx_http_request_t *r, const RequestState &state, Job &job)
{
    if (!state.image->overlay) {
        return std::nullopt;
    }
    if (!state.overlay || !state.overlay->is_done) {
        return Error{ErrorCode::internal, "an overlay that nobody fetched"};
    }
    if (state.overlay->failure) {
        return state.overlay->failure;
    }

#if (NGX_HTTP_CACHE)
    const image::Source &source = state.image->overlay->source;
    if (r->cache != nullptr && source != state.image->source
        && state.overlay->cache_key == std::string_view(reinterpret_cast<const char *>(r->cache->key), NGX_HTTP_CACHE_KEY_LEN))
    {
        return Error{ErrorCode::internal, "the overlay and its picture share a cache key",
                     "a key of $uri$is_args$args tells them apart"};
    }
#endif

    job.overlay = state.overlay->bytes;
    job.overlay_validator = state.overlay->validator;
    return std::nullopt;
}

void add_overlay_headers(ngx_http_request_t *r, const FetchedOverlay &overlay)
{
    if (!hides_tags(r)) {
        for (const auto &[name, value] : overlay.tags) {
            add_response_header(r, name, value);
        }
    }

#if (NGX_HTTP_CACHE)
    if (overlay.born_ms) {
        std::string told = std::to_string(*overlay.born_ms);
        for (const auto &[name, value] : overlay.tags) {
            told += ' ' + value;
        }
        add_response_header(r, overlay_header, told);
    }
#endif

    if (!overlay.may_be_kept) {
        forbid_storing(r);
    }
}

}  // namespace cdn

#include "ngx/image_rewrite.h"

#include "core/path.h"
#include "image/dialect.h"
#include "image/hints.h"
#include "image/negotiate.h"
#include "ngx/cdn_loop.h"
#include "ngx/headers.h"
#include "ngx/image_overlay.h"
#include "ngx/request_url.h"
#include "ngx/sign_access.h"
#include "ngx/status_count.h"
#include "ngx/ttl_query.h"
#include "ngx/zone.h"

#include <initializer_list>
#include <utility>

namespace cdn {

namespace {

image::RawUrl cut_url(std::string_view url)
{
    const auto [path, query, has_query] = cut(url, '?');
    return {path, query};
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names)
{
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view n) { return equal_ignoring_case(name, n); });
}

// The source is asked for the whole of itself, plain.  The typed pointers keep
// the old elements, for the answer's own 304 and 206.
void ask_for_whole(ngx_http_request_t *r)
{
    filter_request_headers(r, [](const ngx_table_elt_t &field) {
        return !is_one_of(view(field.key),
                          {"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since",
                           "If-Unmodified-Since", "Accept-Encoding"});
    });
}

image::Parsed parse(ngx_uint_t dialect, image::RawUrl url)
{
    switch (dialect) {
    case dialect_cloudflare: return image::parse_cloudflare(url);
    case dialect_bunnycdn:   return image::parse_bunnycdn(url);
    case dialect_keycdn:     return image::parse_keycdn(url);
    case dialect_fastly:     return image::parse_fastly(url);
    case dialect_custom:     return image::parse_custom(url);
    default:                 return std::optional<image::Asked>();
    }
}

std::string_view dialect_name(ngx_uint_t dialect)
{
    static constexpr std::string_view names[] = {"canonical", "cloudflare", "bunnycdn",
                                                 "keycdn", "fastly", "custom"};
    return names[dialect];
}

// What the URL asks for in this location's words; nothing: no transformation.
// `known` was asked for where the URL of before was rewritten.
// What it reads of the client's headers is noted in `state`.
Result<std::optional<image::Request>> read_request(ngx_http_request_t *r, const ImageConf &conf,
                                                   std::string_view url, const image::Request *known,
                                                   RequestState &state)
{
    const auto read_header = [&](std::string_view name) {
        note_vary(state, name);
        return request_header(r, name);
    };
    const auto parts = cut_url(url);

    if (conf.transform || known != nullptr) {
        auto canonical = image::parse_canonical(parts);
        if (!canonical || *canonical) {
            return canonical;
        }
    }

    auto asked = parse(conf.dialect, parts);
    if (!asked) {
        return asked.error();
    }
    if (!*asked && known != nullptr) {
        std::optional moved(*known);
        if (moved->source.origin.empty()) {
            auto source = image::site_source(parts.path, parts.query);
            if (!source) {
                return source.error();
            }
            moved->source = std::move(*source);
        }
        return moved;
    }
    if (!*asked && (conf.defaults == nullptr || conf.dialect == dialect_cloudflare)) {
        return std::optional<image::Request>();
    }
    if (!*asked) {
        // cdn_image_default asks where a query says nothing
        auto source = image::site_source(parts.path, parts.query);
        if (!source) {
            return std::optional<image::Request>();
        }
        asked = std::optional(image::Asked{{}, {}, std::move(*source)});
    }

    auto options = main_conf(r).presets->apply((*asked)->options);
    if (!options) {
        return options.error();
    }
    image::lay_over_device(*options);
    if (conf.defaults != nullptr) {
        auto defaults = main_conf(r).presets->apply(*conf.defaults);
        if (!defaults) {
            return defaults.error();
        }
        options->lay_over(*defaults);
        image::lay_over_device(*options);              // of a device that the default names
    }
    options->lay_over((*asked)->defaults);

    state.redirects_on_error = options->redirect.value_or(false);
    image::apply_hints(*options, read_header);
    const auto formats = image::leaves_format_open(*options)
                             ? image::negotiate(read_header("Accept"),
                                                image::preferred(*conf.formats, options->device))
                             : image::Negotiated();

    auto request = image::resolve(*options, std::move((*asked)->source), formats);
    if (!request) {
        return request.error();
    }

    return std::optional(std::move(*request));
}

std::optional<Error> check_overlay(const ImageConf &conf, const image::Source &source)
{
    if (!source.origin.empty() || (conf.overlays != nullptr && conf.overlays->allow(source.path))) {
        return std::nullopt;
    }

    return Error{ErrorCode::forbidden, "overlays from " + printable(source.path) + " are not allowed here",
                 "\"cdn_image_overlays\" names the folders that may be"};
}

std::optional<Error> check_source(const ImageConf &conf, const image::Source &source)
{
    if (source.origin.empty() || (conf.sources != nullptr && conf.sources->allow(source.origin))) {
        return std::nullopt;
    }

    return Error{ErrorCode::forbidden,
                 "sources from " + printable(source.origin) + " are not allowed here"};
}

void count(ngx_http_request_t *r, ngx_uint_t dialect, std::string_view outcome)
{
    const RequestState *state = find_state(r->main);
    if (state != nullptr && state->is_warmer) {
        return;
    }
    if (auto z = zone(main_conf(r))) {
        z->counters.add(status::Metric::image_requests,
                        {z->counters.label(dialect_name(dialect)), z->counters.label(outcome)});
    }
}

void prepare_image(ngx_http_request_t *r, const ImageConf &conf, const image::Request *known, RequestState &state)
{
    const std::string url = raw_url(r);

    auto request = read_request(r, conf, url, known, state);
    if (request && *request) {
        const auto &overlay = (*request)->overlay;
        auto error = check_source(conf, (*request)->source);
        if (!error && overlay) {
            error = check_source(conf, overlay->source);
        }
        if (!error && overlay) {
            error = check_overlay(conf, overlay->source);
        }
        if (error) {
            request = std::move(*error);
        }
    }

    if (!request) {
        state.url_error = request.error();
        state.image_uri = url;
        count(r, conf.dialect, "refused");
        return;
    }

    if (!*request) {
        state.image_uri = url;
        return;
    }

    state.image = std::make_unique<image::Request>(std::move(**request));
    state.image_uri = image::print_canonical(*state.image);
    state.source_uri = state.image->source.uri();
    if (known == nullptr) {
        state.public_source_uri = state.source_uri;
    }
    set_url(r, conf.transform ? state.image->source.local_uri() : state.image_uri);
    if (conf.dialect != dialect_off && known == nullptr) {
        count(r, conf.dialect, "ok");
    }

    if (conf.transform) {
        ask_for_whole(r);
        if (r->method == NGX_HTTP_HEAD) {
            // the answer's length and ETag come from making it
            state.was_head = true;
            r->method = NGX_HTTP_GET;
            ngx_str_set(&r->method_name, "GET");
        }
    }
}

bool has_location(ngx_http_request_t *r)
{
    const auto *core = static_cast<const ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_core_module));
    return r->phase_handler >= static_cast<ngx_int_t>(core->phase_engine.location_rewrite_index);
}

bool same(const ngx_str_t &a, const ngx_str_t &b)
{
    return view(a) == view(b);
}

}  // namespace

RequestState *prepare_url(ngx_http_request_t *r)
{
    RequestState *known = pass_gate(r);
    if (known != nullptr && known->fetches != nullptr) {
        return known;                                  // whatever its location makes of the URL
    }

    const ImageConf &conf = loc_conf(r).image;
    if ((conf.dialect == dialect_off && !conf.transform) || is_endpoint(loc_conf(r)) || !has_location(r)) {
        return known;
    }

    if (known != nullptr && known->url_is_prepared && same(known->uri, r->uri)
        && same(known->args, r->args) && known->dialect == conf.dialect
        && known->transforms == (conf.transform != 0))
    {
        return known;
    }

    RequestState &state = make_state(r);
    note_client_uri(r, state);

    const auto known_image = std::move(state.image);
    state.overlay.reset();
    state.url_error.reset();
    state.source_uri.clear();
    state.redirects_on_error = known_image && state.redirects_on_error;
    state.origin_is_used = false;
    state.dialect = conf.dialect;
    state.transforms = conf.transform;
    prepare_image(r, conf, known_image.get(), state);

    state.uri = r->uri;
    state.args = r->args;
    state.url_is_prepared = true;
    return &state;
}

// First of its phase, right after a location is chosen.
ngx_int_t rewrite_phase(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&]() -> ngx_int_t {
        if (RequestState *state = find_state(r)) {
            // a redirect to an error page: what it says is its own
            state->refused.reset();
            state->refusal_is_sent = false;
            state->redirects = false;
            if (state->transformation && state->transformation->failure) {
                state->transformation.reset();         // and a picture of its own
            }
        }
        note_location(r);
        name_this_cdn(r);
        prepare_url(r);
        clean_query(r);
        return NGX_DECLINED;
    });
}

ngx_int_t refuse_phase(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&]() -> ngx_int_t {
        // once more: the location's own "rewrite ... break" came in between
        RequestState *state = prepare_url(r);
        if (state == nullptr || !state->url_is_prepared) {
            return NGX_DECLINED;
        }
        if (state->url_error) {
            return refuse(r, *state, *state->url_error);
        }
        if (state->image && state->transforms && r->method != NGX_HTTP_GET) {
            return NGX_HTTP_NOT_ALLOWED;
        }
        if (state->image && state->transforms && state->image->overlay) {
            return fetch_overlay(r, *state);
        }
        return NGX_DECLINED;
    });
}

ngx_int_t status_of(ErrorCode code)
{
    switch (code) {
    case ErrorCode::bad_request:  return NGX_HTTP_BAD_REQUEST;
    case ErrorCode::unauthorized: return NGX_HTTP_UNAUTHORIZED;
    case ErrorCode::forbidden:    return NGX_HTTP_FORBIDDEN;
    case ErrorCode::not_found:    return NGX_HTTP_NOT_FOUND;
    case ErrorCode::not_allowed:  return NGX_HTTP_NOT_ALLOWED;
    case ErrorCode::conflict:     return NGX_HTTP_CONFLICT;
    case ErrorCode::too_many:     return NGX_HTTP_TOO_MANY_REQUESTS;
    case ErrorCode::too_large:    return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    case ErrorCode::unsupported:  return NGX_HTTP_UNSUPPORTED_MEDIA_TYPE;
    case ErrorCode::bad_gateway:  return NGX_HTTP_BAD_GATEWAY;
    case ErrorCode::timeout:      return NGX_HTTP_GATEWAY_TIME_OUT;
    case ErrorCode::overload:     return NGX_HTTP_SERVICE_UNAVAILABLE;
    case ErrorCode::cancelled:
    case ErrorCode::internal:    break;
    }

    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

void report_failure(RequestState &state, const Error &error, bool source_sent)
{
    image::Report report;
    report.error = static_cast<int>(status_of(error.code));
    report.why = error.message;
    report.source_sent = source_sent;
    state.report = std::make_unique<image::Report>(std::move(report));
}

ngx_int_t refuse(ngx_http_request_t *r, RequestState &state, Error error)
{
    const ngx_int_t status = status_of(error.code);
    log_error(r->connection->log, status >= 500 ? NGX_LOG_ERR : NGX_LOG_INFO, "cdn image", error);
    report_failure(state, error, false);
    state.refused = std::move(error);
    state.keepalive = r->keepalive;
    return status;
}

}  // namespace cdn

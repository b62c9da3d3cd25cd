#include "ngx/variables.h"

#include "ngx/bridge.h"
#include "ngx/image_rewrite.h"
#include "ngx/request_url.h"
#include "ngx/ttl_choice.h"
#include "ngx/status_count.h"

namespace cdn {

namespace {

// What a variable says of a request; nothing: not found.
using Read = std::optional<std::string> (*)(ngx_http_request_t *r);

std::optional<std::string> image_uri(ngx_http_request_t *r)
{
    const RequestState *state = prepare_url(r);
    return state != nullptr && state->url_is_prepared ? std::optional(state->image_uri)
                                                      : std::nullopt;
}

std::optional<std::string> image_source(ngx_http_request_t *r)
{
    const RequestState *state = prepare_url(r);
    return state != nullptr && state->image ? std::optional(state->source_uri) : std::nullopt;
}

// Scheme and host of an absolute source, else cdn_image_origin.
std::optional<std::string> image_origin(ngx_http_request_t *r)
{
    RequestState *state = prepare_url(r);
    if (state == nullptr || !state->url_is_prepared) {
        return std::nullopt;
    }

    state->origin_is_used = true;
    return state->image && !state->image->source.origin.empty()
               ? state->image->source.origin : std::string(view(loc_conf(r).image.origin));
}

// The format settled on: what the URL or the negotiation says, else what is
// known of the source only, "auto".
std::optional<std::string> image_format(ngx_http_request_t *r)
{
    const RequestState *state = prepare_url(r);
    if (state == nullptr || !state->image) {
        return std::nullopt;
    }

    const auto &formats = state->image->format.formats;
    return state->image->json ? "json" : formats.empty() ? "auto" : std::string(image::name(formats[0]));
}

std::optional<std::string> image_info(ngx_http_request_t *r)
{
    const RequestState *state = effective_state(r);
    return state != nullptr && state->report ? std::optional(image::print_report(*state->report))
                                             : std::nullopt;
}

std::optional<std::string> sent_uri(ngx_http_request_t *r)
{
    return std::string(view(client_uri(r)));
}

std::optional<std::string> cache_reason_name(ngx_http_request_t *r)
{
    const auto reason = cache_reason(r);
    return reason ? std::optional(std::string(name(*reason))) : std::nullopt;
}

std::optional<std::string> region_name(ngx_http_request_t *r)
{
    const std::string_view name = region(r);
    return !name.empty() ? std::optional(std::string(name)) : std::nullopt;
}

// The URL without a token, in an image location the canonical one.
std::optional<std::string> clean_uri(ngx_http_request_t *r)
{
    const RequestState *state = prepare_url(r);
    return state != nullptr && state->url_is_prepared ? state->image_uri : raw_url(r);
}

std::optional<std::string> sign_status(ngx_http_request_t *r)
{
    const RequestState *state = prepare_url(r);
    return state != nullptr && state->signature.is_judged
               ? std::optional(std::string(sign::name(state->signature.answer.verdict)))
               : std::nullopt;
}

struct Variable {
    std::string_view name;
    Read             read;
};

constexpr Variable table[] = {
    {"cdn_client_uri", sent_uri},                    // the URL as the client sent it
    {"cdn_uri", clean_uri},                            // the URL without a token, canonical
    {"cdn_sign_status", sign_status},
    {"cdn_image_uri", image_uri},                      // canonical; the URL itself without options
    {"cdn_image_source", image_source},                // the source's path and query
    {"cdn_image_origin", image_origin},                // where the source is
    {"cdn_image_format", image_format},
    {"cdn_image_info", image_info},                    // of a transformation, for logs
    {"cdn_cache_reason", cache_reason_name},           // for logs
    {"cdn_region", region_name},
    {"cdn_ttl", decided_ttl},                          // seconds
    {"cdn_ttl_profile", ttl_profile},
    {"cdn_ttl_auto", ttl_auto},                        // the profile that the path suggests
    {"cdn_schedule_phase", schedule_phase},
    {"cdn_schedule_term", schedule_term},
};

ngx_int_t get(ngx_http_request_t *r, ngx_http_variable_value_t *value, uintptr_t data)
{
    return guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [&]() -> ngx_int_t {
        const auto text = table[data].read(r);
        if (!text) {
            value->not_found = 1;
            return NGX_OK;
        }

        const ngx_str_t copied = copy(r->pool, *text);
        value->data = copied.data;
        value->len = static_cast<unsigned>(copied.len);
        value->valid = 1;
        value->no_cacheable = 0;
        value->not_found = 0;
        return NGX_OK;
    });
}

}  // namespace

ngx_int_t add_variables(ngx_conf_t *cf) noexcept
{
    for (std::size_t i = 0; i < std::size(table); i++) {
        ngx_str_t name = borrow(table[i].name);
        ngx_http_variable_t *variable =
            ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
        if (variable == nullptr) {
            return NGX_ERROR;
        }

        variable->get_handler = get;
        variable->data = i;
    }

    return NGX_OK;
}

}  // namespace cdn

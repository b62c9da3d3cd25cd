#include "ngx/cache_check.h"

#include "ngx/open_files.h"
#include "ngx/purge_hook.h"
#include "ngx/purge_verdict.h"
#include "ngx/setters.h"
#include "ngx/ttl_hook.h"
#include "ngx/upstreams.h"

namespace cdn {

#if (NGX_HTTP_CACHE)

namespace {

constexpr std::string_view variable_name = "cdn_cache_check";

ngx_int_t check(ngx_http_request_t *r, ngx_http_variable_value_t *value, uintptr_t) noexcept
{
    *value = ngx_http_variable_null_value;

    return guarded<ngx_int_t>(r->connection->log, NGX_OK, [&]() -> ngx_int_t {
        if (r->upstream == nullptr || r->cache == nullptr) {
            return NGX_OK;
        }

        heed_cold_cache(r);
        install_hook(r);
        drop_purged_error(r);
        if (ttl_bypasses(r)) {
            *value = ngx_http_variable_true_value;
        }
        return NGX_OK;
    });
}

}  // namespace

#endif

bool add_cache_check(ngx_conf_t *cf)
{
#if (NGX_HTTP_CACHE)
    ngx_str_t name = borrow(variable_name);
    ngx_http_variable_t *variable = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (variable == nullptr) {
        return false;
    }
    variable->get_handler = check;
#endif
    return true;
}

bool install_cache_check(ngx_conf_t *cf)
{
#if (NGX_HTTP_CACHE)
    bool installed = true;
    each_upstream_conf(cf, [&](ngx_http_upstream_conf_t &upstream) {
        if (upstream.cache != 1) {
            return;
        }

        const auto *old = upstream.cache_bypass;
        const bool has_old = old != nullptr && old != NGX_CONF_UNSET_PTR;
        const auto *first = has_old ? static_cast<ngx_http_complex_value_t *>(old->elts) : nullptr;
        const std::string text = '$' + std::string(variable_name);
        if (has_old && old->nelts > 0 && view(first->value) == text) {
            return;                                    // inherited with it
        }

        // a new array: the old one may be other locations' too
        auto *predicates = ngx_array_create(cf->pool, 4, sizeof(ngx_http_complex_value_t));
        auto *own = predicates != nullptr
                        ? static_cast<ngx_http_complex_value_t *>(ngx_array_push(predicates)) : nullptr;
        if (own == nullptr || !compile(cf, text, *own)) {
            installed = false;
            return;
        }

        for (ngx_uint_t i = 0; has_old && i < old->nelts; i++) {
            auto *next = static_cast<ngx_http_complex_value_t *>(ngx_array_push(predicates));
            if (next == nullptr) {
                installed = false;
                return;
            }
            *next = first[i];
        }
        upstream.cache_bypass = predicates;
    });
    return installed;
#else
    static_cast<void>(cf);
    return true;
#endif
}

}  // namespace cdn

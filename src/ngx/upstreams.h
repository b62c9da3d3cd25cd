// The configuration that nginx's proxying modules share.

#pragma once

#include "ngx/ngx.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace cdn {

// proxy, fastcgi, uwsgi or scgi.  By name: a module nginx was built without is no error.
inline bool is_upstream_module(const ngx_module_t &module)
{
    static constexpr std::string_view names[] = {"ngx_http_proxy_module", "ngx_http_fastcgi_module",
                                                 "ngx_http_uwsgi_module", "ngx_http_scgi_module"};
    return std::find(std::begin(names), std::end(names), module.name) != std::end(names);
}

// The same of something that may be a module's address: a zone's tag.
inline bool is_upstream_module(const ngx_cycle_t *cycle, const void *tag)
{
    for (ngx_uint_t i = 0; cycle->modules[i] != nullptr; i++) {
        if (cycle->modules[i] == tag) {
            return is_upstream_module(*cycle->modules[i]);
        }
    }

    return false;
}

// Calls visit(ngx_http_upstream_conf_t &) for this location's.  The first member of
// each one's location configuration is the shared part.
template <typename Visit>
void each_upstream_conf(ngx_conf_t *cf, Visit visit)
{
    auto *context = static_cast<ngx_http_conf_ctx_t *>(cf->ctx);

    for (ngx_uint_t i = 0; cf->cycle->modules[i] != nullptr; i++) {
        const ngx_module_t *module = cf->cycle->modules[i];
        if (is_upstream_module(*module)) {
            visit(*static_cast<ngx_http_upstream_conf_t *>(context->loc_conf[module->ctx_index]));
        }
    }
}

}  // namespace cdn

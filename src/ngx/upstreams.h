// The configuration that nginx's proxying modules share.

#pragma once

#include "ngx/ngx.h"

#include <string_view>

namespace cdn {

// Calls visit(ngx_http_upstream_conf_t &) for this location's proxy, fastcgi,
// uwsgi and scgi, found by name: a module nginx was built without is no error.
// The first member of each one's location configuration is the shared part.
template <typename Visit>
void each_upstream_conf(ngx_conf_t *cf, Visit visit)
{
    static constexpr std::string_view names[] = {"ngx_http_proxy_module", "ngx_http_fastcgi_module",
                                                 "ngx_http_uwsgi_module", "ngx_http_scgi_module"};
    auto *context = static_cast<ngx_http_conf_ctx_t *>(cf->ctx);

    for (ngx_uint_t i = 0; cf->cycle->modules[i] != nullptr; i++) {
        const ngx_module_t *module = cf->cycle->modules[i];
        for (const std::string_view name : names) {
            if (name == module->name) {
                visit(*static_cast<ngx_http_upstream_conf_t *>(context->loc_conf[module->ctx_index]));
            }
        }
    }
}

}  // namespace cdn

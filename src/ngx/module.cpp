// Where each part attaches to nginx.

#include "ngx/bridge.h"
#include "ngx/cache_check.h"
#include "ngx/conf.h"
#include "ngx/directives.h"
#include "ngx/image_filter.h"
#include "ngx/image_rewrite.h"
#include "ngx/open_files.h"
#include "ngx/purge_filter.h"
#include "ngx/purge_handler.h"
#include "ngx/purge_leader.h"
#include "ngx/render_task.h"
#include "ngx/request_url.h"
#include "ngx/sign_access.h"
#include "ngx/ttl_filter.h"
#include "ngx/status_count.h"
#include "ngx/status_tick.h"
#include "ngx/variables.h"
#include "ngx/warm_leader.h"
#include "ngx/whole_reads.h"
#include "ngx/zone.h"

#include <algorithm>

namespace cdn {

namespace {

// The last module's handlers come first in their phase.
bool add_handler(ngx_conf_t *cf, ngx_http_phases phase, ngx_http_handler_pt handler)
{
    auto *core = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    auto *slot = static_cast<ngx_http_handler_pt *>(ngx_array_push(&core->phases[phase].handlers));
    if (slot == nullptr) {
        return false;
    }

    *slot = handler;
    return true;
}

bool add_last_handler(ngx_conf_t *cf, ngx_http_phases phase, ngx_http_handler_pt handler)
{
    if (!add_handler(cf, phase, handler)) {
        return false;
    }

    auto *core = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));
    auto *all = static_cast<ngx_http_handler_pt *>(core->phases[phase].handlers.elts);
    std::rotate(all, all + core->phases[phase].handlers.nelts - 1, all + core->phases[phase].handlers.nelts);
    return true;
}

ngx_int_t preconfiguration(ngx_conf_t *cf) noexcept
{
    return add_variables(cf) == NGX_OK && add_cache_check(cf) ? NGX_OK : NGX_ERROR;
}

ngx_int_t postconfiguration(ngx_conf_t *cf) noexcept
{
    if (!add_handler(cf, NGX_HTTP_SERVER_REWRITE_PHASE, note_redirect)
        || !add_handler(cf, NGX_HTTP_SERVER_REWRITE_PHASE, mark_warm)
        || !add_handler(cf, NGX_HTTP_SERVER_REWRITE_PHASE, purge_method_phase)
        || !add_handler(cf, NGX_HTTP_REWRITE_PHASE, rewrite_phase)
        || !add_handler(cf, NGX_HTTP_ACCESS_PHASE, sign_access)
        || !add_last_handler(cf, NGX_HTTP_ACCESS_PHASE, sign_late)
        || !add_handler(cf, NGX_HTTP_PRECONTENT_PHASE, refuse_phase)
        || !add_handler(cf, NGX_HTTP_LOG_PHASE, count_request))
    {
        return NGX_ERROR;
    }

    // the last one installed runs first
    install_image_filter();
    install_ttl_filter();
    install_purge_filter();
    install_whole_reads();
    return NGX_OK;
}

ngx_int_t init_process(ngx_cycle_t *cycle) noexcept
{
    start_ticking(cycle);

    auto *http = static_cast<MainConf *>(
        ngx_http_cycle_get_module_main_conf(cycle, ngx_http_cdn_module));
    if (http == nullptr) {
        return NGX_OK;
    }

    return guarded<ngx_int_t>(cycle->log, NGX_ERROR, [&]() -> ngx_int_t {
        find_url_variables(cycle);
        limit_open_files(*http, cycle);
        const bool serves = ngx_process == NGX_PROCESS_WORKER || ngx_process == NGX_PROCESS_SINGLE;
        if (http->journal != nullptr && serves) {
            start_purges(*http, cycle);
        }
        if (!http->renders || !serves) {
            return NGX_OK;
        }

        const auto z = zone(*http);
        return z && render_start_worker(cycle, *z->head, http->draws) ? NGX_OK : NGX_ERROR;
    });
}

void exit_process(ngx_cycle_t *cycle) noexcept
{
    auto *http = static_cast<MainConf *>(
        ngx_http_cycle_get_module_main_conf(cycle, ngx_http_cdn_module));
    if (http != nullptr && http->journal != nullptr) {
        stop_purges(*http);
    }
    render_stop_worker();
}

ngx_http_module_t context = {
    preconfiguration,
    postconfiguration,
    create_main_conf,
    init_main_conf,
    create_srv_conf,
    nullptr,                                           // merge server configuration
    create_loc_conf,
    merge_loc_conf,
};

}  // namespace

}  // namespace cdn

ngx_module_t ngx_http_cdn_module = {
    NGX_MODULE_V1,
    &cdn::context,
    cdn::directives,
    NGX_HTTP_MODULE,
    nullptr,                                           // init_master
    nullptr,                                           // init_module
    cdn::init_process,
    nullptr,                                           // init_thread
    nullptr,                                           // exit_thread
    cdn::exit_process,
    nullptr,                                           // exit_master
    NGX_MODULE_V1_PADDING,
};

#include "ngx/status_tick.h"

#include "ngx/bridge.h"
#include "ngx/zone.h"

namespace cdn {

namespace {

const MainConf *conf_of(const volatile ngx_cycle_t *cycle)
{
    return static_cast<MainConf *>(
        ngx_http_cycle_get_module_main_conf(const_cast<ngx_cycle_t *>(cycle), ngx_http_cdn_module));
}

void on_tick(ngx_event_t *timer) noexcept
{
    timer->log = const_cast<ngx_cycle_t *>(ngx_cycle)->log;   // a single process changes cycles
    guarded<int>(timer->log, 0, [] {
        const MainConf &conf = *conf_of(ngx_cycle);
        if (auto z = zone(conf)) {
            z->tick(*conf.thresholds);
        }
        return 0;
    });

    // just after the second begins
    ngx_add_timer(timer, static_cast<ngx_msec_t>(1001 - now_ms() % 1000));
}

}  // namespace

void start_ticking(ngx_cycle_t *cycle)
{
    static ngx_event_t timer;
    static ngx_connection_t nobody;                    // nginx's timers log through a connection

    const MainConf *conf = conf_of(cycle);
    const bool serves = ngx_process == NGX_PROCESS_WORKER || ngx_process == NGX_PROCESS_SINGLE;
    if (conf == nullptr || conf->counters == nullptr || !serves) {
        return;
    }

    nobody.fd = static_cast<ngx_socket_t>(-1);
    timer.handler = on_tick;
    timer.data = &nobody;
    timer.cancelable = 1;
    on_tick(&timer);
}

}  // namespace cdn

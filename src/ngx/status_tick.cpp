#include "ngx/status_tick.h"

#include "ngx/bridge.h"
#include "ngx/timer.h"
#include "ngx/zone.h"

namespace cdn {

namespace {

const MainConf *conf_of(const volatile ngx_cycle_t *cycle)
{
    return static_cast<MainConf *>(
        ngx_http_cycle_get_module_main_conf(const_cast<ngx_cycle_t *>(cycle), ngx_http_cdn_module));
}

// Returns the time until just after the next second begins.
ngx_msec_t tick()
{
    guarded<int>(ngx_cycle->log, 0, [] {
        const MainConf &conf = *conf_of(ngx_cycle);
        if (auto z = zone(conf)) {
            z->tick(*conf.thresholds);
        }
        return 0;
    });
    return static_cast<ngx_msec_t>(1001 - now_ms() % 1000);
}

void on_tick(ngx_event_t *timer) noexcept
{
    timer->log = const_cast<ngx_cycle_t *>(ngx_cycle)->log;   // a single process changes cycles
    ngx_add_timer(timer, tick());
}

}  // namespace

void start_ticking(ngx_cycle_t *cycle)
{
    static Timer timer;

    const MainConf *conf = conf_of(cycle);
    const bool serves = ngx_process == NGX_PROCESS_WORKER || ngx_process == NGX_PROCESS_SINGLE;
    if (conf == nullptr || conf->counters == nullptr || !serves) {
        return;
    }

    timer.prepare(on_tick, nullptr, cycle->log);
    timer.let_worker_end();
    timer.start(tick());
}

}  // namespace cdn

// What one worker of all does for purges beside serving: fires those whose time
// has come, reads the fleet's stream, and sends what the fleet has not got yet.

#pragma once

#include "ngx/conf.h"

namespace cdn {

// At the start of each worker; which of them leads is settled among all.
void start_purges(MainConf &conf, ngx_cycle_t *cycle);
void stop_purges(const MainConf &conf);                // at its end

// In the master, before there are workers: what the fleet purged while this nginx was
// down, for at most two seconds; failing that, nothing stored is trusted.
void catch_up_with_fleet(MainConf &conf, ngx_log_t *log);

}  // namespace cdn

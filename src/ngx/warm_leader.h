// The runs of cdn_warm: begun, gone on with and told of by the leading worker.

#pragma once

#include "ngx/conf.h"
#include "status/report.h"
#include "ttl/time_zone.h"

#include <vector>

namespace cdn {

// Runs that became due after `since` and until `now` are put in line.
void note_due_warm(const MainConf &main, ttl::Time since, ttl::Time now, ngx_log_t *log);

// What the leader does several times a second: starts the next run, or goes on with one that
// another process has left.
void lead_warm(const MainConf &main, ngx_log_t *log);

// Not the leader any more, or about to end.
void leave_warm();

// Takes the mark off a request of a run's, so that it counts as no visitor's.
ngx_int_t mark_warm(ngx_http_request_t *r) noexcept;

std::vector<status::WarmState> warm_states(const MainConf &main, ttl::Time now);

}  // namespace cdn

// cdn_nightly: purges at fixed times of a schedule's day, once in the fleet.
//
// Every edge's leader looks for what is due by its own clock.  The purge's id is
// made of the rule and the local time, so that all of them mean the same purge:
// Redis takes it once, and an edge that knows the id does nothing.

#pragma once

#include "ngx/timed_rule.h"
#include "purge/purge.h"

#include <string>
#include <vector>

namespace cdn {

struct NightlyRule : TimedRule {
    std::string                name;                   // for people
    std::string                key;                    // in ids, the same on every edge
    std::vector<purge::Target> targets;                // cascades included, then
    purge::Mode                mode = purge::Mode::soft;
};

struct NightlyMain {
    std::vector<NightlyRule> rules;
};

char *set_nightly(ngx_conf_t *cf, ngx_command_t *command, void *data) noexcept;

// What only the whole of http {} shows; false: refused, and said why.
bool check_nightly(ngx_conf_t *cf, MainConf &main);

// The purges that became due after `since` and until `now` (Unix time), ready to be accepted; what
// was missed for too long is logged.
std::vector<purge::Purge> nightly_purges(const MainConf &main, ttl::Time since, ttl::Time now, ngx_log_t *log);

}  // namespace cdn

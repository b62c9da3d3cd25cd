// Shared memory: one zone of fixed size for the counters, which a reload thus
// never loses, and cdn_zone, whose size the operator sets.

#pragma once

#include "ngx/conf.h"
#include "status/counters.h"

#include <optional>

namespace cdn {

// cdn_zone SIZE
char *set_zone(ngx_conf_t *cf, ngx_command_t *command, void *conf) noexcept;

// Once per configuration, where anything counts.
bool add_counters_zone(ngx_conf_t *cf);

// The start of the counters' zone.
struct ZoneHead {
    std::int64_t started_ms = 0;                       // Unix time
};

struct Zone {
    ZoneHead        *head;
    status::Counters counters;
};

// Nothing where no location uses the module, or in `nginx -t`.
std::optional<Zone> zone(const MainConf &conf);

}  // namespace cdn

// Shared memory: one piece of fixed size for the counters, which neither a reload
// nor a binary upgrade loses, and cdn_zone, whose size the operator sets.

#pragma once

#include "core/fingerprint.h"
#include "image/quarantine.h"
#include "ngx/conf.h"
#include "ngx/ledger.h"
#include "status/alerts.h"
#include "status/counters.h"
#include "status/groups.h"
#include "status/popular.h"
#include "status/ranking.h"
#include "status/window.h"

#include <atomic>
#include <cstdint>
#include <optional>

namespace cdn {

// cdn_zone SIZE
char *set_zone(ngx_conf_t *cf, ngx_command_t *command, void *conf) noexcept;

// Whether one more purge call of this address is within cdn_purge_rate.
bool may_call(const MainConf &conf, std::uint64_t address, std::int64_t now_ms);

// The fleet's link, as the worker that reads its stream last found it.
void set_redis_state(const MainConf &conf, bool connected, std::int64_t read_at_ms);   // 0: nothing new
struct RedisState {
    bool         connected = false;
    std::int64_t read_at_ms = 0;                       // when the stream was last known to its end
};
RedisState redis_state(const MainConf &conf);

// Once per configuration, where anything counts.
bool add_counters_zone(ngx_conf_t *cf);

// The same, where a profile has "popularity".
bool add_ranking_zone(ngx_conf_t *cf);

// The start of the counters' memory.
struct ZoneHead {
    std::atomic<std::int64_t> started_ms;              // Unix time
    std::atomic<std::int32_t> ticker;                  // the process at work in tick(); 0: none
    std::atomic<std::uint32_t> alerts_changes;         // odd while `alerts` is written
    status::AlertBook         alerts;
    FingerprintKey            fingerprint_key;
    WorkerLedger              ledger;
    image::Quarantine         quarantine;
};

inline std::int64_t now_ms()
{
    const ngx_time_t *now = ngx_timeofday();
    return static_cast<std::int64_t>(now->sec) * 1000 + static_cast<std::int64_t>(now->msec);
}

struct Zone {
    ZoneHead            *head;
    status::Counters     counters;
    status::Windows      windows;
    status::GroupHistory groups;
    status::Popular      objects;
    status::Popular      misses;
    std::optional<status::Ranking> ranking;            // where any profile has "popularity"

    // What is due each second, by whichever process comes first.
    void tick(const status::Thresholds &thresholds);

    status::AlertBook alerts() const;
};

// Nothing where no location uses the module, or in `nginx -t`.
std::optional<Zone> zone(const MainConf &conf);

}  // namespace cdn

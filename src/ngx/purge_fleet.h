// This worker's way to the other edges.

#pragma once

#include "ngx/conf.h"
#include "ngx/redis.h"
#include "purge/fleet.h"

#include <functional>

namespace cdn {

void start_fleet(const MainConf &conf, ngx_log_t *log);   // where cdn_redis is set
void stop_fleet();
RedisLink *fleet_link();                               // nullptr: no fleet
const purge::FleetKeys &fleet_keys(const MainConf &conf);
std::string own_key(const MainConf &conf);             // this edge's among the nodes

// Gives an accepted purge to the fleet, applied or, with a time, to come; `done` learns whether it
// has it.
void publish(const MainConf &conf, const std::string &id, std::optional<std::int64_t> to_come_at_ms,
             std::string line, std::function<void(bool taken)> done);

// A purge to come, and its cancellation for all edges; `done` gets its text, empty where the fleet has
// none such to come, or nothing where Redis does not say.
using Text = std::function<void(const std::optional<std::string> &)>;
void find_to_come(const MainConf &conf, const std::string &id, Text done);
void cancel_in_fleet(const MainConf &conf, const std::string &id, Text done);

// Which edges have applied it; nothing: Redis does not say.
void ask_receipts(const MainConf &conf, const std::string &id,
                  std::function<void(const std::optional<purge::Receipts> &)> done);

// This edge has applied it.
void send_receipt(const MainConf &conf, const std::string &id, std::int64_t applied_at_ms);

}  // namespace cdn

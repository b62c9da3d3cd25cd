// A snapshot of the counters as others read it.

#pragma once

#include "status/advice.h"
#include "status/alerts.h"
#include "status/counters.h"
#include "status/groups.h"
#include "status/popular.h"
#include "status/window.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::status {

// One of nginx's caches.
struct CacheZone {
    std::string                  name;
    std::uint64_t                size = 0;             // bytes on disk
    std::optional<std::uint64_t> max;                  // max_size
};

// What holds in a cdn_schedule.
struct ScheduleState {
    std::string              name;
    std::string              phase;
    std::string              term;                     // may be none
    std::int64_t             next_change = 0;          // Unix time
    std::vector<std::string> phases;                   // all that it has
};

// Where purges are obeyed.
struct PurgeState {
    std::uint64_t records = 0;                         // targets and patterns remembered
    std::uint64_t capacity = 0;
    std::uint64_t patterns = 0;
    std::uint64_t evictions = 0;                       // forgotten for room, behind the floor
    double        floor = 0;                           // Unix time; what was fetched until then counts as purged
};

// Where there is a cdn_redis.
struct FleetState {
    bool   connected = false;
    double lag = 0;                                    // seconds since its stream was known to its end
};

// A cdn_warm: its run now, or its last.
struct WarmState {
    std::string   name;
    std::string   schedule;
    bool          running = false;
    bool          waiting = false;                     // for another's end
    std::int64_t  next = 0;                            // Unix time; 0: none
    std::int64_t  due = 0;                             // 0: there was no run
    double        started = 0;                         // 0: not yet
    double        ended = 0;
    std::uint64_t total = 0;
    std::uint64_t done = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t left_out = 0;
    std::uint64_t bytes = 0;
    int           at_once = 0;                         // while it runs
};

// What is known beside the counters.
struct Facts {
    std::string            node;
    std::string            version;
    std::string            nginx;
    std::string            libvips;
    double                 started = 0;                // Unix time of the shared memory's birth
    double                 now = 0;
    std::uint64_t          zone_free_bytes = 0;
    std::uint64_t          image_memory_bytes = 0;     // all workers together
    std::uint64_t          image_overdue_threads = 0;
    std::vector<CacheZone> caches;
    std::vector<ScheduleState> schedules;
    std::optional<PurgeState>  purges;
    std::optional<FleetState>  fleet;
    std::vector<WarmState>     warm;
};

// The charts of the page.
struct Series {
    std::vector<Span> seconds;                         // the last five minutes
    std::vector<Span> minutes;                         // the last two days, in steps
    int               minutes_step = 10;
};

// All that was counted, at one moment, and what is thought of it.
struct Snapshot {
    std::vector<Sample>         samples;
    std::vector<Group>          groups;
    Span                        five_minutes;
    Span                        hour;
    Span                        hour_before;
    Span                        day;
    Span                        day_before;
    std::optional<Series>       series;
    std::vector<PopularObject>  objects;
    std::vector<PopularObject>  misses;
    Thresholds                  thresholds;
    AlertBook                   alerts;
    std::vector<Recommendation> recommendations;
};

// Prometheus text format 0.0.4, or OpenMetrics 1.0.0.
std::string prometheus(const Snapshot &snapshot, const Facts &facts, bool openmetrics);

// README, "JSON", describes the fields.
std::string json(const Snapshot &snapshot, const Facts &facts);

// The page for people; it reads the JSON of its own address.
std::string_view page();

}  // namespace cdn::status

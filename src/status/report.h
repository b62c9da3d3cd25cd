// A snapshot of the counters as others read it.

#pragma once

#include "status/counters.h"

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
    std::vector<CacheZone> caches;
};

// All that was counted, at one moment.
struct Snapshot {
    std::vector<Sample> samples;
};

// Prometheus text format 0.0.4, or OpenMetrics 1.0.0.
std::string prometheus(const Snapshot &snapshot, const Facts &facts, bool openmetrics);

// README, "JSON", describes the fields.
std::string json(const Snapshot &snapshot, const Facts &facts);

// The page for people; it reads the JSON of its own address.
std::string_view page();

}  // namespace cdn::status

// Requests by profile and by region: since the beginning, and by the hour of the
// last day.  As windows do, an hour is a difference of sums that never fall.

#pragma once

#include "status/counters.h"
#include "status/reason.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cdn::status {

struct Group {
    enum Kind : std::uint64_t { profile, region };

    char          name[64] = {};
    Kind          kind = profile;
    std::uint64_t requests = 0;
    std::uint64_t hits = 0;
    std::uint64_t with_cache = 0;                      // what the hit ratio is of
    std::uint64_t bytes = 0;                           // a profile's
    std::uint64_t duration_us = 0;                     // a region's
    std::array<std::uint64_t, reason_count> reasons{}; // a profile's misses

    std::optional<double> hit_ratio() const;
    std::optional<double> mean_ms() const;
};

// Sorted by kind and name.
std::vector<Group> groups(const std::vector<Sample> &samples);

// A group in the last 24 hours.
struct GroupDay {
    Group                         total;               // of all these hours
    std::array<std::uint64_t, 24> expired{};           // misses by hour of the clock
};

// A view of shared memory; times are Unix time in seconds.
class GroupHistory {
public:
    static std::size_t memory_size();

    explicit GroupHistory(void *memory);               // zeroed when new

    // One process at a time; `now_groups` is asked for when an hour begins.
    template <typename Groups>
    void tick(std::int64_t now, Groups now_groups)
    {
        if (is_due(now / 3600)) {
            write(now / 3600, now_groups());
        }
    }

    // The last 24 hours up to now; `utc_offset` seconds make it the local clock's.
    std::vector<GroupDay> last_day(std::int64_t now, const std::vector<Group> &now_groups,
                                   std::int64_t utc_offset) const;

private:
    struct Memory;

    bool is_due(std::int64_t hour) const;
    void write(std::int64_t hour, const std::vector<Group> &groups);

    Memory *memory_;
};

}  // namespace cdn::status

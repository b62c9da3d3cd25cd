// The last five minutes by second, and the last two days by minute.
//
// A window is a difference of sums that never fall: once a second, and once a
// minute, one process copies the running sums into a ring.  Nothing is ever reset,
// so no request is lost or counted twice, however many workers count meanwhile; one
// that ends while the sums are copied may fall into either of two neighbouring
// seconds, and no more than that is inexact.

#pragma once

#include "status/reason.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace cdn::status {

// Upper bounds of a window's latency buckets; one more, without bound, follows.
inline constexpr std::array<double, 28> latency_bounds_ms = {
    1,   2,   3,   5,   7,   10,   15,   20,   30,   50,   70,   100,   150,   200,
    300, 400, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10000, 15000, 30000, 60000};

// What is added up; every member is a 64-bit sum.
struct Tally {
    std::uint64_t requests = 0;
    std::uint64_t with_cache = 0;                      // what the hit ratio is of
    std::uint64_t hits = 0;
    std::uint64_t errors = 0;                          // 5xx
    std::uint64_t origin = 0;                          // that asked an origin
    std::uint64_t sent = 0;                            // bytes to clients
    std::uint64_t received = 0;                        // bytes from origins
    std::uint64_t duration_ms = 0;
    std::uint64_t transforms = 0;
    std::array<std::uint64_t, reason_count> reasons{};
    std::array<std::uint64_t, latency_bounds_ms.size() + 1> latency{};

    static std::size_t latency_bucket(std::uint64_t ms);

    Tally operator-(const Tally &earlier) const;
    bool operator==(const Tally &) const = default;

    // Nothing where there is nothing to divide by.
    std::optional<double> hit_ratio() const;
    std::optional<double> error_rate() const;
    std::optional<double> origin_share() const;
    std::optional<double> mean_ms() const;
    std::optional<double> percentile_ms(double q) const;
    std::uint64_t bytes_saved() const;
};

// One request, as windows see it.
struct Served {
    bool                  has_hit_ratio = false;
    bool                  hit = false;
    bool                  error = false;
    bool                  origin = false;
    std::uint64_t         sent = 0;
    std::uint64_t         received = 0;
    std::uint64_t         ms = 0;
    std::optional<Reason> reason;
};

// What happened in a span of time.
struct Span {
    Tally  tally;
    double seconds = 0;                                // its length, as far as it was watched

    double per_second(std::uint64_t count) const;
};

// A view of shared memory; times are Unix time in seconds.
class Windows {
public:
    static constexpr int shards = 8;

    static std::size_t memory_size();

    // As Counters: zeroed when new, `shard` any number.
    Windows(void *memory, unsigned shard);

    void add(const Served &request);
    void add_transform();

    // Moves the rings on; one process at a time.  Whether a second began.
    bool tick(std::int64_t now);

    // The slowest request since the last call, in milliseconds.
    std::uint64_t take_slowest();

    Tally total() const;

    // The last `seconds` (at most five minutes) or `minutes` (at most two days) up
    // to now; minutes may end `before` minutes ago.  What was before the first tick
    // is not in it.
    Span last_seconds(double now, int seconds) const;
    Span last_minutes(double now, int minutes, int before = 0) const;

    // The same in equal steps, oldest first, the last up to now.
    std::vector<Span> seconds(double now, int count) const;
    std::vector<Span> minutes(double now, int count, int step) const;

private:
    struct Memory;

    Memory  *memory_;
    unsigned shard_;
};

}  // namespace cdn::status

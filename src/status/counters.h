// Everything that is counted, in one list; and where the numbers live.
//
// The numbers are cells of a hash table in shared memory, keyed by metric and
// labels, changed by atomic addition alone: no lock, no reset.  There are several
// such tables, the shards, so that workers do not write to each other's cache
// lines.  Label values are interned in the same memory.  Full tables count
// under "other".
//
// A histogram keeps one cell per bucket and one for the sum, in microseconds.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace cdn::status {

// The numbers stand in memory that the next release inherits in a binary
// upgrade: a new metric gets a new one.
enum class Metric : std::uint8_t {
    requests = 1,
    responses = 2,
    response_bytes = 3,
    request_duration = 4,
    image_requests = 5,
    image_transforms = 6,
    image_duration = 7,
    image_queue = 8,
    image_bytes = 9,
    cache_reasons = 10,
    upstream_bytes = 11,
    upstream_duration = 12,
    time_to_first_byte = 13,
    profile_misses = 14,
    content_requests = 15,
    region_duration = 16,
    signatures = 17,
    image_pixels = 18,
    image_degraded = 19,
    unknown_profile = 30,
    phase_requests = 31,
    popularity_tiers = 32,
    purges = 40,
    purge_matches = 41,
    purge_propagation = 42,
    swept_files = 45,
    swept_bytes = 46,
    warm_requests = 50,
    warm_bytes = 51,
};

enum class Kind { counter, histogram };

struct MetricInfo {
    Metric                          metric;
    Kind                            kind;
    std::string_view                name;              // without "nginx_cdn_" and "_total"
    std::string_view                help;
    std::array<std::string_view, 4> labels;            // a histogram: at most three
};

std::span<const MetricInfo> metrics();

// Upper bounds of histogram buckets, in seconds; one more, without bound, follows.
inline constexpr std::array<double, 16> bucket_bounds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

using LabelId = std::uint16_t;                         // 0: ""
using Labels = std::array<LabelId, 4>;

// The views are of the shared memory, whose texts never change.
struct Sample {
    Metric                          metric;
    std::array<std::string_view, 4> labels;
    std::uint64_t                   value = 0;         // a counter's
    std::vector<std::uint64_t>      buckets;           // a histogram's, not cumulative
    std::uint64_t                   sum_us = 0;
};

// The histogram bucket of a duration: an index into bucket_bounds, or the one after them.
std::size_t bucket_of(std::uint64_t microseconds);

// A view of the shared memory; copies share it.
class Counters {
public:
    static constexpr unsigned    shards = 8;
    static constexpr std::size_t most_regions = 64;

    static std::size_t memory_size();

    // `memory` is zeroed when new; what it holds is kept when it is not.
    // `shard` is any number; processes that run at once best have different ones.
    Counters(void *memory, unsigned shard);

    // Cut to 63 bytes, made valid UTF-8; when no room is left, the id of "other".
    LabelId label(std::string_view value);

    // The same for words that clients may have a say in: beyond `most_regions`
    // different ones, "other".
    LabelId region(std::string_view value);

    void add(Metric metric, Labels labels, std::uint64_t amount = 1);
    void observe(Metric metric, Labels labels, std::uint64_t microseconds);

    // The cells behind them, which stay where they are: for who adds to the same ones
    // again and again.  nullptr: no room, not even under "other".
    using Number = std::atomic<std::uint64_t>;
    static void add_to(Number *number, std::uint64_t amount)
    {
        if (number != nullptr && amount != 0) {
            number->fetch_add(amount, std::memory_order_relaxed);
        }
    }
    Number *counter(Metric metric, Labels labels);
    Number *bucket(Metric metric, Labels labels, std::uint64_t microseconds);
    Number *sum(Metric metric, Labels labels);

    // Sorted by metric and labels.
    std::vector<Sample> snapshot() const;

private:
    struct Memory;

    LabelId intern(std::string_view value, bool bounded);
    Number *find(std::uint64_t key);
    Number *cell(Metric metric, Labels labels, std::uint64_t low_bits);

    Memory  *memory_;
    unsigned shard_;
};

}  // namespace cdn::status

// Everything that is counted, in one list; and where the numbers live.
//
// The numbers are cells of a hash table in shared memory, keyed by metric and
// labels, changed by atomic addition alone: no lock, no reset.  Label values
// are interned in the same memory.  Full tables count under "other".
//
// A histogram keeps one cell per bucket and one for the sum, in microseconds.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::status {

enum class Metric : std::uint8_t {
    requests = 1,
    responses,
    response_bytes,
    request_duration,
    image_requests,
    image_transforms,
    image_duration,
    image_queue,
    image_bytes,
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
inline constexpr std::array<double, 14> bucket_bounds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

using LabelId = std::uint16_t;                         // 0: ""
using Labels = std::array<LabelId, 4>;

struct Sample {
    Metric                     metric;
    std::array<std::string, 4> labels;
    std::uint64_t              value = 0;              // a counter's
    std::vector<std::uint64_t> buckets;                // a histogram's, not cumulative
    std::uint64_t              sum_us = 0;
};

// A view of the shared memory; copies share it.
class Counters {
public:
    static std::size_t memory_size();

    // `memory` is zeroed when new; what it holds is kept when it is not.
    explicit Counters(void *memory);

    // Cut to 63 bytes; when no room is left, the id of "other".
    LabelId label(std::string_view value);

    void add(Metric metric, Labels labels, std::uint64_t amount = 1);
    void observe(Metric metric, Labels labels, std::uint64_t microseconds);

    // Sorted by metric and labels.
    std::vector<Sample> snapshot() const;

private:
    struct Memory;

    std::atomic<std::uint64_t> *cell(std::uint64_t key);
    void add_to(std::uint64_t key, Metric metric, std::uint64_t low_bits, std::uint64_t amount);

    Memory *memory_;
};

}  // namespace cdn::status

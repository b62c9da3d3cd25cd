// How good it is: ratings, and one score.

#pragma once

#include "status/window.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cdn::status {

enum class Measure : std::uint8_t {
    response_time_ms,                                  // p95
    cache_hit_ratio,
    error_rate,
    bandwidth_utilization,
};
inline constexpr std::size_t measure_count = 4;
std::string_view name(Measure measure);
std::optional<Measure> measure_named(std::string_view word);

// From best to worst: a value is as good as the first bound that it keeps.
struct Bounds {
    double excellent;
    double good;
    double warning;
    double critical;
    bool   more_is_better = false;

    bool is_beyond(double value, double bound) const
    {
        return more_is_better ? value < bound : value > bound;
    }
};

struct Thresholds {
    std::array<Bounds, measure_count> bounds = {{
        {100, 300, 500, 1000},
        {0.95, 0.90, 0.85, 0.80, true},
        {0.001, 0.01, 0.05, 0.10},
        {0.70, 0.80, 0.90, 0.95},
    }};
    std::uint64_t bandwidth = 0;                       // bits per second; 0: not known

    Bounds &of(Measure measure) { return bounds[static_cast<std::size_t>(measure)]; }
    const Bounds &of(Measure measure) const { return bounds[static_cast<std::size_t>(measure)]; }
};

// Judged are the last five minutes, once they hold so many requests.
inline constexpr std::uint64_t fewest_requests = 20;

// Nothing: too little is known.
using Readings = std::array<std::optional<double>, measure_count>;
Readings readings(const Span &last_five_minutes, const Thresholds &thresholds);

struct Rating {
    std::string_view word;                             // excellent, good, warning, critical
    int              score;                            // 100, 85, 70, 50 or 25
};

// Within "excellent" 100, within "good" 85, within "warning" 70; beyond that a warning
// still, 50; beyond "critical" 25.
Rating rate(double value, const Bounds &bounds);

// The mean of all ratings that there are.
std::optional<int> score(const Readings &readings, const Thresholds &thresholds);

}  // namespace cdn::status

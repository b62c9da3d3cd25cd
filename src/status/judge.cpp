#include "status/judge.h"

#include <cmath>

namespace cdn::status {

namespace {

constexpr std::string_view names[measure_count] = {
    "response_time_ms", "cache_hit_ratio", "error_rate", "bandwidth_utilization"};

}  // namespace

std::string_view name(Measure measure)
{
    return names[static_cast<std::size_t>(measure)];
}

std::optional<Measure> measure_named(std::string_view word)
{
    for (std::size_t i = 0; i < measure_count; i++) {
        if (names[i] == word) {
            return static_cast<Measure>(i);
        }
    }

    return std::nullopt;
}

Readings readings(const Span &span, const Thresholds &thresholds)
{
    Readings out;
    if (span.tally.requests < fewest_requests) {
        return out;
    }

    out[static_cast<std::size_t>(Measure::response_time_ms)] = span.tally.percentile_ms(0.95);
    out[static_cast<std::size_t>(Measure::cache_hit_ratio)] = span.tally.hit_ratio();
    out[static_cast<std::size_t>(Measure::error_rate)] = span.tally.error_rate();
    if (thresholds.bandwidth > 0) {
        out[static_cast<std::size_t>(Measure::bandwidth_utilization)] =
            span.per_second(span.tally.sent) * 8 / static_cast<double>(thresholds.bandwidth);
    }
    return out;
}

Rating rate(double value, const Bounds &bounds)
{
    if (bounds.is_beyond(value, bounds.critical)) {
        return {"critical", 25};
    }
    if (bounds.is_beyond(value, bounds.warning)) {
        return {"warning", 50};
    }
    if (bounds.is_beyond(value, bounds.good)) {
        return {"warning", 70};
    }

    return bounds.is_beyond(value, bounds.excellent) ? Rating{"good", 85} : Rating{"excellent", 100};
}

std::optional<int> score(const Readings &readings, const Thresholds &thresholds)
{
    int sum = 0;
    int count = 0;
    for (std::size_t i = 0; i < measure_count; i++) {
        if (readings[i]) {
            sum += rate(*readings[i], thresholds.bounds[i]).score;
            count++;
        }
    }

    return count > 0 ? std::optional(static_cast<int>(std::lround(static_cast<double>(sum) / count)))
                     : std::nullopt;
}

}  // namespace cdn::status

// Alerts: when each began, and when it ended.
//
// One begins as its value goes beyond its threshold, and ends after a minute in
// which it did not: a value that swings makes one alert, not many.

#pragma once

#include "status/judge.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cdn::status {

enum class Severity : std::uint8_t { warning, critical };
std::string_view name(Severity severity);

// What is watched: each measure for a warning and for a critical state, a request over
// five seconds, five responses of 5xx within a minute.
inline constexpr std::size_t alert_count = 2 * measure_count + 2;

struct AlertKind {
    std::string_view name;
    Severity         severity;
};
AlertKind alert_kind(std::size_t alert);

struct Watch {
    Readings      readings;                            // of the last five minutes
    std::uint64_t slowest_ms = 0;                      // since the last look
    std::uint64_t errors = 0;                          // 5xx of the last minute
};

struct Alert {
    std::uint64_t kind = 0;                            // below alert_count
    double        value = 0;                           // the latest beyond the threshold
    double        threshold = 0;
    std::int64_t  since = 0;
    std::int64_t  ended = 0;                           // 0: not yet
    std::int64_t  last_beyond = 0;
};

// A plain value: it lies in shared memory.
class AlertBook {
public:
    static constexpr std::int64_t calm_seconds = 60;

    void look(const Watch &watch, const Thresholds &thresholds, std::int64_t now);

    // Those that last, the latest first; then those that ended, the latest first.
    std::vector<Alert> list() const;
    bool is_active(std::size_t alert) const { return active_[alert].since != 0; }

private:
    void look(std::size_t alert, bool beyond, double value, double threshold, std::int64_t now);

    std::array<Alert, alert_count> active_{};          // since 0: not active
    std::array<Alert, 50>          ended_{};           // a ring
    std::uint64_t                  ended_count_ = 0;
};

}  // namespace cdn::status

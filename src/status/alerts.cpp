#include "status/alerts.h"

#include <algorithm>

namespace cdn::status {

namespace {

constexpr std::size_t   slow_request = 2 * measure_count;
constexpr std::size_t   server_error = slow_request + 1;
constexpr std::uint64_t slow_ms = 5000;
constexpr std::uint64_t error_burst = 5;

}  // namespace

std::string_view name(Severity severity)
{
    return severity == Severity::critical ? "critical" : "warning";
}

AlertKind alert_kind(std::size_t alert)
{
    switch (alert) {
    case slow_request: return {"high_response_time", Severity::warning};
    case server_error: return {"server_error", Severity::critical};
    default:
        return {name(static_cast<Measure>(alert / 2)),
                alert % 2 == 0 ? Severity::warning : Severity::critical};
    }
}

void AlertBook::look(const Watch &watch, const Thresholds &thresholds, std::int64_t now)
{
    for (std::size_t i = 0; i < measure_count; i++) {
        const Bounds &bounds = thresholds.bounds[i];
        const auto &value = watch.readings[i];
        for (const auto severity : {Severity::warning, Severity::critical}) {
            const double bound = severity == Severity::warning ? bounds.warning : bounds.critical;
            look(2 * i + static_cast<std::size_t>(severity), value && bounds.is_beyond(*value, bound),
                 value.value_or(0), bound, now);
        }
    }

    look(slow_request, watch.slowest_ms > slow_ms, static_cast<double>(watch.slowest_ms),
         static_cast<double>(slow_ms), now);
    look(server_error, watch.errors >= error_burst, static_cast<double>(watch.errors),
         static_cast<double>(error_burst), now);
}

void AlertBook::look(std::size_t alert, bool beyond, double value, double threshold, std::int64_t now)
{
    Alert &entry = active_[alert];

    if (beyond) {
        entry.kind = alert;
        entry.value = value;
        entry.threshold = threshold;
        entry.last_beyond = now;
        entry.since = entry.since != 0 ? entry.since : now;
        return;
    }

    if (entry.since != 0 && now - entry.last_beyond >= calm_seconds) {
        entry.ended = now;
        ended_[ended_count_++ % ended_.size()] = entry;
        entry = {};
    }
}

std::vector<Alert> AlertBook::list() const
{
    std::vector<Alert> out;
    std::copy_if(active_.begin(), active_.end(), std::back_inserter(out),
                 [](const Alert &alert) { return alert.since != 0; });
    std::stable_sort(out.begin(), out.end(),
                     [](const Alert &a, const Alert &b) { return a.since > b.since; });

    const std::uint64_t kept = std::min<std::uint64_t>(ended_count_, ended_.size());
    for (std::uint64_t i = 1; i <= kept; i++) {
        out.push_back(ended_[(ended_count_ - i) % ended_.size()]);
    }

    return out;
}

}  // namespace cdn::status

#include "status/report.h"

#include "status/latency.h"
#include "status/reason.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace cdn::status {

namespace {

using Json = nlohmann::ordered_json;

// {"jpeg": {"ok": 3}}: a counter over its first two labels.
Json by_two(const std::vector<Sample> &samples, Metric metric)
{
    Json out = Json::object();
    for (const Sample &sample : samples) {
        if (sample.metric == metric) {
            out[std::string(sample.labels[0])][std::string(sample.labels[1])] = sample.value;
        }
    }

    return out;
}

// {"hit": 3}: a counter summed over all labels but one.
Json by_one(const std::vector<Sample> &samples, Metric metric, std::size_t label)
{
    std::map<std::string, std::uint64_t> sums;
    for (const Sample &sample : samples) {
        if (sample.metric == metric) {
            sums[std::string(sample.labels[label])] += sample.value;
        }
    }

    return sums;
}

std::uint64_t total(const std::vector<Sample> &samples, Metric metric)
{
    std::uint64_t sum = 0;
    for (const Sample &sample : samples) {
        if (sample.metric == metric) {
            sum += sample.value;
        }
    }

    return sum;
}

// At most `places` behind the point; nothing becomes null.
Json rounded(std::optional<double> value, int places)
{
    if (!value) {
        return nullptr;
    }

    const double scale = std::pow(10.0, places);
    return std::round(*value * scale) / scale;
}

// Histograms added up.
struct Spread {
    std::vector<std::uint64_t> buckets = std::vector<std::uint64_t>(bucket_bounds.size() + 1);
    std::uint64_t              sum_us = 0;

    void add(const Sample &sample)
    {
        for (std::size_t i = 0; i < buckets.size(); i++) {
            buckets[i] += sample.buckets[i];
        }
        sum_us += sample.sum_us;
    }

    std::optional<double> mean_ms() const
    {
        const auto count = std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
        return count > 0 ? std::optional(static_cast<double>(sum_us) / 1000 / static_cast<double>(count))
                         : std::nullopt;
    }

    std::optional<double> percentile_ms(double q) const
    {
        const auto seconds = percentile(bucket_bounds, buckets, q);
        return seconds ? std::optional(*seconds * 1000) : std::nullopt;
    }
};

Json by_profile(const std::vector<Group> &groups)
{
    Json out = Json::object();
    for (const Group &group : groups) {
        if (group.kind == Group::profile) {
            out[group.name] = {{"requests", group.requests}, {"hits", group.hits},
                               {"hit_ratio", rounded(group.hit_ratio(), 4)}, {"bytes", group.bytes}};
        }
    }
    return out;
}

Json by_region(const std::vector<Group> &groups)
{
    Json out = Json::object();
    for (const Group &group : groups) {
        if (group.kind == Group::region) {
            out[group.name] = {{"requests", group.requests}, {"hit_ratio", rounded(group.hit_ratio(), 4)},
                               {"mean_ms", rounded(group.mean_ms(), 3)}};
        }
    }
    return out;
}

Json by_content(const std::vector<Sample> &samples)
{
    std::map<std::string, Tally> contents;
    for (const Sample &sample : samples) {
        if (sample.metric == Metric::content_requests) {
            const CacheStatus status = cache_status_named(sample.labels[1]);
            Tally &content = contents[std::string(sample.labels[0])];
            content.requests += sample.value;
            content.hits += is_hit(status) ? sample.value : 0;
            content.with_cache += has_hit_ratio(status) ? sample.value : 0;
        }
    }

    Json out = Json::object();
    for (const auto &[name, content] : contents) {
        out[name] = {{"requests", content.requests}, {"hit_ratio", rounded(content.hit_ratio(), 4)}};
    }
    return out;
}

Json latency(const std::vector<Sample> &samples)
{
    Spread all;
    for (const Sample &sample : samples) {
        if (sample.metric == Metric::request_duration) {
            all.add(sample);
        }
    }

    return {{"mean", rounded(all.mean_ms(), 3)}, {"p50", rounded(all.percentile_ms(0.50), 3)},
            {"p95", rounded(all.percentile_ms(0.95), 3)}, {"p99", rounded(all.percentile_ms(0.99), 3)}};
}

Json schedules(const std::vector<ScheduleState> &states)
{
    Json out = Json::object();
    for (const ScheduleState &state : states) {
        out[state.name] = {{"phase", state.phase}, {"term", state.term.empty() ? Json() : Json(state.term)},
                           {"next_change", state.next_change}};
    }

    return out;
}

Json purges(const std::vector<Sample> &samples, const std::optional<PurgeState> &state)
{
    if (!state) {
        return Json::object();
    }
    return {{"swept", {{"files", total(samples, Metric::swept_files)}, {"bytes", total(samples, Metric::swept_bytes)}}},
            {"accepted", by_one(samples, Metric::purges, 0)}, {"matches", by_one(samples, Metric::purge_matches, 0)},
            {"records", state->records}, {"capacity", state->capacity}, {"patterns", state->patterns},
            {"evictions", state->evictions}, {"floor", state->floor}};
}

Json caches(const std::vector<CacheZone> &zones)
{
    Json out = Json::object();
    for (const CacheZone &zone : zones) {
        out[zone.name] = {{"size", zone.size}, {"max", zone.max ? Json(*zone.max) : Json()}};
    }
    return out;
}

Json warm(const std::vector<WarmState> &states, double now)
{
    Json out = Json::object();
    for (const WarmState &state : states) {
        const auto time = [](auto value) { return value != 0 ? Json(value) : Json(); };
        const double until = state.ended != 0 ? state.ended : now;
        out[state.name] = {{"schedule", state.schedule},
                           {"state", state.running ? "running" : state.waiting ? "waiting" : "idle"},
                           {"next", time(state.next)}, {"due", time(state.due)},
                           {"started", time(state.started)}, {"ended", time(state.ended)},
                           {"duration", state.started != 0 ? rounded(until - state.started, 3) : Json()},
                           {"total", state.total}, {"done", state.done}, {"succeeded", state.succeeded},
                           {"failed", state.failed}, {"left_out", state.left_out}, {"bytes", state.bytes},
                           {"at_once", state.running ? state.at_once : 0}};
    }
    return out;
}

Json window(const Span &span)
{
    const Tally &tally = span.tally;
    Json reasons = Json::object();
    for (std::size_t i = 0; i < reason_count; i++) {
        if (tally.reasons[i] > 0) {
            reasons[std::string(name(static_cast<Reason>(i)))] = tally.reasons[i];
        }
    }

    return {{"requests", tally.requests},
            {"rps", rounded(span.per_second(tally.requests), 3)},
            {"hit_ratio", rounded(tally.hit_ratio(), 4)},
            {"error_rate", rounded(tally.error_rate(), 6)},
            {"origin_share", rounded(tally.origin_share(), 4)},
            {"mean_ms", rounded(tally.mean_ms(), 3)},
            {"p50_ms", rounded(tally.percentile_ms(0.50), 3)},
            {"p95_ms", rounded(tally.percentile_ms(0.95), 3)},
            {"p99_ms", rounded(tally.percentile_ms(0.99), 3)},
            {"bytes_sent", tally.sent},
            {"bytes_saved", tally.bytes_saved()},
            {"transforms", tally.transforms},
            {"by_reason", reasons},
            {"seconds", rounded(span.seconds, 0)}};
}

Json change(std::optional<double> now, std::optional<double> before, int places)
{
    const bool known = now && before && *before != 0;
    return {{"now", rounded(now, places)},
            {"before", rounded(before, places)},
            {"change", known ? rounded(*now / *before - 1, 4) : Json()}};
}

// Nothing to compare with: null.
Json trend(const Span &now, const Span &before)
{
    if (before.seconds == 0) {
        return nullptr;
    }

    return {{"rps", change(now.per_second(now.tally.requests), before.per_second(before.tally.requests), 3)},
            {"hit_ratio", change(now.tally.hit_ratio(), before.tally.hit_ratio(), 4)},
            {"error_rate", change(now.tally.error_rate(), before.tally.error_rate(), 6)},
            {"p95_ms", change(now.tally.percentile_ms(0.95), before.tally.percentile_ms(0.95), 3)},
            {"bytes_saved_per_second", change(now.per_second(now.tally.bytes_saved()),
                                              before.per_second(before.tally.bytes_saved()), 0)}};
}

Json top(const std::vector<PopularObject> &objects)
{
    constexpr std::size_t most = 20;

    Json out = Json::array();
    for (std::size_t i = 0; i < std::min(objects.size(), most); i++) {
        out.push_back({{"url", objects[i].name}, {"requests", objects[i].count},
                       {"error", objects[i].error}});
    }
    return out;
}

Json ratings(const Readings &readings, const Thresholds &thresholds)
{
    Json out = Json::object();
    for (std::size_t i = 0; i < measure_count; i++) {
        const auto measure = static_cast<Measure>(i);
        if (measure == Measure::bandwidth_utilization && thresholds.bandwidth == 0) {
            continue;
        }
        out[std::string(name(measure))] = {
            {"value", rounded(readings[i], 4)},
            {"rating", readings[i] ? Json(rate(*readings[i], thresholds.of(measure)).word) : Json()}};
    }
    return out;
}

Json alerts(const AlertBook &book)
{
    Json out = Json::array();
    for (const Alert &alert : book.list()) {
        const AlertKind kind = alert_kind(alert.kind);
        out.push_back({{"name", kind.name}, {"severity", name(kind.severity)},
                       {"value", rounded(alert.value, 4)}, {"threshold", alert.threshold},
                       {"since", alert.since}, {"ended", alert.ended != 0 ? Json(alert.ended) : Json()}});
    }
    return out;
}

Json recommendations(const std::vector<Recommendation> &list)
{
    Json out = Json::array();
    for (const Recommendation &one : list) {
        out.push_back({{"text", one.text}, {"reason", one.reason}, {"directive", one.directive}});
    }
    return out;
}

// Oldest first.
Json chart(const std::vector<Span> &spans, int step)
{
    Json out = {{"step", step}};
    for (const char *line : {"rps", "hit_ratio", "errors", "p95_ms", "transforms"}) {
        out[line] = Json::array();
    }
    for (const Span &span : spans) {
        out["rps"].push_back(rounded(span.per_second(span.tally.requests), 2));
        out["hit_ratio"].push_back(rounded(span.tally.hit_ratio(), 3));
        out["errors"].push_back(span.tally.errors);
        out["p95_ms"].push_back(rounded(span.tally.percentile_ms(0.95), 1));
        out["transforms"].push_back(span.tally.transforms);
    }
    return out;
}

}  // namespace

std::string json(const Snapshot &snapshot, const Facts &facts)
{
    const auto &samples = snapshot.samples;
    const std::uint64_t sent = total(samples, Metric::response_bytes);
    const std::uint64_t received = total(samples, Metric::upstream_bytes);

    Json out;
    out["version"] = 1;
    out["node"] = facts.node;
    out["started"] = facts.started;
    out["now"] = facts.now;
    out["requests"] = {
        {"total", total(samples, Metric::requests)},
        {"by_status", by_one(samples, Metric::requests, 3)},
        {"by_reason", by_one(samples, Metric::cache_reasons, 0)},
        {"by_class", by_one(samples, Metric::responses, 0)},
        {"by_profile", by_profile(snapshot.groups)},
        {"by_region", by_region(snapshot.groups)},
        {"by_content", by_content(samples)},
    };
    out["bytes"] = {{"sent", sent}, {"upstream", received}, {"saved", sent - std::min(sent, received)}};
    out["latency_ms"] = latency(samples);
    out["images"] = {
        {"requests", by_two(samples, Metric::image_requests)},
        {"transforms", by_two(samples, Metric::image_transforms)},
        {"bytes", by_one(samples, Metric::image_bytes, 0)},
        {"pixels", by_one(samples, Metric::image_pixels, 0)},
        {"degraded", by_one(samples, Metric::image_degraded, 0)},
        {"memory", facts.image_memory_bytes},
        {"overdue_threads", facts.image_overdue_threads},
    };
    out["purges"] = purges(samples, facts.purges);
    out["redis"] = Json::object();
    if (facts.fleet) {
        out["redis"] = {{"connected", facts.fleet->connected}, {"lag", rounded(facts.fleet->lag, 3)}};
    }
    out["schedules"] = schedules(facts.schedules);
    out["warm"] = warm(facts.warm, facts.now);
    out["cache"] = caches(facts.caches);
    out["trends"] = {{"hour", trend(snapshot.hour, snapshot.hour_before)},
                     {"day", trend(snapshot.day, snapshot.day_before)}};
    out["windows"] = {{"5m", window(snapshot.five_minutes)}, {"1h", window(snapshot.hour)},
                      {"24h", window(snapshot.day)}};
    out["top"] = {{"objects", top(snapshot.objects)}, {"misses", top(snapshot.misses)}};

    const Readings judged = readings(snapshot.five_minutes, snapshot.thresholds);
    const auto points = score(judged, snapshot.thresholds);
    out["ratings"] = ratings(judged, snapshot.thresholds);
    out["score"] = points ? Json(*points) : Json();
    out["alerts"] = alerts(snapshot.alerts);
    out["recommendations"] = recommendations(snapshot.recommendations);
    if (snapshot.series) {
        out["series"] = {{"5m", chart(snapshot.series->seconds, 1)},
                         {"48h", chart(snapshot.series->minutes, snapshot.series->minutes_step * 60)}};
    }

    out["signatures"] = by_two(samples, Metric::signatures);

    // names of zones and hosts are not always UTF-8
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace cdn::status

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

// A histogram over all samples that `wanted` takes.
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

// Requests of one profile, region or kind of content.
struct Group {
    std::uint64_t requests = 0;
    std::uint64_t hits = 0;
    std::uint64_t with_cache = 0;                      // what the hit ratio is of
    std::uint64_t bytes = 0;
    Spread        durations;

    void add(std::string_view status, std::uint64_t count)
    {
        requests += count;
        hits += is_hit(cache_status_named(status)) ? count : 0;
        with_cache += has_hit_ratio(cache_status_named(status)) ? count : 0;
    }

    Json hit_ratio() const
    {
        return with_cache > 0 ? rounded(static_cast<double>(hits) / static_cast<double>(with_cache), 4)
                              : Json();
    }
};

using Groups = std::map<std::string, Group>;

// The requests of `metric` by one of its labels; the cache status is another.
Groups group(const std::vector<Sample> &samples, Metric metric, std::size_t label,
             std::size_t status_label)
{
    Groups groups;
    for (const Sample &sample : samples) {
        if (sample.metric == metric) {
            groups[std::string(sample.labels[label])].add(sample.labels[status_label], sample.value);
        }
    }

    return groups;
}

Json profiles(const std::vector<Sample> &samples)
{
    Groups groups = group(samples, Metric::requests, 1, 3);
    for (const Sample &sample : samples) {
        if (sample.metric == Metric::response_bytes) {
            groups[std::string(sample.labels[0])].bytes += sample.value;
        }
    }

    Json out = Json::object();
    for (const auto &[name, profile] : groups) {
        out[name] = {{"requests", profile.requests}, {"hits", profile.hits},
                     {"hit_ratio", profile.hit_ratio()}, {"bytes", profile.bytes}};
    }
    return out;
}

Json regions(const std::vector<Sample> &samples)
{
    Groups groups = group(samples, Metric::requests, 2, 3);
    for (const Sample &sample : samples) {
        if (sample.metric == Metric::region_duration) {
            groups[std::string(sample.labels[0])].durations.add(sample);
        }
    }

    Json out = Json::object();
    for (const auto &[name, region] : groups) {
        out[name] = {{"requests", region.requests}, {"hit_ratio", region.hit_ratio()},
                     {"mean_ms", rounded(region.durations.mean_ms(), 3)}};
    }
    return out;
}

Json contents(const std::vector<Sample> &samples)
{
    Json out = Json::object();
    for (const auto &[name, content] : group(samples, Metric::content_requests, 0, 1)) {
        out[name] = {{"requests", content.requests}, {"hit_ratio", content.hit_ratio()}};
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

Json caches(const std::vector<CacheZone> &zones)
{
    Json out = Json::object();
    for (const CacheZone &zone : zones) {
        out[zone.name] = {{"size", zone.size}, {"max", zone.max ? Json(*zone.max) : Json()}};
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
        {"by_profile", profiles(samples)},
        {"by_region", regions(samples)},
        {"by_content", contents(samples)},
    };
    out["bytes"] = {{"sent", sent}, {"upstream", received}, {"saved", sent - std::min(sent, received)}};
    out["latency_ms"] = latency(samples);
    out["images"] = {
        {"requests", by_two(samples, Metric::image_requests)},
        {"transforms", by_two(samples, Metric::image_transforms)},
        {"bytes", by_one(samples, Metric::image_bytes, 0)},
        {"memory", facts.image_memory_bytes},
    };
    for (const char *later : {"signatures", "purges", "redis", "schedules"}) {
        out[later] = Json::object();
    }
    out["cache"] = caches(facts.caches);

    // names of zones and hosts are not always UTF-8
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace cdn::status

#include "status/counters.h"

#include "core/hash.h"
#include "core/text.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace cdn::status {

namespace {

constexpr std::size_t cell_count = 1U << 14;
constexpr std::size_t label_count = 1U << 10;
constexpr std::size_t label_size = 64;
constexpr std::size_t longest_probe = 64;
constexpr LabelId     other = 1;
constexpr unsigned    label_bits = 12;
constexpr unsigned    sum_bucket = bucket_bounds.size() + 1;

constexpr MetricInfo list[] = {
    {Metric::requests, Kind::counter, "requests",
     "Client requests by cache zone, profile, region and cache status",
     {"zone", "profile", "region", "status"}},
    {Metric::cache_reasons, Kind::counter, "cache_reasons",
     "Client requests to a cache by what became of them", {"reason"}},
    {Metric::responses, Kind::counter, "responses", "Responses by class of status code",
     {"class"}},
    {Metric::content_requests, Kind::counter, "content_requests",
     "Client requests by kind of content and cache status", {"content", "status"}},
    {Metric::profile_misses, Kind::counter, "profile_misses",
     "Client requests that the cache did not answer, by profile and reason",
     {"profile", "reason"}},
    {Metric::response_bytes, Kind::counter, "response_bytes", "Bytes sent to clients",
     {"profile", "status"}},
    {Metric::upstream_bytes, Kind::counter, "upstream_bytes",
     "Bytes received from origins, background updates included", {"profile", "status"}},
    {Metric::request_duration, Kind::histogram, "request_duration_seconds",
     "From the first byte of a request to the last of its response",
     {"profile", "status"}},
    {Metric::time_to_first_byte, Kind::histogram, "time_to_first_byte_seconds",
     "From the first byte of a request to the header of its response",
     {"profile", "status"}},
    {Metric::upstream_duration, Kind::histogram, "upstream_duration_seconds",
     "Time spent on origins for a request, all tries together", {"profile"}},
    {Metric::region_duration, Kind::histogram, "region_duration_seconds",
     "From the first byte of a request to the last of its response, by region",
     {"region"}},
    {Metric::image_requests, Kind::counter, "image_requests",
     "Image URLs as the edge understood them", {"dialect", "outcome"}},
    {Metric::image_transforms, Kind::counter, "image_transforms",
     "Transformations by result format and outcome", {"format", "outcome"}},
    {Metric::image_duration, Kind::histogram, "image_duration_seconds",
     "A transformation's time on its thread", {"format"}},
    {Metric::image_queue, Kind::histogram, "image_queue_seconds",
     "A transformation's time in the queue", {}},
    {Metric::image_bytes, Kind::counter, "image_bytes",
     "Bytes of sources read and of results made", {"direction"}},
    {Metric::image_pixels, Kind::counter, "image_pixels",
     "Pixels of sources read and of results made, all frames together", {"direction"}},
    {Metric::image_degraded, Kind::counter, "image_degraded",
     "Pictures made in another format than the one wanted, by why", {"reason"}},
    {Metric::signatures, Kind::counter, "signatures",
     "Signed URLs that were judged, by scheme and verdict", {"scheme", "verdict"}},
    {Metric::phase_requests, Kind::counter, "phase_requests",
     "Client requests by TTL profile and phase of its schedule", {"profile", "phase"}},
    {Metric::popularity_tiers, Kind::counter, "popularity_tiers",
     "Responses stored under a TTL profile with popularity, by tier", {"profile", "tier"}},
    {Metric::unknown_profile, Kind::counter, "unknown_profile",
     "Requests whose cdn_ttl named no profile", {}},
    {Metric::purges, Kind::counter, "purges", "Purges accepted, by what they name",
     {"type", "mode", "source"}},
    {Metric::purge_matches, Kind::counter, "purge_matches",
     "Cached responses found purged when they were asked for", {"mode"}},
    {Metric::swept_files, Kind::counter, "purge_swept_files",
     "Hard-purged cache files deleted before anyone asked for them", {}},
    {Metric::swept_bytes, Kind::counter, "purge_swept_bytes", "Disk space that they took", {}},
    {Metric::purge_propagation, Kind::histogram, "purge_propagation_seconds",
     "From a purge's acceptance at another edge, by Redis's clock, to its being applied here", {}},
    {Metric::warm_requests, Kind::counter, "warm_requests", "Requests of warm-ups by outcome",
     {"warm", "outcome"}},
    {Metric::warm_bytes, Kind::counter, "warm_bytes", "Bytes that warm-ups received", {"warm"}},
};

std::uint64_t make_key(Metric metric, const Labels &labels)
{
    std::uint64_t key = static_cast<std::uint64_t>(metric);
    for (const LabelId label : labels) {
        key = key << label_bits | label;
    }

    return key;
}

// nullptr: counted by another release, which shares the memory
const MetricInfo *info(Metric metric)
{
    static const auto by_number = [] {
        std::array<const MetricInfo *, 256> table{};
        for (const MetricInfo &one : list) {
            table[static_cast<std::size_t>(one.metric)] = &one;
        }
        return table;
    }();
    return by_number[static_cast<std::size_t>(metric)];
}

// Shards added up: a table that grows, many times as fast as a map.
class Sums {
public:
    struct Sum {
        std::uint64_t key;                             // 0: free
        std::uint64_t value;
    };

    void add(std::uint64_t key, std::uint64_t value)
    {
        if (used_ * 2 >= table_.size()) {
            const std::vector<Sum> old = std::exchange(table_, std::vector<Sum>(table_.size() * 2));
            for (const Sum &sum : old) {
                if (sum.key != 0) {
                    place(sum.key) = sum;
                }
            }
        }

        Sum &sum = place(key);
        used_ += sum.key == 0;
        sum.key = key;
        sum.value += value;
    }

    const std::vector<Sum> &all() const { return table_; }

private:
    Sum &place(std::uint64_t key)
    {
        std::size_t i = mix(key) % table_.size();
        while (table_[i].key != 0 && table_[i].key != key) {
            i = (i + 1) % table_.size();
        }
        return table_[i];
    }

    std::vector<Sum> table_ = std::vector<Sum>(2 * cell_count);
    std::size_t      used_ = 0;
};

}  // namespace

struct Counters::Memory {
    enum : std::uint32_t { free, written, ready };     // a label's state

    struct Label {
        std::atomic<std::uint32_t> state;
        char                       text[label_size];
    };

    std::atomic<std::uint32_t> regions;
    Label                      labels[label_count];    // 0 and 1 stand for "" and "other"

    // each shard is a table of its own: a series has one cell in each, at most
    struct Cell {
        std::atomic<std::uint64_t> key;                // 0: free
        std::atomic<std::uint64_t> value;
    };
    Cell cells[shards][cell_count];

    std::string_view text(std::size_t id) const
    {
        return id == 0 ? "" : id == other ? "other" : std::string_view(labels[id].text);
    }
};

std::size_t bucket_of(std::uint64_t microseconds)
{
    static constexpr auto bounds_us = [] {
        std::array<std::uint64_t, bucket_bounds.size()> out{};
        std::transform(bucket_bounds.begin(), bucket_bounds.end(), out.begin(),
                       [](double seconds) { return static_cast<std::uint64_t>(seconds * 1e6 + 0.5); });
        return out;
    }();
    const auto bound = std::lower_bound(bounds_us.begin(), bounds_us.end(), microseconds);
    return static_cast<std::size_t>(bound - bounds_us.begin());
}

std::span<const MetricInfo> metrics()
{
    return list;
}

std::size_t Counters::memory_size()
{
    return sizeof(Memory);
}

Counters::Counters(void *memory, unsigned shard)
    : memory_(static_cast<Memory *>(memory)), shard_(shard % shards)
{
}

LabelId Counters::label(std::string_view value)
{
    return intern(value, false);
}

LabelId Counters::region(std::string_view value)
{
    return intern(value, true);
}

LabelId Counters::intern(std::string_view value, bool bounded)
{
    // shown as UTF-8: two that differ only in what is none would be one series, twice
    const std::string text = valid_utf8(value.substr(0, std::min(value.find('\0'), label_size - 1)));
    value = text;
    if (value.empty()) {
        return 0;
    }
    if (value == "other") {
        return other;
    }

    const std::uint64_t start = hash(value);
    for (std::size_t i = 0; i < longest_probe; i++) {
        const std::size_t id = other + 1 + (start + i) % (label_count - other - 1);
        auto &slot = memory_->labels[id];
        std::uint32_t state = slot.state.load(std::memory_order_acquire);

        if (state == Memory::free) {
            if (bounded && memory_->regions.fetch_add(1) >= most_regions) {
                memory_->regions.fetch_sub(1);
                return other;
            }
            if (!slot.state.compare_exchange_strong(state, Memory::written)) {
                memory_->regions.fetch_sub(bounded ? 1 : 0);
            } else {
                std::memcpy(slot.text, value.data(), value.size());
                slot.text[value.size()] = '\0';
                slot.state.store(Memory::ready, std::memory_order_release);
                return static_cast<LabelId>(id);
            }
        }

        // another process writes it right now, unless it died doing so
        for (int spin = 0; slot.state.load(std::memory_order_acquire) == Memory::written; spin++) {
            if (spin == 100'000) {
                return other;
            }
        }

        if (value == slot.text) {
            return static_cast<LabelId>(id);
        }
    }

    return other;
}

Counters::Number *Counters::find(std::uint64_t key)
{
    const std::uint64_t start = mix(key);

    for (std::size_t i = 0; i < longest_probe; i++) {
        auto &cell = memory_->cells[shard_][(start + i) % cell_count];
        std::uint64_t found = cell.key.load(std::memory_order_relaxed);

        if (found == key
            || (found == 0 && (cell.key.compare_exchange_strong(found, key) || found == key)))
        {
            return &cell.value;
        }
    }

    return nullptr;
}

Counters::Number *Counters::cell(Metric metric, Labels labels, std::uint64_t low_bits)
{
    if (Number *own = find(make_key(metric, labels) | low_bits)) {
        return own;
    }

    const auto &names = info(metric)->labels;
    for (std::size_t i = 0; i < labels.size(); i++) {
        labels[i] = names[i].empty() ? 0 : other;
    }
    return find(make_key(metric, labels) | low_bits);
}

Counters::Number *Counters::counter(Metric metric, Labels labels)
{
    return cell(metric, labels, 0);
}

// The last label's place holds the bucket.
Counters::Number *Counters::bucket(Metric metric, Labels labels, std::uint64_t microseconds)
{
    labels[3] = 0;
    return cell(metric, labels, bucket_of(microseconds));
}

Counters::Number *Counters::sum(Metric metric, Labels labels)
{
    labels[3] = 0;
    return cell(metric, labels, sum_bucket);
}

void Counters::add(Metric metric, Labels labels, std::uint64_t amount)
{
    add_to(counter(metric, labels), amount);
}

void Counters::observe(Metric metric, Labels labels, std::uint64_t microseconds)
{
    add_to(bucket(metric, labels, microseconds), 1);
    add_to(sum(metric, labels), microseconds);
}

std::vector<Sample> Counters::snapshot() const
{
    // labels by the order of their texts, so that sorted keys are sorted samples
    std::vector<LabelId> by_text;
    for (std::size_t id = 0; id < label_count; id++) {
        if (id <= other || memory_->labels[id].state.load(std::memory_order_acquire) == Memory::ready) {
            by_text.push_back(static_cast<LabelId>(id));
        }
    }
    std::sort(by_text.begin(), by_text.end(), [&](LabelId a, LabelId b) {
        return memory_->text(a) < memory_->text(b);
    });
    std::vector<std::uint64_t> rank(label_count);
    for (std::size_t i = 0; i < by_text.size(); i++) {
        rank[by_text[i]] = i;
    }

    Sums sums;
    for (const auto &shard : memory_->cells) {
        for (const Memory::Cell &cell : shard) {
            if (const std::uint64_t key = cell.key.load(std::memory_order_relaxed); key != 0) {
                sums.add(key, cell.value.load(std::memory_order_relaxed));
            }
        }
    }

    struct Cell {
        std::uint64_t     order;
        std::uint64_t     value;
        const MetricInfo *metric;
    };
    std::vector<Cell> cells;
    constexpr std::uint64_t label_mask = (1U << label_bits) - 1;

    for (const Sums::Sum &sum : sums.all()) {
        const auto *metric = sum.key != 0 ? info(static_cast<Metric>(sum.key >> (4 * label_bits))) : nullptr;
        if (metric == nullptr) {
            continue;
        }

        const bool histogram = metric->kind == Kind::histogram;
        std::uint64_t order = sum.key >> (4 * label_bits);
        for (unsigned i = 0; i < 4; i++) {
            const std::uint64_t label = sum.key >> ((3 - i) * label_bits) & label_mask;
            order = order << label_bits | (histogram && i == 3 ? label : rank[label]);
        }
        cells.push_back({order, sum.value, metric});
    }
    std::sort(cells.begin(), cells.end(), [](const Cell &a, const Cell &b) { return a.order < b.order; });

    std::vector<Sample> out;
    std::uint64_t last = 0;
    for (const Cell &cell : cells) {
        const bool histogram = cell.metric->kind == Kind::histogram;
        const std::uint64_t series = histogram ? cell.order & ~label_mask : cell.order;

        if (series != last) {
            last = series;
            Sample &sample = out.emplace_back();
            sample.metric = cell.metric->metric;
            for (unsigned i = 0; i < (histogram ? 3U : 4U); i++) {
                sample.labels[i] =
                    memory_->text(by_text[cell.order >> ((3 - i) * label_bits) & label_mask]);
            }
            if (histogram) {
                sample.buckets.resize(bucket_bounds.size() + 1);
            }
        }

        const std::uint64_t bucket = cell.order & label_mask;
        (!histogram             ? out.back().value
         : bucket == sum_bucket ? out.back().sum_us
                                : out.back().buckets[bucket]) += cell.value;
    }

    return out;
}

}  // namespace cdn::status

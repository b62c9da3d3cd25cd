#include "status/counters.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <new>

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
    {Metric::responses, Kind::counter, "responses", "Responses by class of status code",
     {"class"}},
    {Metric::response_bytes, Kind::counter, "response_bytes", "Bytes sent to clients",
     {"profile", "status"}},
    {Metric::request_duration, Kind::histogram, "request_duration_seconds",
     "From the first byte of a request to the last of its response",
     {"profile", "status"}},
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
};

std::uint64_t make_key(Metric metric, const Labels &labels)
{
    std::uint64_t key = static_cast<std::uint64_t>(metric);
    for (const LabelId label : labels) {
        key = key << label_bits | label;
    }

    return key;
}

std::uint64_t mix(std::uint64_t key)                   // splitmix64's finaliser
{
    key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9U;
    key = (key ^ key >> 27) * 0x94d049bb133111ebU;
    return key ^ key >> 31;
}

const MetricInfo &info(Metric metric)
{
    return *std::find_if(std::begin(list), std::end(list),
                         [&](const MetricInfo &m) { return m.metric == metric; });
}

}  // namespace

struct Counters::Memory {
    struct Cell {
        std::atomic<std::uint64_t> key;                // 0: free
        std::atomic<std::uint64_t> value;
    };

    // Claimed by whoever raises `used`; readable once `ready`.
    struct Label {
        std::atomic<std::uint32_t> ready;
        char                       text[label_size];
    };

    std::atomic<std::uint32_t> used;
    Label                      labels[label_count];
    Cell                       cells[cell_count];
};

std::span<const MetricInfo> metrics()
{
    return list;
}

std::size_t Counters::memory_size()
{
    return sizeof(Memory);
}

Counters::Counters(void *memory) : memory_(static_cast<Memory *>(memory))
{
    label("");
    label("other");
}

LabelId Counters::label(std::string_view value)
{
    value = value.substr(0, label_size - 1);

    for (std::size_t i = 0; i < label_count; i++) {
        auto &slot = memory_->labels[i];

        if (slot.ready.load(std::memory_order_acquire) == 0) {
            std::uint32_t next = static_cast<std::uint32_t>(i);
            if (memory_->used.compare_exchange_strong(next, next + 1)) {
                std::memcpy(slot.text, value.data(), value.size());
                slot.text[value.size()] = '\0';
                slot.ready.store(1, std::memory_order_release);
                return static_cast<LabelId>(i);
            }
            // another process writes it right now, unless it died doing so
            for (int spin = 0; slot.ready.load(std::memory_order_acquire) == 0; spin++) {
                if (spin == 100'000) {
                    return other;
                }
            }
        }

        if (value == slot.text) {
            return static_cast<LabelId>(i);
        }
    }

    return other;
}

std::atomic<std::uint64_t> *Counters::cell(std::uint64_t key)
{
    const std::uint64_t start = mix(key);

    for (std::size_t i = 0; i < longest_probe; i++) {
        auto &slot = memory_->cells[(start + i) % cell_count];
        std::uint64_t found = slot.key.load(std::memory_order_relaxed);

        if (found == key) {
            return &slot.value;
        }
        if (found == 0
            && (slot.key.compare_exchange_strong(found, key) || found == key))
        {
            return &slot.value;
        }
    }

    return nullptr;
}

void Counters::add_to(std::uint64_t key, Metric metric, std::uint64_t low_bits,
                      std::uint64_t amount)
{
    auto *value = cell(key);
    if (value == nullptr) {
        const auto &names = info(metric).labels;
        Labels labels{};
        for (std::size_t i = 0; i < labels.size(); i++) {
            labels[i] = names[i].empty() ? 0 : other;
        }
        value = cell(make_key(metric, labels) | low_bits);
    }
    if (value != nullptr) {
        value->fetch_add(amount, std::memory_order_relaxed);
    }
}

void Counters::add(Metric metric, Labels labels, std::uint64_t amount)
{
    add_to(make_key(metric, labels), metric, 0, amount);
}

void Counters::observe(Metric metric, Labels labels, std::uint64_t microseconds)
{
    const double seconds = static_cast<double>(microseconds) / 1e6;
    const auto bound = std::lower_bound(bucket_bounds.begin(), bucket_bounds.end(), seconds);
    const auto bucket = static_cast<std::uint64_t>(bound - bucket_bounds.begin());

    // the last label's place holds the bucket
    labels[3] = 0;
    const std::uint64_t key = make_key(metric, labels);
    add_to(key | bucket, metric, bucket, 1);
    add_to(key | sum_bucket, metric, sum_bucket, microseconds);
}

std::vector<Sample> Counters::snapshot() const
{
    std::map<std::uint64_t, Sample> samples;
    constexpr std::uint64_t label_mask = (1U << label_bits) - 1;

    for (const auto &slot : memory_->cells) {
        const std::uint64_t key = slot.key.load(std::memory_order_relaxed);
        if (key == 0) {
            continue;
        }

        const auto metric = static_cast<Metric>(key >> (4 * label_bits));
        const bool histogram = info(metric).kind == Kind::histogram;
        const std::uint64_t value = slot.value.load(std::memory_order_relaxed);

        Sample &sample = samples[histogram ? key & ~label_mask : key];
        sample.metric = metric;
        for (unsigned i = 0; i < (histogram ? 3U : 4U); i++) {
            sample.labels[i] = memory_->labels[key >> ((3 - i) * label_bits) & label_mask].text;
        }

        if (!histogram) {
            sample.value = value;
            continue;
        }

        sample.buckets.resize(bucket_bounds.size() + 1);
        const std::uint64_t bucket = key & label_mask;
        (bucket == sum_bucket ? sample.sum_us : sample.buckets[bucket]) = value;
    }

    std::vector<Sample> out;
    for (auto &[key, sample] : samples) {
        out.push_back(std::move(sample));
    }
    std::sort(out.begin(), out.end(), [](const Sample &a, const Sample &b) {
        return a.metric != b.metric ? a.metric < b.metric : a.labels < b.labels;
    });

    return out;
}

}  // namespace cdn::status

#include "status/window.h"

#include "status/latency.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace cdn::status {

namespace {

constexpr std::size_t tally_fields = sizeof(Tally) / sizeof(std::uint64_t);
using Fields = std::array<std::uint64_t, tally_fields>;

std::optional<double> share(std::uint64_t part, std::uint64_t whole)
{
    return whole > 0 ? std::optional(static_cast<double>(part) / static_cast<double>(whole))
                     : std::nullopt;
}

// The sums at the beginning of each step.  A few places are to spare, so that what
// is written is never what is read.
template <std::size_t Size>
struct Ring {
    std::atomic<std::int64_t> first;                   // steps; 0: none yet
    std::atomic<std::int64_t> newest;
    Tally                     slots[Size];

    bool tick(std::int64_t step, const Tally &sums)
    {
        const std::int64_t last = newest.load();
        if (last == 0) {
            slots[step % static_cast<std::int64_t>(Size)] = sums;
            first.store(step);
            newest.store(step, std::memory_order_release);
            return true;
        }
        if (step <= last) {
            return false;
        }

        // nobody woke in between: what happened belongs to the last of these steps
        const Tally before = slots[last % static_cast<std::int64_t>(Size)];
        for (std::int64_t i = std::max(last + 1, step - static_cast<std::int64_t>(Size) + 1); i < step; i++) {
            slots[i % static_cast<std::int64_t>(Size)] = before;
        }
        slots[step % static_cast<std::int64_t>(Size)] = sums;
        newest.store(step, std::memory_order_release);
        return true;
    }

    // What the sums were when `step` began; `now` is what they are.
    const Tally &at(std::int64_t step, const Tally &now) const
    {
        const std::int64_t last = newest.load(std::memory_order_acquire);
        if (last == 0 || step > last) {
            return now;
        }
        return slots[std::max(step, first.load()) % static_cast<std::int64_t>(Size)];
    }

    // From the beginning of step `from` until `until`, in units of steps.
    double length(std::int64_t from, double until) const
    {
        const std::int64_t known = first.load();
        return known == 0 ? 0 : std::max(0.0, until - static_cast<double>(std::max(from, known)));
    }
};

}  // namespace

std::size_t Tally::latency_bucket(std::uint64_t ms)
{
    const auto bound = std::lower_bound(latency_bounds_ms.begin(), latency_bounds_ms.end(),
                                        static_cast<double>(ms));
    return static_cast<std::size_t>(bound - latency_bounds_ms.begin());
}

Tally Tally::operator-(const Tally &earlier) const
{
    auto sums = std::bit_cast<Fields>(*this);
    const auto before = std::bit_cast<Fields>(earlier);
    for (std::size_t i = 0; i < tally_fields; i++) {
        sums[i] -= std::min(sums[i], before[i]);
    }
    return std::bit_cast<Tally>(sums);
}

std::optional<double> Tally::hit_ratio() const
{
    return share(hits, with_cache);
}

std::optional<double> Tally::error_rate() const
{
    return share(errors, requests);
}

std::optional<double> Tally::origin_share() const
{
    return share(origin, requests);
}

std::optional<double> Tally::mean_ms() const
{
    return share(duration_ms, requests);
}

std::optional<double> Tally::percentile_ms(double q) const
{
    return percentile(latency_bounds_ms, latency, q);
}

std::uint64_t Tally::bytes_saved() const
{
    return sent - std::min(sent, received);
}

double Span::per_second(std::uint64_t count) const
{
    return static_cast<double>(count) / std::max(seconds, 1.0);
}

struct Windows::Memory {
    Ring<320>                  seconds;
    Ring<2 * 24 * 60 + 40>     minutes;
    std::atomic<std::uint64_t> slowest_ms;
    alignas(64) std::atomic<std::uint64_t> sums[shards][(tally_fields + 7) / 8 * 8];
};

std::size_t Windows::memory_size()
{
    return sizeof(Memory);
}

Windows::Windows(void *memory, unsigned shard)
    : memory_(static_cast<Memory *>(memory)), shard_(shard % shards)
{
}

void Windows::add(const Served &request)
{
    auto &sums = memory_->sums[shard_];
    const auto add = [&](std::size_t offset, std::uint64_t amount) {
        if (amount != 0) {
            sums[offset / sizeof(std::uint64_t)].fetch_add(amount, std::memory_order_relaxed);
        }
    };

    add(offsetof(Tally, requests), 1);
    add(offsetof(Tally, with_cache), request.has_hit_ratio);
    add(offsetof(Tally, hits), request.hit);
    add(offsetof(Tally, errors), request.error);
    add(offsetof(Tally, origin), request.origin);
    add(offsetof(Tally, sent), request.sent);
    add(offsetof(Tally, received), request.received);
    add(offsetof(Tally, duration_ms), request.ms);
    add(offsetof(Tally, latency) + Tally::latency_bucket(request.ms) * sizeof(std::uint64_t), 1);
    if (request.reason) {
        add(offsetof(Tally, reasons) + static_cast<std::size_t>(*request.reason) * sizeof(std::uint64_t), 1);
    }

    auto &slowest = memory_->slowest_ms;
    std::uint64_t known = slowest.load(std::memory_order_relaxed);
    while (known < request.ms && !slowest.compare_exchange_weak(known, request.ms)) {
    }
}

void Windows::add_transform()
{
    memory_->sums[shard_][offsetof(Tally, transforms) / sizeof(std::uint64_t)].fetch_add(
        1, std::memory_order_relaxed);
}

std::uint64_t Windows::take_slowest()
{
    return memory_->slowest_ms.exchange(0);
}

Tally Windows::total() const
{
    Fields fields{};
    for (const auto &shard : memory_->sums) {
        for (std::size_t i = 0; i < tally_fields; i++) {
            fields[i] += shard[i].load(std::memory_order_relaxed);
        }
    }
    return std::bit_cast<Tally>(fields);
}

bool Windows::tick(std::int64_t now)
{
    const Tally sums = total();
    memory_->minutes.tick(now / 60, sums);
    return memory_->seconds.tick(now, sums);
}

Span Windows::last_seconds(double now, int seconds) const
{
    const auto &ring = memory_->seconds;
    const std::int64_t from = static_cast<std::int64_t>(now) - seconds;
    const Tally sums = total();
    return {sums - ring.at(from, sums), ring.length(from, now)};
}

Span Windows::last_minutes(double now, int minutes, int before) const
{
    const auto &ring = memory_->minutes;
    const std::int64_t until = static_cast<std::int64_t>(now / 60) - before;
    const Tally sums = total();
    const Tally &end = before == 0 ? sums : ring.at(until, sums);
    const double length = ring.length(until - minutes,
                                      before == 0 ? now / 60 : static_cast<double>(until));
    return {end - ring.at(until - minutes, sums), length * 60};
}

std::vector<Span> Windows::seconds(double now, int count) const
{
    std::vector<Span> out;
    const Tally sums = total();
    const std::int64_t last = static_cast<std::int64_t>(now);
    for (std::int64_t step = last - count + 1; step <= last; step++) {
        out.push_back({memory_->seconds.at(step + 1, sums) - memory_->seconds.at(step, sums), 1});
    }
    return out;
}

std::vector<Span> Windows::minutes(double now, int count, int step) const
{
    std::vector<Span> out;
    const Tally sums = total();
    const std::int64_t last = static_cast<std::int64_t>(now / 60) + 1;
    for (int i = count; i > 0; i--) {
        const std::int64_t from = last - static_cast<std::int64_t>(i) * step;
        out.push_back({memory_->minutes.at(from + step, sums) - memory_->minutes.at(from, sums),
                       static_cast<double>(step) * 60});
    }
    return out;
}

}  // namespace cdn::status

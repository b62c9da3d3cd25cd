#include "status/groups.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <string>
#include <utility>

namespace cdn::status {

namespace {

constexpr std::size_t  most_groups = 96;
constexpr std::int64_t ring_size = 28;                 // 24 hours, the present one, some to spare

bool same(const Group &a, const Group &b)
{
    return a.kind == b.kind && std::strcmp(a.name, b.name) == 0;
}

Group operator-(Group later, const Group &earlier)
{
    const auto take = [](std::uint64_t &from, std::uint64_t what) { from -= std::min(from, what); };
    take(later.requests, earlier.requests);
    take(later.hits, earlier.hits);
    take(later.with_cache, earlier.with_cache);
    take(later.bytes, earlier.bytes);
    take(later.duration_us, earlier.duration_us);
    for (std::size_t i = 0; i < later.reasons.size(); i++) {
        take(later.reasons[i], earlier.reasons[i]);
    }

    return later;
}

std::uint64_t &expired(Group &group)
{
    return group.reasons[static_cast<std::size_t>(Reason::expired)];
}

std::optional<Reason> reason_named(std::string_view word)
{
    for (std::size_t i = 0; i < reason_count; i++) {
        if (name(static_cast<Reason>(i)) == word) {
            return static_cast<Reason>(i);
        }
    }

    return std::nullopt;
}

}  // namespace

std::optional<double> Group::hit_ratio() const
{
    return with_cache > 0 ? std::optional(static_cast<double>(hits) / static_cast<double>(with_cache))
                          : std::nullopt;
}

std::optional<double> Group::mean_ms() const
{
    return requests > 0
               ? std::optional(static_cast<double>(duration_us) / 1000 / static_cast<double>(requests))
               : std::nullopt;
}

std::vector<Group> groups(const std::vector<Sample> &samples)
{
    std::map<std::pair<Group::Kind, std::string>, Group> found;
    const auto group = [&](Group::Kind kind, std::string_view name) -> Group & {
        Group &out = found[{kind, std::string(name)}];
        out.kind = kind;
        std::copy_n(name.data(), std::min(name.size(), sizeof(out.name) - 1), out.name);
        return out;
    };
    const auto add = [](Group &out, const Sample &sample) {
        const CacheStatus status = cache_status_named(sample.labels[3]);
        out.requests += sample.value;
        out.hits += is_hit(status) ? sample.value : 0;
        out.with_cache += has_hit_ratio(status) ? sample.value : 0;
    };

    for (const Sample &sample : samples) {
        switch (sample.metric) {
        case Metric::requests:
            add(group(Group::profile, sample.labels[1]), sample);
            add(group(Group::region, sample.labels[2]), sample);
            break;
        case Metric::response_bytes:
            group(Group::profile, sample.labels[0]).bytes += sample.value;
            break;
        case Metric::profile_misses:
            if (const auto reason = reason_named(sample.labels[1])) {
                group(Group::profile, sample.labels[0]).reasons[static_cast<std::size_t>(*reason)] +=
                    sample.value;
            }
            break;
        case Metric::region_duration:
            group(Group::region, sample.labels[0]).duration_us += sample.sum_us;
            break;
        default:
            break;
        }
    }

    std::vector<Group> out;
    for (const auto &[key, value] : found) {
        out.push_back(value);
    }
    return out;
}

struct GroupHistory::Memory {
    struct Hour {
        std::uint64_t count;
        Group         groups[most_groups];

        const Group *find(const Group &like) const
        {
            const Group *end = groups + std::min<std::uint64_t>(count, most_groups);
            const Group *found = std::find_if(groups, end, [&](const Group &g) { return same(g, like); });
            return found != end ? found : nullptr;
        }
    };

    std::atomic<std::int64_t> first;                   // hours since 1970; 0: none yet
    std::atomic<std::int64_t> newest;
    Hour                      hours[ring_size];
};

std::size_t GroupHistory::memory_size()
{
    return sizeof(Memory);
}

GroupHistory::GroupHistory(void *memory) : memory_(static_cast<Memory *>(memory)) {}

bool GroupHistory::is_due(std::int64_t hour) const
{
    return hour > memory_->newest.load();
}

void GroupHistory::write(std::int64_t hour, const std::vector<Group> &now_groups)
{
    const std::int64_t last = memory_->newest.load();
    for (std::int64_t i = last == 0 ? hour : std::max(last + 1, hour - ring_size + 1); i <= hour; i++) {
        auto &slot = memory_->hours[i % ring_size];
        slot.count = std::min(now_groups.size(), most_groups);
        std::copy_n(now_groups.begin(), slot.count, slot.groups);
    }

    if (last == 0) {
        memory_->first.store(hour);
    }
    memory_->newest.store(hour, std::memory_order_release);
}

std::vector<GroupDay> GroupHistory::last_day(std::int64_t now, const std::vector<Group> &now_groups,
                                             std::int64_t utc_offset) const
{
    const std::int64_t newest = memory_->newest.load(std::memory_order_acquire);
    const std::int64_t first = memory_->first.load();
    const std::int64_t hour = now / 3600;

    // the sums as an hour began; before the first one: as that one began
    const auto at = [&](std::int64_t when, const Group &like) {
        if (newest == 0 || when > newest) {
            return like;
        }
        const Group *found = memory_->hours[std::max(when, first) % ring_size].find(like);
        return found != nullptr ? *found : Group{};
    };

    std::vector<GroupDay> out;
    for (const Group &group : now_groups) {
        GroupDay &day = out.emplace_back();
        day.total = group - at(hour - 23, group);

        for (std::int64_t when = hour - 23; when <= hour; when++) {
            Group during = at(when + 1, group) - at(when, group);
            const std::int64_t local = (when * 3600 + utc_offset) / 3600 % 24;
            day.expired[static_cast<std::size_t>(local)] += expired(during);
        }
    }

    return out;
}

}  // namespace cdn::status

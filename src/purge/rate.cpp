#include "purge/rate.h"

#include <algorithm>

namespace cdn::purge {

bool take_call(std::span<Bucket> buckets, std::uint64_t address, std::int64_t now_ms,
               std::int64_t calls_per_second, std::int64_t burst)
{
    address = address != 0 ? address : 1;

    auto bucket = std::find_if(buckets.begin(), buckets.end(),
                               [&](const Bucket &b) { return b.address == address; });
    if (bucket == buckets.end()) {
        bucket = std::min_element(buckets.begin(), buckets.end(), [](const Bucket &a, const Bucket &b) {
            return a.full_at_ms < b.full_at_ms;
        });
        *bucket = {address, now_ms};
    }

    // a call empties the bucket by the time it takes to come back, in thousandths
    // of a second: at least one
    const std::int64_t cost = std::max<std::int64_t>(1000 / calls_per_second, 1);
    const std::int64_t depth = burst * 1000 / calls_per_second;
    if (bucket->full_at_ms - now_ms > std::max(depth, cost)) {
        bucket->full_at_ms = now_ms;                   // further than calls bring it: the clock was set back
    }
    const std::int64_t full_at = std::max(bucket->full_at_ms, now_ms) + cost;
    if (full_at - now_ms > std::max(depth, cost)) {
        return false;
    }

    bucket->full_at_ms = full_at;
    return true;
}

}  // namespace cdn::purge

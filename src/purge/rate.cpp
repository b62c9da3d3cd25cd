#include "purge/rate.h"

#include <algorithm>

namespace cdn::purge {

bool take_call(std::span<Bucket> buckets, std::uint64_t address, std::int64_t now_ms,
               std::int64_t calls_per_second, std::int64_t burst)
{
    address = address != 0 ? address : 1;
    const std::int64_t now_us = now_ms * 1000;

    auto bucket = std::find_if(buckets.begin(), buckets.end(),
                               [&](const Bucket &b) { return b.address == address; });
    if (bucket == buckets.end()) {
        bucket = std::min_element(buckets.begin(), buckets.end(), [](const Bucket &a, const Bucket &b) {
            return a.full_at_us < b.full_at_us;
        });
        *bucket = {address, now_us};
    }

    // a call empties the bucket by the time it takes to come back: a microsecond at least
    const std::int64_t cost = std::max<std::int64_t>(1'000'000 / calls_per_second, 1);
    const std::int64_t depth = std::max(burst * 1'000'000 / calls_per_second, cost);
    if (bucket->full_at_us - now_us > depth) {
        bucket->full_at_us = now_us;                   // further than calls bring it: the clock was set back
    }
    const std::int64_t full_at = std::max(bucket->full_at_us, now_us) + cost;
    if (full_at - now_us > depth) {
        return false;
    }

    bucket->full_at_us = full_at;
    return true;
}

}  // namespace cdn::purge

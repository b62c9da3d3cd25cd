// How often an address may call: a token bucket each, in shared memory.

#pragma once

#include <cstdint>
#include <span>

namespace cdn::purge {

struct Bucket {
    std::uint64_t address = 0;                         // a hash; 0: free
    std::int64_t  full_at_us = 0;                      // when it will be full again
};

// Takes one call at `now_ms`; false: too many.  An unknown address takes the
// place of whichever bucket is full the longest, or will be soonest.
bool take_call(std::span<Bucket> buckets, std::uint64_t address, std::int64_t now_ms,
               std::int64_t calls_per_second, std::int64_t burst);

}  // namespace cdn::purge

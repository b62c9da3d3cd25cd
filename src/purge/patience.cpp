#include "purge/patience.h"

#include <algorithm>

namespace cdn::purge {

bool Patience::asks_again(std::string_view key, std::int64_t born_ms, std::int64_t now_ms)
{
    constexpr int          tries_at_once = 3;
    constexpr std::int64_t shortest_pause_ms = 10;
    constexpr std::int64_t longest_pause_ms = 10'000;
    constexpr std::size_t  most_keys = 4096;

    if (known_.size() >= most_keys) {
        known_.clear();
    }
    Tries &tries = known_[std::string(key)];
    if (tries.born_ms != born_ms || tries.count == 0) {
        tries = {born_ms, now_ms, now_ms, 0};
    }
    if (tries.count >= tries_at_once && now_ms < tries.next_ms) {
        return false;
    }

    tries.count = std::min(tries.count + 1, tries_at_once);
    tries.next_ms = now_ms + std::clamp((now_ms - tries.since_ms) / 4, shortest_pause_ms, longest_pause_ms);
    return true;
}

}  // namespace cdn::purge

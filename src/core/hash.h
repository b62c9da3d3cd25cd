// A fast hash for tables.  Not keyed: who may choose the text can choose
// collisions, so a table has to stay right, if slower, with them.

#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace cdn {

constexpr std::uint64_t mix(std::uint64_t key)         // splitmix64's finaliser
{
    key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9U;
    key = (key ^ key >> 27) * 0x94d049bb133111ebU;
    return key ^ key >> 31;
}

inline std::uint64_t hash(std::string_view text, std::uint64_t seed = 0)
{
    std::uint64_t state = mix(seed ^ (text.size() + 0x9e3779b97f4a7c15U));
    while (!text.empty()) {
        const std::size_t length = text.size() < 8 ? text.size() : 8;
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), length);
        state = mix(state ^ word);
        text.remove_prefix(length);
    }

    return state;
}

}  // namespace cdn

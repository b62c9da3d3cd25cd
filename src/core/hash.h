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

inline constexpr std::uint64_t odd_number = 0x9e3779b97f4a7c15U;

// One round: both halves of a 128-bit product.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b)
{
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// The first bytes, the middle one and the last ones: all, of what is no longer than a word.
inline std::uint64_t last_word(const char *text, std::size_t length)
{
    if (length >= 4) {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        std::memcpy(&first, text, 4);
        std::memcpy(&last, text + length - 4, 4);
        return std::uint64_t{first} << 32 | last;
    }
    const auto byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(text[i])}; };
    return length > 0 ? byte(0) << 16 | byte(length / 2) << 8 | byte(length - 1) : 0;
}

inline std::uint64_t hash(std::string_view text, std::uint64_t seed = 0)
{
    const char *at = text.data();
    std::size_t left = text.size();
    std::uint64_t state = mix(seed ^ left * odd_number);
    for (; left > 8; left -= 8, at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, 8);
        state = fold(state ^ word, odd_number);
    }
    return mix(fold(state ^ last_word(at, left), odd_number));
}

}  // namespace cdn

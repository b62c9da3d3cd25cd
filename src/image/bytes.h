// Numbers in files. What lies beyond the end of the file counts as 0.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cdn::image {

inline std::uint8_t byte_at(std::string_view bytes, std::size_t at)
{
    return at < bytes.size() ? static_cast<std::uint8_t>(bytes[at]) : 0;
}

// Of at most 8 bytes from `at` on.
inline std::uint64_t big_endian(std::string_view bytes, std::size_t at, std::size_t size)
{
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; i++) {
        value = value << 8 | byte_at(bytes, at + i);
    }

    return value;
}

inline std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t size)
{
    std::uint64_t value = 0;
    while (size-- > 0) {
        value = value << 8 | byte_at(bytes, at + size);
    }

    return value;
}

}  // namespace cdn::image

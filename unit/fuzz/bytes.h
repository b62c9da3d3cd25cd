// Numbers and texts out of arbitrary bytes; zeros when they are used up.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cdn::fuzz {

class Bytes {
public:
    explicit Bytes(std::string_view bytes) : rest_(bytes) {}

    template <typename T>
    T take()
    {
        T value{};
        const std::size_t size = std::min(sizeof(T), rest_.size());
        std::memcpy(&value, rest_.data(), size);
        rest_.remove_prefix(size);
        return value;
    }

    bool flag() { return (take<std::uint8_t>() & 1) != 0; }

    // least .. most
    template <typename T>
    T between(T least, T most)
    {
        const auto range = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least) + 1;
        return static_cast<T>(static_cast<std::uint64_t>(least) + take<std::uint32_t>() % range);
    }

    // Up to the next line feed.
    std::string_view line()
    {
        const auto end = rest_.find('\n');
        const auto text = rest_.substr(0, end);
        rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
        return text;
    }

    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

}  // namespace cdn::fuzz

#include "core/address.h"

#include "core/text.h"

#include <arpa/inet.h>

#include <algorithm>

namespace cdn {

std::optional<Address> parse_address(std::string_view text)
{
    const std::string terminated(text);
    if (terminated.find('\0') != terminated.npos) {
        return std::nullopt;
    }

    Address address;
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) {
        address.size = 4;
        return address;
    }
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) != 1) {
        return std::nullopt;
    }

    static constexpr std::array<unsigned char, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
    if (std::equal(mapped.begin(), mapped.end(), address.bytes.begin())) {
        Address v4;
        std::copy(address.bytes.begin() + 12, address.bytes.end(), v4.bytes.begin());
        v4.size = 4;
        return v4;
    }

    address.size = 16;
    return address;
}

bool Network::contains(const Address &other) const
{
    if (other.size != address.size) {
        return false;
    }

    const std::size_t whole = bits / 8;
    const unsigned rest = bits % 8;
    if (!std::equal(address.bytes.begin(), address.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                    other.bytes.begin()))
    {
        return false;
    }

    return rest == 0 || (address.bytes[whole] ^ other.bytes[whole]) >> (8 - rest) == 0;
}

std::optional<Network> parse_network(std::string_view text)
{
    const auto [first, length, has_length] = cut(text, '/');
    const auto address = parse_address(first);
    if (!address) {
        return std::nullopt;
    }

    const auto most = static_cast<std::int64_t>(address->size * 8);
    const auto bits = has_length ? parse_digits(length) : most;
    if (!bits || *bits > most) {
        return std::nullopt;
    }

    return Network{*address, static_cast<unsigned>(*bits)};
}

}  // namespace cdn

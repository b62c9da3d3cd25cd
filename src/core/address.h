// IP addresses.

#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cdn {

struct Address {
    std::array<unsigned char, 16> bytes{};
    std::size_t                   size = 0;            // 4 or 16

    std::string_view view() const { return {reinterpret_cast<const char *>(bytes.data()), size}; }
    bool operator==(const Address &) const = default;
};

// An IPv4 address within IPv6 (::ffff:1.2.3.4) is that IPv4 address.
std::optional<Address> parse_address(std::string_view text);

// "192.0.2.0/24", "2001:db8::/32", or one address.
struct Network {
    Address  address;
    unsigned bits = 0;

    bool contains(const Address &other) const;
};

std::optional<Network> parse_network(std::string_view text);

}  // namespace cdn

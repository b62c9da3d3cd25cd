#include "image/iptc.h"

#include "image/bytes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cdn::image {

namespace {

using namespace std::string_view_literals;

constexpr auto photoshop = "Photoshop 3.0\0"sv;
constexpr auto resource = "8BIM"sv;
constexpr std::size_t longest_segment = 65'000;

std::string four_bytes(std::size_t value)
{
    std::string bytes;
    for (int i = 3; i >= 0; i--) {
        bytes += static_cast<char>(value >> 8 * i);
    }

    return bytes;
}

constexpr std::size_t even(std::size_t size) { return size + size % 2; }

// Adobe Photoshop File Formats Specification, "Image Resource Blocks": the one with
// the number 0x0404.
std::string_view find_records(std::string_view segment)
{
    constexpr std::size_t iptc = 0x0404;

    if (!segment.starts_with(photoshop)) {
        return segment;
    }

    auto rest = segment.substr(photoshop.size());
    while (rest.size() >= 12 && rest.starts_with(resource)) {
        const std::size_t name = even(1 + big_endian(rest, 6, 1));
        const std::size_t size = big_endian(rest, 6 + name, 4);
        const std::size_t data = 10 + name;
        if (data > rest.size() || size > rest.size() - data) {
            break;
        }
        if (big_endian(rest, 4, 2) == iptc) {
            return rest.substr(data, size);
        }
        rest.remove_prefix(std::min(data + even(size), rest.size()));
    }

    return {};
}

template <std::size_t N>
bool is_one_of(std::size_t value, const std::array<std::size_t, N> &values)
{
    return std::find(values.begin(), values.end(), value) != values.end();
}

// By-line, credit, source, copyright notice.
bool names_owner(std::size_t field)
{
    return is_one_of(field, std::array<std::size_t, 4>{80, 110, 115, 116});
}

// Content location, city, sublocation, province, country.
bool names_place(std::size_t field)
{
    return is_one_of(field, std::array<std::size_t, 7>{26, 27, 90, 92, 95, 100, 101});
}

}  // namespace

std::string kept_iptc(std::string_view segment, Metadata metadata)
{
    constexpr std::size_t envelope = 1;
    constexpr std::size_t application = 2;
    constexpr std::size_t character_set = 90;          // of the envelope
    constexpr std::size_t version = 0;                 // of the application record
    constexpr std::size_t first_preview = 200;

    std::string kept;
    bool says_something = false;

    // a field: 0x1C, record, number, length in two bytes (more of them: its first bit)
    auto rest = find_records(segment);
    while (metadata != Metadata::none && rest.size() >= 5 && rest[0] == '\x1C') {
        const std::size_t record = big_endian(rest, 1, 1);
        const std::size_t field = big_endian(rest, 2, 1);
        const std::size_t size = 5 + big_endian(rest, 3, 2);
        if (size > rest.size()) {
            break;
        }

        const bool speaks = record == application
                            && (names_owner(field)
                                || (metadata == Metadata::keep && field != version && field < first_preview
                                    && !names_place(field)));
        if (speaks || (record == envelope && field == character_set) || (record == application && field == version)) {
            kept += rest.substr(0, size);
        }
        says_something = says_something || speaks;
        rest.remove_prefix(size);
    }

    if (!says_something || kept.size() > longest_segment) {
        return {};
    }

    const std::string head = std::string(photoshop) + std::string(resource) + "\x04\x04"
                             + std::string(2, '\0') + four_bytes(kept.size());
    kept.resize(even(kept.size()));
    return head + kept;
}

}  // namespace cdn::image

#include "purge/object.h"

#include "purge/target.h"

namespace cdn::purge {

namespace {

constexpr std::string_view separators = ", \t";

}  // namespace

void add_tags(Object &object, std::string_view header)
{
    for (;;) {
        const auto start = header.find_first_not_of(separators);
        if (start == header.npos) {
            return;
        }
        header.remove_prefix(start);

        const auto tag = header.substr(0, header.find_first_of(separators));
        header.remove_prefix(tag.size());
        if (tag.size() > longest_tag) {
            continue;
        }
        if (object.tags.size() == max_tags) {
            object.too_many_tags = true;
            return;
        }
        object.tags.push_back(tag);
    }
}

std::optional<std::uint16_t> encode_born(std::int64_t date_s, std::int64_t born_ms)
{
    const std::int64_t age = date_s * 1000 + 999 - born_ms;
    if (age > UINT16_MAX) {
        return std::nullopt;
    }

    // 0 is what nginx writes without us; a millisecond older is the safe side
    return static_cast<std::uint16_t>(age < 1 ? 1 : age);
}

std::optional<std::int64_t> decode_born(std::int64_t date_s, std::uint16_t encoded)
{
    if (encoded == 0) {
        return std::nullopt;
    }

    return date_s * 1000 + 999 - encoded;
}

}  // namespace cdn::purge

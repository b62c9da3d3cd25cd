// A stored response, as purges see it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::purge {

// A URL the response stands for: "/path?query" as resource_text() spells it.
struct Resource {
    std::string host;                                  // lower case, without port; may be empty
    std::string text;
};

struct Object {
    std::int64_t                  born_ms = 0;         // its fetch began; 0: not known
    std::int64_t                  stored_ms = 0;
    std::vector<std::string_view> tags;
    bool                          too_many_tags = false;   // more than were read: any tag's purge counts
    std::vector<Resource>         resources;
};

// soft: stale, may be served while it is fetched anew; unsure: only if that fails;
// hard: gone.
enum class Verdict { kept, soft, unsure, hard };

// Splits a tag header's value at commas and white space, adding to the object's
// tags.  Tags over 1024 bytes are left out, as no purge can name them.
inline constexpr std::size_t max_tags = 1000;
void add_tags(Object &object, std::string_view header);

// A fetch's start rides in the u_short that nginx's cache files have to spare
// beside the date, which has whole seconds.  Nothing: it took too long to be
// written down (over 64 s), and the response must not be stored.
std::optional<std::uint16_t> encode_born(std::int64_t date_s, std::int64_t born_ms);
std::optional<std::int64_t> decode_born(std::int64_t date_s, std::uint16_t encoded);

}  // namespace cdn::purge

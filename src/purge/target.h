// What a purge is aimed at, in one spelling.
//
//   tag         as responses carry it, case-sensitive, 1..1024 bytes
//   url         "/path?query" on any host, or "//host/path?query", ..8192 bytes
//   prefix      the same, ..1023 bytes; matches what begins with it, byte by byte
//   pattern     the same, ..480 bytes; "*" stands for anything, slashes too; anchored at both ends
//   everything  ""
//
// Paths are decoded, without dot segments and doubled slashes; what would be
// ambiguous then (% ? * # and control bytes) is escaped again.  Queries stay as
// they are, hosts are lower case, without port and final dot.

#pragma once

#include "core/hash.h"
#include "core/result.h"

#include <compare>
#include <string>
#include <string_view>
#include <unordered_set>

namespace cdn::purge {

enum class Kind { tag, url, prefix, pattern, everything };

struct Target {
    Kind        kind = Kind::tag;
    std::string text;

    auto operator<=>(const Target &) const = default;
};

struct TargetHash {
    std::size_t operator()(const Target &target) const { return hash(target.text, static_cast<unsigned>(target.kind)); }
};
using TargetSet = std::unordered_set<Target, TargetHash>;

inline constexpr std::size_t longest_tag = 1024;
inline constexpr std::size_t longest_url = 8192;
inline constexpr std::size_t longest_prefix = 1023;
inline constexpr std::size_t longest_pattern = 480;

std::string_view kind_name(Kind kind);                 // "tag" ...

// From what a person or a plugin writes: "/a b", "//host/a%20b" and
// "https://HOST:8443/a" for the kinds that are URLs.  A target's own text gives
// that target again.
Result<Target> parse_target(Kind kind, std::string_view text);

// "url:/a", "prefix:/a/", "pattern:*.jpg", "tag:a", "everything"; a bare word
// is a tag.
struct TargetWord {
    Kind             kind = Kind::tag;
    std::string_view text;
};
TargetWord split_target_word(std::string_view word);
Result<Target> parse_target_word(std::string_view word);
std::string print_target_word(const Target &target);

// The text of a URL that a response was stored for, on any host: `path` decoded,
// as nginx's $uri; `query` without '?'.
std::string resource_text(std::string_view path, std::string_view query);

// Of a path and query as sent; nothing where it is not well formed.
std::string raw_resource_text(std::string_view path, std::string_view query);

}  // namespace cdn::purge

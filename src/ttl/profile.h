// A profile: how long one kind of content lives, and what clients hear of it.

#pragma once

#include "core/result.h"
#include "ttl/time_zone.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::ttl {

inline constexpr Seconds day = 86400;

enum class Visibility { everybody, one_user };         // public, private

// "during PHASE|TERM ...": what is different then.
struct During {
    std::string            name;
    std::optional<Seconds> ttl;
    double                 factor = 1;
    bool                   hold = false;               // no expiry within that phase
};

struct Profile {
    std::string            name;
    std::optional<Seconds> ttl;                        // none: the origin's own
    std::optional<Seconds> min_ttl;                    // of the origin's own, and of popularity's
    std::optional<Seconds> max_ttl;
    Seconds                stale_while_revalidate = 0;
    Seconds                stale_if_error = 0;
    Visibility             visibility = Visibility::everybody;
    std::vector<std::string> vary;
    std::vector<std::string> tags;
    std::string            vary_text;                  // the same as a header's value
    std::string            tags_text;
    std::optional<Seconds> browser_ttl;
    double                 jitter = 0;                 // a share, at most 1
    bool                   immutable = false;
    bool                   must_revalidate = false;
    bool                   popularity = false;         // in place of ttl, once ranks are known
    std::map<std::string, Seconds, std::less<>> roles;
    std::vector<During>    during;

    // One line of the block: its words, without the semicolon.
    std::optional<Error> set(std::span<const std::string_view> words);

    // What only the whole block shows.
    std::optional<Error> contradiction() const;

    // The longest that it keeps anything, stale windows included.
    Seconds longest() const;

    Seconds stale_window() const { return std::max(stale_while_revalidate, stale_if_error); }
};

// By name; the built-in ones are there from the start.
using Profiles = std::map<std::string, Profile, std::less<>>;
Profiles built_in_profiles();

inline constexpr std::string_view origin_profile = "origin";

// What $cdn_ttl_auto picks for a path.
std::string_view profile_for_path(std::string_view path);

// nginx's times, in seconds: "90", "1d12h", "1y".
std::optional<Seconds> parse_time(std::string_view text);

}  // namespace cdn::ttl

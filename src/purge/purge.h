// One purge, as it is asked for, journalled and sent to other edges.

#pragma once

#include "purge/target.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::purge {

// soft: what matches is stale from then on; hard: it is gone.
enum class Mode { soft, hard };

enum class Strategy { immediate, gradual, smart };

// When which edge applies it; without other edges there is nothing to roll out.
struct Rollout {
    Strategy                 strategy = Strategy::immediate;
    int                      batch = 10;               // edges at a time, 1..10000
    std::int64_t             delay_ms = 1000;          // between batches, 0..3,600,000
    std::vector<std::string> regions;                  // smart: these at once

    bool operator==(const Rollout &) const = default;
};

struct Purge {
    std::string                 id;                    // empty until it is accepted
    std::vector<Target>         targets;               // at least one, no two alike
    Mode                        mode = Mode::soft;
    std::optional<std::int64_t> at_ms;                 // Unix time; later than now: scheduled
    Rollout                     rollout;
    std::string                 reason;
    std::string                 source;                // the kind of call: "api" "purge" "cloudflare" ...
    std::string                 who;                   // the caller's address
    std::string                 node;                  // the edge that accepted it
    std::int64_t                time_ms = 0;           // Unix time it was accepted or fired; 0: not yet

    bool operator==(const Purge &) const = default;
};

std::string_view mode_name(Mode mode);                 // "soft" ...
std::optional<Mode> parse_mode(std::string_view name);
std::string_view strategy_name(Strategy strategy);     // "immediate" ...
std::optional<Strategy> parse_strategy(std::string_view name);

// An id that sorts by time; given a good random number, it cannot be guessed, nor given twice.
std::string make_id(std::int64_t time_ms, std::uint64_t random);

// An id, a region: 1 to 64 of A-Z a-z 0-9 . _ -
bool is_name(std::string_view text);

// What an edge may be called: a word of up to 255 bytes.
bool is_node(std::string_view text);
inline constexpr std::size_t longest_node = 255;

// The most targets of one purge, cascades included.
inline constexpr std::size_t most_targets = 10000;
inline constexpr std::size_t most_regions = 64;
inline constexpr std::size_t longest_reason = 1024;
inline constexpr int most_batch = 10000;
inline constexpr std::int64_t longest_delay_ms = 3600 * 1000;

// One line of JSON, and back, whatever bytes it holds.  Reading trusts nothing:
// all of the above is checked, and targets that are alike merge.  Unknown
// members are ignored: a newer edge may have written it.
//
// The targets come last, so that what is said beside them can be read without them; they are the
// bulk of a large purge, and may have been printed before.
std::string print_purge(const Purge &purge);
std::string print_purge(const Purge &purge, std::string_view printed_targets);
std::string print_targets(const std::vector<Target> &targets);
Result<Purge> parse_purge(std::string_view json);

}  // namespace cdn::purge

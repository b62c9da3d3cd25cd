// Days, weekdays and times of day, and their spelling in the configuration.

#pragma once

#include "ttl/time_zone.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace cdn::ttl {

inline constexpr Seconds day_length = 86400;

inline constexpr std::array<std::string_view, 7> weekdays = {"mon", "tue", "wed", "thu",
                                                             "fri", "sat", "sun"};

// What a clock on the wall shows.
struct WallClock {
    std::int64_t day = 0;                              // since 1970-01-01
    Seconds      second = 0;                           // of it

    auto operator<=>(const WallClock &) const = default;
};

WallClock wall_clock(Time local);                      // Unix time plus the zone's offset
std::string print_wall_clock(WallClock clock);         // "2026-11-09 02:00"

unsigned weekday_of(std::int64_t day);                 // 0: Monday

// "mon-fri", "sat,sun", "fri-mon", "daily": bit 0 is Monday
std::optional<unsigned> parse_days(std::string_view text);

// "08:00", to "24:00"
std::optional<Seconds> parse_clock(std::string_view text);

// "2026-09-01": days since 1970
std::optional<std::int64_t> parse_date(std::string_view text);

}  // namespace cdn::ttl

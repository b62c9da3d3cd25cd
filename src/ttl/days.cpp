#include "ttl/days.h"

#include "core/text.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace cdn::ttl {

namespace {

std::optional<unsigned> parse_weekday(std::string_view word)
{
    const auto found = std::find(weekdays.begin(), weekdays.end(), word);
    return found == weekdays.end()
               ? std::nullopt : std::optional(static_cast<unsigned>(found - weekdays.begin()));
}

}  // namespace

WallClock wall_clock(Time local)
{
    const std::int64_t day = local / day_length - (local % day_length < 0);
    return {day, local - day * day_length};
}

std::string print_wall_clock(WallClock clock)
{
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(clock.day))};

    char text[40];
    std::snprintf(text, sizeof(text), "%04d-%02u-%02u %02d:%02d", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.second / 3600), static_cast<int>(clock.second / 60 % 60));
    return text;
}

unsigned weekday_of(std::int64_t day)
{
    return static_cast<unsigned>(((day + 3) % 7 + 7) % 7);   // 1970-01-01 was a Thursday
}

std::optional<unsigned> parse_days(std::string_view text)
{
    constexpr unsigned all_days = 0x7f;
    if (text == "daily") {
        return all_days;
    }

    unsigned days = 0;
    for (const auto part : split(text, ',')) {
        const auto [from, to, is_range] = cut(part, '-');
        const auto first = parse_weekday(from);
        const auto last = is_range ? parse_weekday(to) : first;
        if (!first || !last) {
            return std::nullopt;
        }
        for (unsigned day = *first;; day = (day + 1) % 7) {
            days |= 1U << day;
            if (day == *last) {
                break;
            }
        }
    }

    return days;
}

std::optional<Seconds> parse_clock(std::string_view text)
{
    if (text.size() != 5 || text[2] != ':') {
        return std::nullopt;
    }

    const auto hours = parse_digits(text.substr(0, 2));
    const auto minutes = parse_digits(text.substr(3));
    if (!hours || !minutes || *minutes > 59 || *hours > 24 || (*hours == 24 && *minutes > 0)) {
        return std::nullopt;
    }

    return *hours * 3600 + *minutes * 60;
}

std::optional<std::int64_t> parse_date(std::string_view text)
{
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
        return std::nullopt;
    }

    const auto year = parse_digits(text.substr(0, 4));
    const auto month = parse_digits(text.substr(5, 2));
    const auto day = parse_digits(text.substr(8));
    if (!year || !month || !day) {
        return std::nullopt;
    }

    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok()) {
        return std::nullopt;
    }

    return std::chrono::sys_days(date).time_since_epoch().count();
}

}  // namespace cdn::ttl

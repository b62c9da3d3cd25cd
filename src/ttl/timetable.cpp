#include "ttl/timetable.h"

#include "core/text.h"

#include <algorithm>

namespace cdn::ttl {

namespace {

constexpr unsigned     all_days = 0x7f;
constexpr std::int64_t farthest_days = 2 * 366;

std::string quoted(std::string_view text)
{
    return '"' + printable(text) + '"';
}

}  // namespace

std::optional<Error> Timetable::add_at(std::string_view when, std::string_view days)
{
    Moment moment;

    const auto mask = days.empty() ? all_days : parse_days(days);
    if (!mask) {
        return bad_request("days are like mon-fri, or sat,sun, or daily: " + quoted(days));
    }
    moment.days = *mask;
    moment.daily = days.empty() || days == "daily";

    if (const auto second = parse_clock(when); second && *second < day_length) {
        moment.second = *second;
    } else if (second || when.find(':') != when.npos || (!when.empty() && when[0] >= '0' && when[0] <= '9')) {
        return bad_request("a time is like 02:00, to 23:59: " + quoted(when));
    } else if (when == off_hours || when.empty()) {
        return bad_request("\"off_hours\" is the time outside all phases and has no start: give a time");
    } else {
        moment.phase = when;
    }

    moments_.push_back(std::move(moment));
    return std::nullopt;
}

std::optional<Error> Timetable::add_every(std::string_view interval)
{
    const auto seconds = parse_duration(interval);
    if (!seconds || *seconds < 60 || day_length % *seconds != 0) {
        return bad_request("an interval divides a day and is a minute or more, like 4h or 30m: "
                           + quoted(interval));
    }

    for (Seconds second = 0; second < day_length; second += *seconds) {
        moments_.push_back({{}, second, all_days, true});
    }
    return std::nullopt;
}

std::optional<Error> Timetable::misfit(const Schedule &schedule) const
{
    for (const Moment &moment : moments_) {
        if (!moment.phase.empty() && !schedule.has_phase(moment.phase)) {
            return bad_request("schedule " + quoted(schedule.name()) + " has no phase "
                               + quoted(moment.phase));
        }
    }

    return std::nullopt;
}

std::vector<Seconds> Timetable::of_day(const Schedule &schedule, std::int64_t day) const
{
    const bool holiday = schedule.is_holiday(day);

    std::vector<Seconds> out;
    for (const Moment &moment : moments_) {
        if ((moment.days >> weekday_of(day) & 1U) == 0 || (holiday && !moment.daily)) {
            continue;
        }
        if (moment.phase.empty()) {
            out.push_back(moment.second);
        } else {
            const auto starts = schedule.starts(moment.phase, day);
            out.insert(out.end(), starts.begin(), starts.end());
        }
    }

    return out;
}

std::optional<Due> next_due(const Schedule &schedule, const Timetable &table, Time t)
{
    const std::int64_t today = schedule.local(t).day;

    for (std::int64_t day = today; day <= today + farthest_days; day++) {
        std::optional<Due> first;
        for (const Seconds second : table.of_day(schedule, day)) {
            const Due due{schedule.reaches({day, second}), {day, second}};
            // two that a gap brings together are one
            if (due.at > t && (!first || due.at < first->at
                               || (due.at == first->at && due.clock > first->clock)))
            {
                first = due;
            }
        }
        if (first) {
            return first;
        }
    }

    return std::nullopt;
}

Look look(const Schedule &schedule, const Timetable &table, Time since, Time now, Seconds patience)
{
    Look found;

    const auto first = next_due(schedule, table, since);
    if (!first || first->at > now) {
        return found;
    }

    auto due = next_due(schedule, table, std::max(since, now - patience - 1));
    while (due && due->at <= now) {
        found.due = due;
        due = next_due(schedule, table, due->at);
    }
    if (!found.due) {
        found.skipped = first;
    }
    return found;
}

}  // namespace cdn::ttl

#include "ttl/schedule.h"

#include "core/text.h"
#include "ttl/days.h"

#include <algorithm>

namespace cdn::ttl {

namespace {

constexpr Seconds      week_length = 7 * day_length;
constexpr std::int64_t farthest_change = 2 * 366;      // days

std::string quoted(std::string_view text)
{
    return '"' + printable(text) + '"';
}

Error no_date(std::string_view text)
{
    return bad_request("not a date like 2026-09-01: " + quoted(text));
}

}  // namespace

bool Schedule::Phase::on(std::int64_t day, bool holiday) const
{
    return (days >> weekday_of(day) & 1U) != 0 && (daily || !holiday);
}

std::optional<Error> Schedule::set_timezone(std::string_view zone)
{
    if (zone_) {
        return bad_request("\"timezone\" is duplicate");
    }

    auto found = TimeZone::named(zone);
    if (!found) {
        return found.error();
    }

    zone_ = *found;
    return std::nullopt;
}

std::optional<Error> Schedule::add_phase(std::string_view name, std::string_view days,
                                         std::string_view hours)
{
    if (name == off_hours) {
        return bad_request("\"off_hours\" is the time outside all phases and cannot be set");
    }
    if (has_term(name)) {
        return bad_request(quoted(name) + " is already a term");
    }

    Phase phase;
    phase.name = name;
    phase.daily = days == "daily";

    const auto mask = parse_days(days);
    if (!mask) {
        return bad_request("days are like mon-fri, or sat,sun, or daily: " + quoted(days));
    }
    phase.days = *mask;

    const auto [from, to, is_range] = cut(hours, '-');
    const auto start = parse_clock(from);
    const auto end = parse_clock(to);
    if (!start || !end || *start == day_length) {
        return bad_request("hours are like 08:00-18:00: " + quoted(hours));
    }
    if (*start == *end) {
        return bad_request("phase " + quoted(name) + " ends when it starts, a whole day is 00:00-24:00");
    }
    phase.start = *start;
    phase.end = *end > *start ? *end : *end + day_length;

    // each day's occurrence against each of the others', on a circle of one week
    for (const Phase &other : phases_) {
        for (unsigned a = 0; a < 7; a++) {
            for (unsigned b = 0; b < 7; b++) {
                if ((phase.days >> a & 1U) == 0 || (other.days >> b & 1U) == 0) {
                    continue;
                }
                const Seconds own = a * day_length + phase.start;
                const Seconds its = b * day_length + other.start;
                const Seconds from_own = (its - own + week_length) % week_length;
                const Seconds from_its = (own - its + week_length) % week_length;
                if (from_own < phase.end - phase.start || from_its < other.end - other.start) {
                    return bad_request("phase " + quoted(name) + " overlaps phase "
                                       + quoted(other.name) + " on "
                                       + std::string(weekdays[from_own < from_its ? b : a]));
                }
            }
        }
    }

    phases_.push_back(std::move(phase));

    edges_ = {day_length};
    for (const Phase &p : phases_) {
        edges_.push_back(p.start);
        edges_.push_back(p.end > day_length ? p.end - day_length : p.end);
    }
    std::sort(edges_.begin(), edges_.end());
    return std::nullopt;
}

std::optional<Error> Schedule::add_term(std::string_view name, std::string_view first,
                                        std::string_view last, double factor)
{
    if (has_phase(name) || name == off_hours) {
        return bad_request(quoted(name) + " is already a phase");
    }

    const auto from = parse_date(first);
    const auto to = parse_date(last);
    if (!from || !to) {
        return no_date(from ? last : first);
    }
    if (*to < *from) {
        return bad_request("term " + quoted(name) + " ends before it starts");
    }
    if (factor <= 0) {
        return bad_request("the factor of term " + quoted(name) + " must be over 0");
    }

    for (const Term &other : terms_) {
        if (*from <= other.last && other.first <= *to) {
            return bad_request("term " + quoted(name) + " overlaps term " + quoted(other.name));
        }
    }

    terms_.push_back({{*from, *to}, std::string(name), factor});
    return std::nullopt;
}

std::optional<Error> Schedule::add_holiday(std::string_view first, std::string_view last)
{
    const auto from = parse_date(first);
    const auto to = parse_date(last);
    if (!from || !to) {
        return no_date(from ? last : first);
    }
    if (*to < *from) {
        return bad_request("the holiday ends before it starts: " + quoted(last));
    }

    holidays_.push_back({*from, *to});
    return std::nullopt;
}

std::optional<Error> Schedule::incomplete() const
{
    return zone_ ? std::nullopt
                 : std::optional(bad_request("needs a \"timezone\", like Europe/Berlin"));
}

bool Schedule::has_phase(std::string_view phase) const
{
    return std::any_of(phases_.begin(), phases_.end(),
                       [&](const Phase &p) { return p.name == phase; });
}

bool Schedule::has_term(std::string_view term) const
{
    return std::any_of(terms_.begin(), terms_.end(), [&](const Term &t) { return t.name == term; });
}

double Schedule::least_factor() const
{
    double least = 1;
    for (const Term &term : terms_) {
        least = std::min(least, term.factor);
    }

    return least;
}

std::vector<std::string_view> Schedule::phases() const
{
    std::vector<std::string_view> names;
    for (const Phase &phase : phases_) {
        if (std::find(names.begin(), names.end(), phase.name) == names.end()) {
            names.push_back(phase.name);
        }
    }

    names.push_back(off_hours);
    return names;
}

bool Schedule::is_holiday(std::int64_t day) const
{
    return std::any_of(holidays_.begin(), holidays_.end(),
                       [&](const Days &h) { return h.first <= day && day <= h.last; });
}

const Schedule::Phase *Schedule::phase_at(std::int64_t day, Seconds second) const
{
    const bool holiday = is_holiday(day);
    const bool after_holiday = is_holiday(day - 1);

    for (const Phase &phase : phases_) {
        if ((phase.start <= second && second < phase.end && phase.on(day, holiday))
            || (second + day_length < phase.end && phase.on(day - 1, after_holiday)))
        {
            return &phase;
        }
    }

    return nullptr;
}

WallClock Schedule::local(Time t) const
{
    return wall_clock(t + zone_->at(t).offset);
}

Time Schedule::reaches(WallClock clock) const
{
    constexpr Seconds over_any_offset = 30 * 3600;

    const Time wanted = clock.day * day_length + clock.second;
    Time t = wanted - over_any_offset;
    for (;;) {
        const auto [offset, until] = zone_->at(t);
        const Time reached = std::max(t, wanted - offset);   // already over it: the clocks skipped it
        if (reached < until) {
            return reached;
        }
        t = until;
    }
}

std::vector<Seconds> Schedule::starts(std::string_view name, std::int64_t day) const
{
    std::vector<Seconds> out;
    for (const Phase &phase : phases_) {
        if (phase.name == name && phase.on(day, is_holiday(day))) {
            out.push_back(phase.start);
        }
    }

    return out;
}

Moment Schedule::at(Time t) const
{
    const auto [offset, offset_until] = zone_->at(t);
    const auto [day, second] = wall_clock(t + offset);

    Moment moment;
    if (const Phase *phase = phase_at(day, second)) {
        moment.phase = phase->name;
    }
    for (const Term &term : terms_) {
        if (term.first <= day && day <= term.last) {
            moment.term = term.name;
            moment.factor = term.factor;
        }
    }

    const auto edge = std::upper_bound(edges_.begin(), edges_.end(), second);
    const Seconds end_of_day = day_length;
    moment.until = std::min(t + (edge == edges_.end() ? end_of_day : *edge) - second, offset_until);
    return moment;
}

Time Schedule::next_change(Time t) const
{
    const Moment now = at(t);
    const Time farthest = t + farthest_change * day_length;

    Time next = now.until;
    while (next < farthest) {
        const Moment then = at(next);
        if (!then.same_as(now)) {
            return next;
        }
        next = then.until;
    }

    return farthest;
}

}  // namespace cdn::ttl

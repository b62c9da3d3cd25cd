#include "ttl/schedule.h"

#include "core/text.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace cdn::ttl {

namespace {

constexpr Seconds      day_length = 86400;
constexpr Seconds      week_length = 7 * day_length;
constexpr std::int64_t farthest_change = 2 * 366;      // days

constexpr std::array<std::string_view, 7> weekdays = {"mon", "tue", "wed", "thu",
                                                      "fri", "sat", "sun"};
constexpr unsigned all_days = 0x7f;

std::string quoted(std::string_view text)
{
    return '"' + printable(text) + '"';
}

unsigned weekday_of(std::int64_t day)
{
    return static_cast<unsigned>(((day + 3) % 7 + 7) % 7);   // 1970-01-01 was a Thursday
}

std::optional<unsigned> parse_weekday(std::string_view word)
{
    const auto found = std::find(weekdays.begin(), weekdays.end(), word);
    return found == weekdays.end()
               ? std::nullopt : std::optional(static_cast<unsigned>(found - weekdays.begin()));
}

// "mon-fri", "sat,sun", "fri-mon"
std::optional<unsigned> parse_days(std::string_view text)
{
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

// "08:00", to "24:00"
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

// "2026-09-01": days since 1970
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

    const auto mask = phase.daily ? all_days : parse_days(days);
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

Moment Schedule::at(Time t) const
{
    const auto [offset, offset_until] = zone_->at(t);
    const Time local = t + offset;
    const std::int64_t day = local / day_length - (local % day_length < 0);
    const Seconds second = local - day * day_length;

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

// What holds at a moment: a phase of the day, a term of the year.
//
// Everything is read off the schedule's own wall clock.  A phase 02:00-03:00 is
// missing in the night in which clocks skip that hour, and holds twice in the
// night in which they repeat it.

#pragma once

#include "ttl/days.h"
#include "ttl/time_zone.h"

#include <optional>
#include <string>
#include <vector>

namespace cdn::ttl {

inline constexpr std::string_view off_hours = "off_hours";

struct Moment {
    std::string_view phase = off_hours;
    std::string_view term;                             // outside all terms: empty
    double           factor = 1;                       // the term's
    Time             until = 0;                        // nothing changes before

    bool same_as(const Moment &other) const { return phase == other.phase && term == other.term; }
};

class Schedule {
public:
    explicit Schedule(std::string name) : name_(std::move(name)) {}

    // What one line of the block says.
    std::optional<Error> set_timezone(std::string_view zone);
    std::optional<Error> add_phase(std::string_view name, std::string_view days,
                                   std::string_view hours);
    std::optional<Error> add_term(std::string_view name, std::string_view first,
                                  std::string_view last, double factor = 1);
    std::optional<Error> add_holiday(std::string_view first, std::string_view last);

    // What is missing at the block's end.
    std::optional<Error> incomplete() const;

    const std::string &name() const { return name_; }
    bool has_phase(std::string_view phase) const;
    bool has_term(std::string_view term) const;

    // `until` is at most the end of the local day; what follows may be the same.
    Moment at(Time t) const;

    // The first moment from t on, at most two years later, whose phase or term is
    // another one; `until` of the schedule's present state.
    Time next_change(Time t) const;

    // What the schedule's clock shows, and the first moment at which it shows that or later: one
    // that the clocks skip is reached right after the gap, one that comes twice the first time.
    WallClock local(Time t) const;
    Time reaches(WallClock clock) const;

    // When on that day the phase begins, which a holiday may prevent.
    std::vector<Seconds> starts(std::string_view phase, std::int64_t day) const;
    bool is_holiday(std::int64_t day) const;

    // The least of the terms' factors, at most 1.
    double least_factor() const;

    // All phases, off_hours last.
    std::vector<std::string_view> phases() const;

private:
    struct Phase {
        std::string name;
        unsigned    days = 0;                          // bit 0: Monday
        bool        daily = false;                     // holidays too
        Seconds     start = 0;                         // of the day it belongs to
        Seconds     end = 0;                           // over a day: after midnight

        bool on(std::int64_t day, bool holiday) const;
    };
    struct Days {
        std::int64_t first;                            // days since 1970, both inclusive
        std::int64_t last;
    };
    struct Term : Days {
        std::string name;
        double      factor;
    };

    const Phase *phase_at(std::int64_t day, Seconds second) const;

    std::string             name_;
    std::optional<TimeZone> zone_;
    std::vector<Phase>      phases_;
    std::vector<Term>       terms_;
    std::vector<Days>       holidays_;
    std::vector<Seconds>    edges_;                    // of phases, and midnight; sorted
};

}  // namespace cdn::ttl

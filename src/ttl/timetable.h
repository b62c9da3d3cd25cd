// Moments that come again in a schedule's local time: "at 02:00", "at 07:00
// mon-fri", "at pre_school", "every 4h".
//
// An hour that the clocks skip counts as reached right after the gap; one that
// comes twice counts the first time.  A time with days of the week, like the
// start of a phase, leaves holidays out; one without them, or "daily", does not.

#pragma once

#include "ttl/schedule.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::ttl {

class Timetable {
public:
    // "HH:MM" or the name of a phase; `days` is empty or like "mon-fri".
    std::optional<Error> add_at(std::string_view when, std::string_view days);

    // "4h": at 00:00, 04:00 ...; has to divide a day.
    std::optional<Error> add_every(std::string_view interval);

    bool empty() const { return moments_.empty(); }

    // Whether the schedule has the phases that are named.
    std::optional<Error> misfit(const Schedule &schedule) const;

    // Of one day, in any order.
    std::vector<Seconds> of_day(const Schedule &schedule, std::int64_t day) const;

private:
    struct Moment {
        std::string phase;                             // empty: `second`
        Seconds     second = 0;
        unsigned    days = 0;                          // bit 0: Monday
        bool        daily = true;                      // holidays too
    };

    std::vector<Moment> moments_;
};

struct Due {
    Time      at = 0;
    WallClock clock;                                   // as it stands in the timetable
};

// The first moment after `t`, within two years.
std::optional<Due> next_due(const Schedule &schedule, const Timetable &table, Time t);

// What has become due after `since` and until `now`: the last of it, unless that is over
// `patience` ago.
struct Look {
    std::optional<Due> due;
    std::optional<Due> skipped;                        // the first, where all of it is too late
};
Look look(const Schedule &schedule, const Timetable &table, Time since, Time now, Seconds patience);

}  // namespace cdn::ttl

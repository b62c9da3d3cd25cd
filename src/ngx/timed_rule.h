// What cdn_nightly and cdn_warm have in common: times of a schedule's day.

#pragma once

#include "core/text.h"
#include "ngx/conf.h"
#include "ttl/timetable.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn {

struct TimedRule {
    std::string          schedule_name;
    const ttl::Schedule *schedule = nullptr;           // once all of http {} is read
    ttl::Timetable       times;

    // "schedule NAME", "at HH:MM|PHASE [DAYS]", "every TIME"; false: another line.
    bool take(const std::vector<std::string_view> &line, std::optional<Error> &error)
    {
        const auto n = line.size() - 1;
        if (line[0] == "schedule" && n == 1) {
            if (!schedule_name.empty()) {
                error = bad_request("\"schedule\" is duplicate");
            }
            schedule_name = line[1];
        } else if (line[0] == "at" && (n == 1 || n == 2)) {
            error = times.add_at(line[1], n == 2 ? line[2] : "");
        } else if (line[0] == "every" && n == 1) {
            error = times.add_every(line[1]);
        } else {
            return false;
        }
        return true;
    }

    // Once all of http {} is read.
    std::optional<Error> find_schedule(const MainConf &main)
    {
        if (main.zone == nullptr) {
            return bad_request("needs shared memory: add \"cdn_zone 32m;\" to the http block");
        }
        LiveSchedule *live = main.ttl->schedule(schedule_name);
        if (live == nullptr) {
            return bad_request("unknown schedule \"" + printable(schedule_name) + '"');
        }
        schedule = &live->schedule();
        return times.misfit(*schedule);
    }
};

}  // namespace cdn

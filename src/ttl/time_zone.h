// A zone of the system's tz database; time_zone.cpp alone includes the library
// that reads it.

#pragma once

#include "core/result.h"

#include <cstdint>
#include <string_view>

namespace cdn::ttl {

using Time = std::int64_t;                             // Unix seconds
using Seconds = std::int64_t;

class TimeZone {
public:
    static Result<TimeZone> named(std::string_view name);   // "Europe/Berlin"

    // Local time is Unix time plus `offset`, until `until`.
    struct Offset {
        Seconds offset;
        Time    until;
    };
    Offset at(Time t) const;

private:
    explicit TimeZone(const void *zone) : zone_(zone) {}

    const void *zone_;                                 // lives as long as the process
};

}  // namespace cdn::ttl

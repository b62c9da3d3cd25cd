#include "ttl/time_zone.h"

#include "core/text.h"

#define USE_OS_TZDB 1                                  // as Debian builds it
#include <date/tz.h>

namespace cdn::ttl {

namespace {

date::sys_seconds instant(Time t)
{
    return date::sys_seconds(std::chrono::seconds(t));
}

}  // namespace

Result<TimeZone> TimeZone::named(std::string_view name)
{
    try {
        const date::time_zone *zone = date::locate_zone(name);
        zone->get_info(instant(0));                    // a damaged file throws here
        return TimeZone(zone);
    } catch (const std::exception &error) {
        return Error{ErrorCode::bad_request, "unknown time zone: \"" + printable(name)
                         + "\", use a name of the tz database like Europe/Berlin (package tzdata)",
                     error.what()};
    }
}

TimeZone::Offset TimeZone::at(Time t) const
{
    const auto info = static_cast<const date::time_zone *>(zone_)->get_info(instant(t));
    return {info.offset.count(), info.end.time_since_epoch().count()};
}

}  // namespace cdn::ttl

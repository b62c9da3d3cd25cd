#include "cli/when.h"

#include "cli/command.h"
#include "core/rfc3339.h"
#include "core/text.h"

#include <ctime>

namespace cdn::cli {

std::int64_t unix_now()
{
    return static_cast<std::int64_t>(std::time(nullptr));
}

std::int64_t read_time(const std::string &option, std::string_view text, std::int64_t now)
{
    if (text.starts_with('@')) {
        if (const auto time = parse_digits(text.substr(1))) {
            return *time;
        }
    } else if (const auto duration = parse_duration(text)) {
        return now + *duration;
    } else if (const auto time = parse_rfc3339(text)) {
        return *time / 1000;
    }

    throw Failure(Exit::usage, option + " takes seconds or a time like 12h from now, @ and a Unix time, or "
                                        "2027-01-15T08:00:00Z, not \"" + printable(text) + '"');
}

std::string print_time(std::int64_t time)
{
    const auto clock = static_cast<std::time_t>(time);
    std::tm parts{};
    char text[64];
    if (gmtime_r(&clock, &parts) == nullptr
        || std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
    {
        return "too far away for a calendar";
    }

    return text;
}

std::string print_duration(std::int64_t seconds)
{
    struct Unit {
        std::int64_t     size;
        std::string_view name;
    };
    static constexpr Unit units[] = {{86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}};

    std::string out;
    int count = 0;
    for (const Unit &unit : units) {
        if (seconds >= unit.size && count < 2) {
            out += out.empty() ? "" : " ";
            out += std::to_string(seconds / unit.size) + std::string(unit.name);
            seconds %= unit.size;
            count++;
        } else if (count > 0) {
            break;                                     // "1 d 5 s" would look exact
        }
    }

    return out.empty() ? "0 s" : out;
}

}  // namespace cdn::cli

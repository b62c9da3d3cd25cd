// Times on the command line and in its answers.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cdn::cli {

std::int64_t unix_now();

// "3600" and "12h" from now, "@1800000000", "2027-01-15T08:00:00Z"; what is none of
// them is refused under the option's name.
std::int64_t read_time(const std::string &option, std::string_view text, std::int64_t now);

// "2027-01-15 08:00:00 UTC"
std::string print_time(std::int64_t time);

// "1 d 2 h", "45 s": the two largest units.
std::string print_duration(std::int64_t seconds);

}  // namespace cdn::cli

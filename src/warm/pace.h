// When the next fetch of a warm-up may start, and whether one is tried again.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cdn::warm {

// At most so many at once, and so many a second (0: no limit).  Evenly: what was
// not started in time is not made up for, but for the tenth of a second that a
// timer may be late.
class Pace {
public:
    Pace(int concurrency, double per_second) : concurrency_(concurrency), per_second_(per_second) {}

    // Takes the right to start one; false: not yet.
    bool start(std::int64_t now_ms, int in_flight);

    // How long the rate alone still forbids one.
    std::int64_t wait_ms(std::int64_t now_ms) const;

private:
    int    concurrency_;
    double per_second_;
    double next_ms_ = 0;
};

// A 503 with "Retry-After: SECONDS" is tried once more, after that long: `tries` were
// made.  Over a minute is not waited for.
std::optional<std::int64_t> retry_in_ms(int status, std::string_view retry_after, int tries);

}  // namespace cdn::warm

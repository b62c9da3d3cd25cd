#include "warm/pace.h"

#include "core/text.h"

#include <algorithm>
#include <cmath>

namespace cdn::warm {

namespace {

constexpr double       late_ms = 100;
constexpr std::int64_t longest_retry_s = 60;

}  // namespace

bool Pace::start(std::int64_t now_ms, int in_flight)
{
    if (in_flight >= concurrency_ || wait_ms(now_ms) > 0) {
        return false;
    }
    if (per_second_ > 0) {
        next_ms_ = std::max(next_ms_, static_cast<double>(now_ms) - late_ms) + 1000 / per_second_;
    }
    return true;
}

std::int64_t Pace::wait_ms(std::int64_t now_ms) const
{
    return std::max<std::int64_t>(std::llround(std::ceil(next_ms_ - static_cast<double>(now_ms))), 0);
}

std::optional<std::int64_t> retry_in_ms(int status, std::string_view retry_after, int tries)
{
    const auto seconds = parse_digits(trim(retry_after));
    if (status != 503 || tries != 1 || !seconds || *seconds > longest_retry_s) {
        return std::nullopt;
    }
    return *seconds * 1000;
}

}  // namespace cdn::warm

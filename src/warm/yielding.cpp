#include "warm/yielding.h"

#include <algorithm>

namespace cdn::warm {

namespace {

constexpr double least_limit_ms = 50;
constexpr double unknown_limit_ms = 100;
constexpr int    longest_pause_s = 10;

}  // namespace

Yielding::Yielding(int most, std::optional<double> usual_ms)
    : most_(most),
      limit_ms_(usual_ms ? std::max(2 * *usual_ms, least_limit_ms) : unknown_limit_ms),
      allowed_(most)
{
}

int Yielding::allow(std::optional<double> p95_ms)
{
    if (p95_ms && *p95_ms > limit_ms_) {
        paused_s_ = allowed_ / 2 == 0 ? paused_s_ + 1 : 0;
        allowed_ = paused_s_ > longest_pause_s ? 1 : allowed_ / 2;
        paused_s_ = paused_s_ > longest_pause_s ? 0 : paused_s_;
    } else {
        paused_s_ = 0;
        allowed_ = std::min(allowed_ + 1, most_);
    }
    return allowed_;
}

}  // namespace cdn::warm

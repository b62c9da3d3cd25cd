// How much of a warm-up runs at once, so that visitors do not notice it.
//
// Asked once a second: while visitors wait longer than they usually do (p95 over
// twice the usual one and over 50 ms) the number of fetches at once is halved each
// second, down to a pause; when they do not, it grows by one a second.  After ten
// seconds of pause one fetch at a time goes on for a second: a run ends some time.

#pragma once

#include <optional>

namespace cdn::warm {

class Yielding {
public:
    // `usual_ms`: the p95 before the run; nothing is known of it where there were few requests.
    Yielding(int most, std::optional<double> usual_ms);

    // Of the last seconds; nothing where there were few requests.
    int allow(std::optional<double> p95_ms);

private:
    int    most_;
    double limit_ms_;
    int    allowed_;
    int    paused_s_ = 0;
};

}  // namespace cdn::warm

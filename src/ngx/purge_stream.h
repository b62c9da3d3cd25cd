// The fleet's stream of purges: one worker of an edge reads it and applies what others purged,
// and sends what of this edge's own the fleet has not got.

#pragma once

#include "ngx/purge_follower.h"

#include <chrono>

namespace cdn {

// By the worker that leads, often.
void lead_stream(Follower &f);
void stop_stream();

// Before there are workers; blocks.  False: not to its end.
bool read_to_the_end(Follower &f, std::chrono::milliseconds patience);

}  // namespace cdn

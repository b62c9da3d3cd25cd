// How long a transformation may keep a thread, roughly: enough to tell a
// thumbnail, which need not wait behind large work, from large work, and which
// format takes less of a thread.

#pragma once

#include "image/plan.h"

#include <cstdint>

namespace cdn::image {

// Before anything is known of the source but its size.
bool may_be_light(std::uint64_t source_bytes, const Request &request);

bool is_light(const SourceInfo &source, const Plan &plan);

// Leaves the negotiated formats that cost less than the chosen one, after which
// comes what every client shows.  False: the chosen one was not negotiated.
bool make_cheaper(Request &request, Format chosen);

// How often that is to be done for a picture that waited: the longer the queue,
// the cheaper what stands in it.
int steps_cheaper(std::uint64_t waited_ms, std::uint64_t timeout_ms);

}  // namespace cdn::image

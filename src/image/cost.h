// How long a transformation may keep a thread, roughly: enough to tell a
// thumbnail, which need not wait behind large work, from large work.

#pragma once

#include "image/plan.h"

#include <cstdint>

namespace cdn::image {

// Before anything is known of the source but its size.
bool may_be_light(std::uint64_t source_bytes, const Request &request);

bool is_light(const SourceInfo &source, const Plan &plan);

}  // namespace cdn::image

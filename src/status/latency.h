// Durations in buckets, and what can be said of them.

#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace cdn::status {

// The value that a share `q` (0..1) of all lie at or under.  Within a bucket they
// are taken as evenly spread, so the error is at most the bucket's width; in the
// last bucket, which has no bound, its lower bound is given.  Without values: nothing.
// `buckets` has one more element than `bounds`.
std::optional<double> percentile(std::span<const double> bounds,
                                 std::span<const std::uint64_t> buckets, double q);

}  // namespace cdn::status

#include "status/latency.h"

#include <numeric>

namespace cdn::status {

std::optional<double> percentile(std::span<const double> bounds,
                                 std::span<const std::uint64_t> buckets, double q)
{
    const std::uint64_t total = std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
    if (total == 0) {
        return std::nullopt;
    }

    const double wanted = q * static_cast<double>(total);
    double below = 0;
    for (std::size_t i = 0; i < bounds.size(); i++) {
        const auto here = static_cast<double>(buckets[i]);
        if (here > 0 && below + here >= wanted) {
            const double from = i == 0 ? 0 : bounds[i - 1];
            return from + (bounds[i] - from) * ((wanted - below) / here);
        }
        below += here;
    }

    return bounds.back();
}

}  // namespace cdn::status

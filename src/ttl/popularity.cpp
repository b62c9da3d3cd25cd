#include "ttl/popularity.h"

namespace cdn::ttl {

namespace {

struct Step {
    Tier             tier;
    std::string_view name;
    double           most;                             // rank
    Seconds          ttl;
};

constexpr Step steps[] = {
    {Tier::hot, "hot", 0.1, 7 * day},
    {Tier::warm, "warm", 0.3, 3 * day},
    {Tier::mild, "mild", 0.5, day},
    {Tier::cold, "cold", 1, 3600},
};

const Step &step(Tier tier)
{
    return steps[static_cast<std::size_t>(tier)];
}

}  // namespace

Tier tier(double rank)
{
    const auto *found = std::find_if(std::begin(steps), std::end(steps) - 1,
                                     [&](const Step &s) { return rank <= s.most; });
    return found->tier;
}

std::string_view name(Tier tier)
{
    return step(tier).name;
}

Seconds tier_ttl(const Profile &profile, Tier tier)
{
    const Seconds least = std::max(step(tier).ttl, profile.min_ttl.value_or(0));
    return std::min(least, profile.max_ttl.value_or(least));
}

}  // namespace cdn::ttl

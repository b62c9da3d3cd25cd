// "popularity on": the more an object is asked for, the longer it lives.

#pragma once

#include "ttl/profile.h"

namespace cdn::ttl {

enum class Tier { hot, warm, mild, cold };

// By an object's rank: the share of objects that are asked for at least as often, at most 1.
Tier tier(double rank);

std::string_view name(Tier tier);

// Within the profile's min_ttl and max_ttl.
Seconds tier_ttl(const Profile &profile, Tier tier);

}  // namespace cdn::ttl

// Advice in plain words: what to change, why, and with which directive.

#pragma once

#include "status/groups.h"
#include "status/popular.h"
#include "status/window.h"

#include <string>
#include <vector>

namespace cdn::status {

struct Recommendation {
    std::string text;
    std::string reason;
    std::string directive;
};

// What there is to judge by.
struct Day {
    Span                       span;                   // the last 24 hours
    std::vector<GroupDay>      groups;
    std::vector<PopularObject> objects;                // today's and yesterday's
    std::vector<PopularObject> misses;
};

// The most pressing first.  Silent below a hundred requests of what it is about.
std::vector<Recommendation> advise(const Day &day);

}  // namespace cdn::status

// What one worker remembers of the journal, which all workers write: purges to come, and those
// that the fleet has not got yet.

#pragma once

#include "ngx/conf.h"
#include "ngx/purge_state.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cdn {

// A purge as the journal has it.
struct Kept {
    std::optional<std::int64_t> at_ms;
    std::int64_t                time_ms = 0;
    std::string                 line;
};

// What the journal said up to `position`.
struct Follower {
    MainConf                   *conf = nullptr;
    ngx_log_t                  *log = nullptr;
    purge::Journal::Position    position = 0;
    std::map<std::string, Kept> to_come;
    std::set<std::string>       known;                 // ids of purges
    std::map<std::string, Kept> unpublished;           // of this edge; the fleet has not taken them
    std::set<std::string>       in_fleet;              // those to come that Redis will fire
    std::string                 cursor;                // in the fleet's stream
    std::map<std::string, std::int64_t> held;          // what holds since then, and could not be written down
    std::string                 complaint;             // said once until it can
};

// As much as takes no visitor's time.  True: up to the journal's end.
bool read_some(Follower &f);

void read_on(Follower &f);                             // to its end

// What of older segments has to stand in a new one.
std::vector<std::string> standing_lines(Follower &f);

// Accepts a purge that holds already, elsewhere in the fleet or by the clock.  Nothing: it could not be
// written down, and is to be tried again; it holds here meanwhile.
std::optional<Accepted> take(Follower &f, Prepared prepared);

// The same for a floor, known by that id.
bool take_floor(Follower &f, const std::string &id);

// A purge that could not be accepted is tried again, and said once.
void complain(Follower &f, const Error &error);

}  // namespace cdn

// How often an edge asks an inner tier again whose answer is as old as what a purge took.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace cdn::purge {

// A tier that has not heard of the purge yet will give something newer in a moment, and one
// that never purges never will: the longer it has been giving the same birth, the more seldom
// it is asked, and what it gave is kept meanwhile.  So who is late is believed again soon
// after it has caught up.
class Patience {
public:
    // Of this key's object, born at `born_ms`: is it fetched once more?
    bool asks_again(std::string_view key, std::int64_t born_ms, std::int64_t now_ms);

private:
    struct Tries {
        std::int64_t born_ms = 0;
        std::int64_t since_ms = 0;
        std::int64_t next_ms = 0;
        int          count = 0;
    };

    std::map<std::string, Tries> known_;
};

}  // namespace cdn::purge

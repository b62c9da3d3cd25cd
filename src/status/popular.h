// The objects asked for most: a bounded sketch in shared memory.
//
// Space-Saving (Metwally et al. 2005) in sets: an object's hash chooses a set of
// eight places; one that has none takes that of the least popular there, with its
// count, and remembers that count as its own possible error.  So a count is at most
// its error too high, and an object is missing only if others of its set were asked
// for more often.  Exact until a set is full.
//
// An object that is there is counted by one atomic addition.  A new one locks its
// set for a few hundred nanoseconds; whoever finds it locked for longer gives up.
// Sketches take turns by the day (UTC): there are those of today and of the week
// before.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::status {

struct PopularObject {
    std::string   name;
    std::uint64_t count = 0;
    std::uint64_t error = 0;                           // the count is at most this too high
    bool          gone = false;                        // when it was last asked for, there was none
};

class Popular {
public:
    static constexpr int days = 8;

    static std::size_t memory_size();

    explicit Popular(void *memory);                    // zeroed when new

    // An object's name is host and path; it is shown cut to 231 bytes.
    void add(std::string_view host, std::string_view path, bool gone = false);

    // What became of one, without counting it.
    void note(std::string_view host, std::string_view path, bool gone);

    // Empties the oldest sketch when a new day begins; one process at a time.
    void tick(std::int64_t now);

    // Most popular first, of today and of so many days before it that there are `last` of them.
    std::vector<PopularObject> all(int last = 2) const;

private:
    struct Memory;

    Memory *memory_;
};

}  // namespace cdn::status

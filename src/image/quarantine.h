// Sources that did harm lately: they took too long, or a worker died over them.
//
// The table lives in shared memory: a fixed size, atomics alone, valid when
// zeroed.  Sources are known by keyed fingerprints, never 0; times are Unix
// seconds.  A first offence is held against a source for two minutes, each
// further one twice as long, an hour at most; after a clean hour it is forgotten.

#pragma once

#include "image/plan.h"

#include <atomic>
#include <cstdint>

namespace cdn::image {

enum class Offence : std::uint8_t {
    none,
    suspected,                                         // in hand when a worker died: deadly if again
    slow,
    deadly,
};

inline constexpr std::int64_t longest_quarantine_seconds = 3600;

struct Held {
    Offence      offence = Offence::none;              // slow, deadly or none
    std::int64_t until = 0;                            // the last second of it
};

class Quarantine {
public:
    // What is held against it.  That it took too long for some `timeout_ms` says
    // nothing to those who would wait longer.
    Held held(std::uint64_t id, std::int64_t now, std::uint64_t timeout_ms) const;

    void add(std::uint64_t id, Offence offence, std::int64_t now, std::uint64_t timeout_ms = 0);

    // A process marks what its threads work on; the mark of a dead process tells
    // what it may have died over, or surely did if it was accused before.
    int  begin(std::uint64_t id, std::int32_t pid, std::int32_t tid);   // -1: no place is free
    void end(int mark);
    void end_all(std::int32_t pid);

    // From a handler of a fatal signal: this thread's mark, or all of its
    // process if it has none and so works for one of the others.
    void accuse(std::int32_t pid, std::int32_t tid);

    // Marks of the dead, of one source or (0) of all, become offences.
    void bury(std::int64_t now, bool (*alive)(std::int32_t pid), std::uint64_t id = 0);

private:
    struct Entry {
        std::atomic<std::uint64_t> id;                 // 0: free
        std::atomic<std::uint64_t> state;
    };

    struct Mark {
        std::atomic<std::int32_t>  pid;                // 0: free
        std::atomic<std::int32_t>  tid;
        std::atomic<std::uint64_t> id;
        std::atomic<bool>          accused;
    };

    static constexpr unsigned ways = 8;                // places for one id
    static constexpr unsigned rows = 128;
    static constexpr int      marks = 256;

    Entry entries_[rows * ways];
    Mark  marks_[marks];
};

// Whether a transformation that took too long tells of its source, rather than
// of how much was asked for.
bool source_is_to_blame(const Plan &plan);

}  // namespace cdn::image

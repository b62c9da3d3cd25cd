// Where the run of one cdn_warm stands: in shared memory, zeroed when new, so
// that another process can go on with it.

#pragma once

#include <atomic>
#include <cstdint>

namespace cdn::warm {

enum class Stage : std::int32_t { idle, waiting, running };

struct Progress {
    char                       name[64];               // of the rule; empty: free
    std::atomic<Stage>         stage;
    std::atomic<std::int32_t>  owner;                  // the process whose thread is at it; 0: none
    std::atomic<std::int64_t>  due;                    // which run it is or was, Unix time; 0: none yet
    std::atomic<std::int64_t>  started_ms;
    std::atomic<std::int64_t>  ended_ms;               // 0: not yet
    std::atomic<std::int64_t>  usual_us;               // visitors' p95 before it; 0: not known
    std::atomic<std::uint64_t> total;                  // jobs; 0: not yet known
    std::atomic<std::uint64_t> done;                   // the first so many of them
    std::atomic<std::uint64_t> succeeded;
    std::atomic<std::uint64_t> failed;
    std::atomic<std::uint64_t> left_out;
    std::atomic<std::uint64_t> bytes;
    std::atomic<std::int32_t>  at_once;                // as many as visitors leave room for

    // How much of that the metrics have.
    std::atomic<std::uint64_t> counted_succeeded;
    std::atomic<std::uint64_t> counted_failed;
    std::atomic<std::uint64_t> counted_bytes;
};

}  // namespace cdn::warm

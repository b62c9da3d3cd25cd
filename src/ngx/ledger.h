// What the workers hold, in shared memory, zeroed when new.

#pragma once

#include <atomic>
#include <cstdint>

namespace cdn {

bool process_lives(std::int32_t pid);

// What the jobs of each worker hold: pixel memory, by estimate, and threads that
// they keep for too long.  A worker's share is given back for it if it dies.
// Any thread.
class WorkerLedger {
public:
    void open(std::int32_t pid);                       // at the start of a worker
    void close(std::int32_t pid);                      // at its end
    bool charge(std::int32_t pid, std::uint64_t bytes, std::uint64_t limit);   // false: over it
    void settle(std::int32_t pid, std::uint64_t bytes);
    void overdue(std::int32_t pid, std::int32_t change);

    std::uint64_t memory() const;                      // of all workers
    std::uint64_t overdue_threads() const;

private:
    struct Share {
        std::atomic<std::int32_t>  pid;                // 0: free
        std::atomic<std::int32_t>  overdue;
        std::atomic<std::uint64_t> bytes;
    };

    Share &share(std::int32_t pid);

    Share shares_[128];                                // the last one: all who found no other
};

}  // namespace cdn

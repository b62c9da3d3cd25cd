#include "ngx/ledger.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <numeric>

namespace cdn {

bool process_lives(std::int32_t pid)
{
    return kill(pid, 0) == 0 || errno != ESRCH;
}

WorkerLedger::Share &WorkerLedger::share(std::int32_t pid)
{
    return *std::find_if(std::begin(shares_), std::end(shares_) - 1,
                         [&](const Share &share) { return share.pid.load() == pid; });
}

void WorkerLedger::close(std::int32_t pid)
{
    Share &own = share(pid);
    if (own.pid.load() == pid) {
        own.bytes.store(0);
        own.overdue.store(0);
        own.pid.compare_exchange_strong(pid, 0);
    }
}

void WorkerLedger::open(std::int32_t pid)
{
    // what the dead held, and a namesake of this process
    for (const Share &share : shares_) {
        const std::int32_t owner = share.pid.load();
        if (owner != 0 && (owner == pid || !process_lives(owner))) {
            close(owner);
        }
    }

    std::any_of(std::begin(shares_), std::end(shares_) - 1, [&](Share &share) {
        std::int32_t nobody = 0;
        return share.pid.compare_exchange_strong(nobody, pid);
    });
}

bool WorkerLedger::charge(std::int32_t pid, std::uint64_t bytes, std::uint64_t limit)
{
    // first noted, then asked whether it fits: a death in between loses nothing
    Share &own = share(pid);
    own.bytes.fetch_add(bytes);
    if (memory() <= limit) {
        return true;
    }

    own.bytes.fetch_sub(bytes);
    return false;
}

void WorkerLedger::settle(std::int32_t pid, std::uint64_t bytes)
{
    share(pid).bytes.fetch_sub(bytes);
}

void WorkerLedger::overdue(std::int32_t pid, std::int32_t change)
{
    share(pid).overdue.fetch_add(change);
}

std::uint64_t WorkerLedger::memory() const
{
    return std::accumulate(std::begin(shares_), std::end(shares_), std::uint64_t{0},
                           [](std::uint64_t sum, const Share &share) { return sum + share.bytes.load(); });
}

std::uint64_t WorkerLedger::overdue_threads() const
{
    return std::accumulate(std::begin(shares_), std::end(shares_), std::uint64_t{0},
                           [](std::uint64_t sum, const Share &share) {
                               return sum + static_cast<std::uint64_t>(std::max(share.overdue.load(), 0));
                           });
}

}  // namespace cdn

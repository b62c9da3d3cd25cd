// Purges on disk: what was acknowledged outlives every process.
//
// A directory holds
//   lock        locked by the running nginx; a binary upgrade inherits it
//   page        4 KiB that all its processes share: how far the journal goes,
//               the clock, the lock of those who write
//   journal.N   one JSON object a line; N grows
//   snapshot    what the lines of all journals before some N amount to
//
// A line counts from the moment the page says so; what a dying writer left
// behind it is overwritten.  Nothing is synced on the way: kill -9 loses
// nothing, a power cut may lose the last seconds.

#pragma once

#include "core/result.h"
#include "purge/table.h"

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::purge {

class Journal {
public:
    // Segment and offset in one number that grows.
    using Position = std::uint64_t;

    // Creates the directory, for that user; refused if another nginx has it.
    // `seed` is used if it is new.
    static Result<std::unique_ptr<Journal>> open(const std::string &directory, uid_t user, gid_t group,
                                                 std::uint64_t seed);
    ~Journal();
    Journal(const Journal &) = delete;
    Journal &operator=(const Journal &) = delete;

    const std::string &instance() const { return instance_; }   // differs from that of every other directory
    bool joined() const { return joined_; }            // another nginx has it open: a binary upgrade

    // Held by whoever appends or brings a table up to date; of all processes.
    class Lock {
    public:
        explicit Lock(Journal &journal);
        ~Lock();
        Lock(const Lock &) = delete;
        Lock &operator=(const Lock &) = delete;

    private:
        Journal &journal_;
    };

    Position end() const;                              // any time

    // False: the disk is full or gone, and the line does not count.
    bool append(const Lock &, std::string_view line);

    // Calls visit(line, position behind it) for what stands between; false when some of it is gone,
    // and the snapshot has to be read first.
    using Visit = std::function<void(std::string_view, Position)>;
    bool read(Position from, Position to, const Visit &visit) const;

    // Some of them, of about that many bytes, and how far that is; nothing when they are gone.
    std::optional<Position> read_some(Position from, Position to, std::size_t bytes, const Visit &visit) const;

    // Where the newest lines begin, of that many bytes at most and of the last two segments.
    Position tail_start(std::size_t bytes) const;

    // The newest lines, oldest first, at most that many bytes of them.
    std::vector<std::string> tail(std::size_t bytes) const;

    // Brings a table up to the journal's end; `apply` takes each line.  The table has no other
    // writer: it is behind the lock, or nobody else knows it.
    bool catch_up(Table &table, const std::function<void(std::string_view)> &apply) const;

    // Once the segment is large: a new one, that `standing` lines (purges to come) are carried over
    // to; then, without the lock and beside everything else, a snapshot of a table that has all
    // that stood before it.  Old segments but the last go with the snapshot; without it they stay.
    bool wants_new_segment() const;
    std::optional<std::uint32_t> start_segment(const Lock &, const std::vector<std::string> &standing);
    bool snapshot(const Table &table, std::uint32_t segment);

    // ---- one process leads: fires what is scheduled, listens to the fleet
    //
    // True: it is this one, until it is silent for 1.5 s or dead.
    bool lead(std::int32_t pid, std::int64_t now_ms);
    void step_down(std::int32_t pid);

    // Until when the leader has looked for what comes at fixed times; 0: never.
    std::int64_t looked_until() const;
    void set_looked_until(std::int64_t time);

    // ---- the clock of purges and fetches
    //
    // A fetch's birth is later than every purge it has seen the effect of, a
    // purge's time not earlier than any fetch begun before it: also within
    // one millisecond, and in all processes.

    std::int64_t birth(std::int64_t now_ms);
    std::int64_t purge_time(const Lock &, std::int64_t now_ms);

private:
    struct Page;

    Journal() = default;
    std::string segment_name(std::uint32_t segment) const;
    std::optional<Error> recover();

    std::string directory_;
    std::string instance_;
    bool        joined_ = false;
    int         lock_fd_ = -1;
    Page       *page_ = nullptr;
};

}  // namespace cdn::purge

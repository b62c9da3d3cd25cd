// The newest purge of each target, in shared memory: is this object purged?
//
// Readers take no lock.  Writers come one at a time, behind the journal's lock.
// A target is 24 bytes: a keyed 64-bit hash and the times of its newest hard
// and soft purge.  They stand in two halves: once the one that is written to is
// three quarters full, the other one follows; once that one is half as full,
// the first is forgotten as a whole and cleared, a few slots with each target
// that comes.  The floor is raised to the newest time forgotten: whatever is not
// younger counts as purged, which may be too much and is never too little.

#pragma once

#include "purge/object.h"
#include "purge/purge.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::purge {

// What a table holds, for a snapshot.
struct TableEntry {
    std::uint64_t hash = 0;
    std::int64_t  hard_ms = 0;
    std::int64_t  soft_ms = 0;
};

struct PatternEntry {
    std::string  text;
    std::int64_t hard_ms = 0;
    std::int64_t soft_ms = 0;
};

struct TableImage {
    std::uint64_t              seed = 0;               // of the hashes
    std::int64_t               floor_ms = 0;
    std::int64_t               strict_floor_ms = 0;
    std::int64_t               newest_ms = 0;
    std::int64_t               any_tag_hard_ms = 0;
    std::int64_t               any_tag_soft_ms = 0;
    std::vector<std::uint16_t> prefix_lengths;
    std::vector<TableEntry>    entries;
    std::vector<PatternEntry>  patterns;
};

// A view of the shared memory; copies share it.
class Table {
public:
    static constexpr std::size_t least_size = 32 * 1024;

    // `memory` is zeroed and of at least least_size when `fresh`.
    Table(void *memory, std::size_t size, bool fresh);

    // ---- one writer at a time

    void apply(const std::vector<Target> &targets, Mode mode, std::int64_t time_ms);
    void raise_floor(std::int64_t time_ms, bool strict = false);
    void restore(const TableImage &image);             // into a fresh table
    void set_seed(std::uint64_t seed);                 // before the first apply()

    // How far in the journal this table is.
    std::uint64_t position() const;
    void set_position(std::uint64_t position);

    // Files of hard purges up to then have been looked for.
    std::int64_t swept_ms() const;
    void set_swept_ms(std::int64_t time_ms);

    // ---- any reader

    TableImage image() const;                          // all of what is applied by now, some of what comes

    // Objects stored before `oldest_ms` (now - retention) count as soft-purged.  Patterns that there is no
    // time to compare with count as matched.
    Verdict judge(const Object &object, std::int64_t oldest_ms) const;

    // From 1 up, with each change: until the next one, a verdict stands.
    std::uint64_t generation() const;

    std::int64_t newest_ms() const;                    // of all purges
    std::int64_t newest_hard_ms() const;
    std::int64_t floor_ms() const;
    std::uint64_t records() const;                     // targets and patterns held
    std::uint64_t capacity() const;
    std::uint64_t patterns() const;
    std::uint64_t evictions() const;                   // targets and patterns forgotten for room

private:
    struct Head;
    struct Slot;
    struct Pattern;
    struct Times {
        std::int64_t hard = 0;
        std::int64_t soft = 0;

        void raise(Times other);
    };

    Slot *half(unsigned which) const;
    Pattern *pattern_slots() const;
    std::uint64_t hash(Kind kind, std::string_view text) const;
    Times find(Kind kind, std::string_view text) const;
    Times find_in(const Slot *slots, std::uint64_t wanted) const;
    void put(std::uint64_t hash, Times times);
    void put_pattern(std::string_view text, Times times);
    void put_prefix_length(std::size_t length);
    void make_room();
    void clear_slots(std::uint64_t count);
    void forget(Times newest);
    Times newest_for(const Object &object) const;
    void raise_for_text(std::string_view text, std::int64_t born_ms, std::size_t &steps, Times &times) const;

    Head *head_;
};

}  // namespace cdn::purge

// Where an object stands among all that are asked for: a bounded sketch in shared
// memory, for lifetimes by popularity.
//
// Requests are counted in a count-min sketch (Cormode and Muthukrishnan 2005) with
// conservative update (Estan and Varghese 2002): four cells an object, of which the
// lowest are raised, and the lowest is its count.  How many objects have reached each
// count is noted as they reach it, so that a count's rank is one division.  All
// counts are halved every day: yesterday counts half, and who was asked for once
// is forgotten.
//
// A count is never too low.  It is too high only for an object that shares all four
// cells with others: for at most one in a hundred of 100,000 objects, one in seven of
// 250,000, every other of 500,000; such objects are not known as ones of their
// own either.  That far the ranks are exact (but for two processes that count in
// one cell at the same instant); beyond, they are among the most popular ones.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace cdn::status {

class Ranking {
public:
    static constexpr std::uint32_t least_known = 100;  // of fewer, ranks mean nothing

    static std::size_t memory_size();

    explicit Ranking(void *memory);                    // zeroed when new

    // `object`: all bits of it random, as a digest's are.
    void add(std::uint64_t object);

    // The share of known objects that were asked for at least as often, over 0, at most 1:
    // who is as popular as others stands behind all of them.  Nothing: too few are known.
    std::optional<double> rank(std::uint64_t object) const;

    std::uint32_t known() const;                       // objects

    // Halves the counts when a new day (UTC) begins; one process at a time.
    void tick(std::int64_t now);

private:
    struct Memory;

    void halve();

    Memory *memory_;
};

}  // namespace cdn::status

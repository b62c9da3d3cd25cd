// The purges that hold: the table in shared memory, brought up to date from
// the journal on disk, and the way new ones get into both.

#pragma once

#include "ngx/conf.h"
#include "purge/api.h"
#include "purge/line.h"
#include "purge/table.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cdn {

struct Purges {
    purge::Table    table;
    purge::Journal &journal;
};

// While a configuration with purges is loaded, in the master: opens the
// journal, fills the table.  False: said why.
bool open_purges(MainConf &conf, ngx_cycle_t *cycle, void *memory, std::size_t size, bool fresh);

// Nothing where no location obeys or takes purges.  The table is up to date.
std::optional<Purges> purges(const MainConf &conf);

// Applies about so many bytes of what another nginx of a binary upgrade has written, beside requests, which
// else would have to.  True: that was all.
bool keep_up(const MainConf &conf, std::size_t bytes);

// A purge with the text of its targets: what takes long of accepting ten thousand is done beforehand.
struct Prepared {
    purge::Purge purge;
    std::string  printed_targets;
};
Prepared prepare(purge::Purge purge);

// As it stands in the journal, and travels to other edges.
struct Accepted {
    purge::Purge purge;
    std::string  line;
};

// Accepts a purge: gives it its id and, unless it has one, its time, keeps it on disk, applies it.  One
// that is to come is kept only.  What is refused is as it was but for these.
Result<Accepted> accept_purge(const MainConf &conf, Prepared &&prepared);

// Applies one that the disk did not take, until this nginx ends; since when.
std::int64_t hold_purge(const MainConf &conf, const purge::Purge &purge);

// The same for one whose id others may give it too, by a caller who knows that it does not stand
// in the journal before `position`; nothing where it does behind that.
Result<std::optional<Accepted>> accept_once(const MainConf &conf, purge::Purge purge,
                                            purge::Journal::Position position);

// Keeps the journal short: what is before its newest segment becomes a snapshot.  `standing` lines go
// to that segment.
void start_segment(const MainConf &conf, const std::function<std::vector<std::string>()> &standing);

// Counts one that a caller or the clock of this edge asked for.
void count_purge(const MainConf &conf, const purge::Purge &purge);

// Writes a line for what happened to a purge.  False: the disk is full; a floor holds nevertheless.
bool note(const MainConf &conf, const purge::Line &line);

// Wall clock, now and not at the start of the event loop's turn.
std::int64_t clock_ms();

// Objects stored before that count as soft-purged.
std::int64_t oldest_ms(const MainConf &conf);

}  // namespace cdn

// One line of the journal.

#pragma once

#include "purge/purge.h"

#include <string>
#include <string_view>
#include <variant>

namespace cdn::purge {

// A scheduled purge that will not happen.
struct Cancelled { std::string id; };

// A purge of this nginx that the fleet's stream has taken.
struct Published { std::string id; };

// How far the fleet's stream is applied here.
struct Cursor { std::string id; };

// Everything fetched until this moment counts as soft-purged: something that
// was purged meanwhile may have been missed.  Strict: it may be served only
// if it cannot be fetched anew.
struct Floor {
    std::int64_t time_ms = 0;
    bool         strict = false;
};

// A Purge with a time is applied, one without is to come.
using Line = std::variant<Purge, Cancelled, Published, Cursor, Floor>;

std::string print_line(const Line &line);
Result<Line> parse_line(std::string_view text);

// The same without a purge's targets: as cheap for ten thousand of them as for one.
struct PurgeHead {
    std::string                 id;
    std::string                 node;
    std::optional<std::int64_t> at_ms;
    std::int64_t                time_ms = 0;
};
using LineHead = std::variant<PurgeHead, Cancelled, Published, Cursor, Floor>;
Result<LineHead> parse_line_head(std::string_view text);

}  // namespace cdn::purge

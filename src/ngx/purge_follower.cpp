#include "ngx/purge_follower.h"

#include "ngx/bridge.h"
#include "purge/line.h"

namespace cdn {

namespace {

constexpr std::size_t most_known = 100'000;
constexpr std::size_t read_a_turn = 64 * 1024;         // 450 purges of a target, which take 1.5 ms

void take_line(Follower &f, std::string_view text)
{
    auto line = purge::parse_line_head(text);
    if (!line) {
        return;
    }

    if (const auto *purge = std::get_if<purge::PurgeHead>(&*line)) {
        if (f.known.size() >= most_known) {
            f.known.erase(f.known.begin());            // the oldest: one that comes twice is applied twice
        }
        f.known.insert(purge->id);
        const Kept kept{purge->at_ms, purge->time_ms, std::string(text)};
        if (f.conf->redis != nullptr && purge->node == view(f.conf->node)) {
            f.unpublished[purge->id] = kept;
        }
        if (purge->time_ms > 0) {
            f.to_come.erase(purge->id);
        } else {
            f.to_come[purge->id] = kept;
        }
    } else if (const auto *cancelled = std::get_if<purge::Cancelled>(&*line)) {
        f.to_come.erase(cancelled->id);
        f.unpublished.erase(cancelled->id);
    } else if (const auto *published = std::get_if<purge::Published>(&*line)) {
        f.unpublished.erase(published->id);
        f.in_fleet.insert(published->id);
    } else if (const auto *cursor = std::get_if<purge::Cursor>(&*line)) {
        f.cursor = cursor->id;
    }
}

}  // namespace

bool read_some(Follower &f)
{
    const purge::Journal &journal = *f.conf->journal;
    const auto end = journal.end();
    if (f.position == end) {
        return true;
    }

    const auto visit = [&](std::string_view text, purge::Journal::Position) { take_line(f, text); };
    const auto next = f.position != 0 ? journal.read_some(f.position, end, read_a_turn, visit) : std::nullopt;
    if (next) {
        f.position = *next;
    } else {                                           // new, or far behind
        f.to_come.clear();
        f.unpublished.clear();
        f.position = journal.tail_start(SIZE_MAX / 2);
    }
    return f.position == end;
}

void read_on(Follower &f)
{
    while (!read_some(f)) {
    }
}

std::vector<std::string> standing_lines(Follower &f)
{
    read_on(f);

    std::vector<std::string> lines;
    for (const auto &[id, kept] : f.to_come) {
        lines.push_back(kept.line);
        if (f.in_fleet.contains(id)) {
            lines.push_back(purge::print_line(purge::Published{id}));
        }
    }
    for (const auto &[id, kept] : f.unpublished) {
        if (!f.to_come.contains(id)) {
            lines.push_back(kept.line);
        }
    }
    if (!f.cursor.empty()) {
        lines.push_back(purge::print_line(purge::Cursor{f.cursor}));
    }
    return lines;
}

std::optional<Accepted> take(Follower &f, Prepared prepared)
{
    const std::string id = prepared.purge.id;
    if (const auto held = f.held.find(id); held != f.held.end()) {
        prepared.purge.time_ms = held->second;
    }

    auto accepted = accept_purge(*f.conf, std::move(prepared));
    if (!accepted) {
        complain(f, accepted.error());
        if (!f.held.contains(id)) {
            f.held[id] = hold_purge(*f.conf, prepared.purge);
        }
        return std::nullopt;
    }

    f.held.erase(id);
    if (!f.complaint.empty()) {
        f.complaint.clear();
        ngx_log_error(NGX_LOG_NOTICE, f.log, 0, "cdn purge: purges are written down again");
    }
    return std::move(*accepted);
}

bool take_floor(Follower &f, const std::string &id)
{
    const auto held = f.held.emplace(id, clock_ms()).first;
    const bool written = note(*f.conf, purge::Floor{held->second, true});
    if (written) {
        f.held.erase(held);
    }
    return written;
}

void complain(Follower &f, const Error &error)
{
    if (f.complaint == error.message) {
        return;
    }
    f.complaint = error.message;
    log_error(f.log, NGX_LOG_ERR, "cdn purge", error);
}

}  // namespace cdn

#include "ngx/purge_state.h"

#include "core/digest.h"
#include "ngx/aside.h"
#include "ngx/bridge.h"
#include "ngx/purge_leader.h"
#include "ngx/zone.h"

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <set>

#include <pwd.h>
#include <time.h>

namespace cdn {

namespace {

std::string make_id(std::int64_t time_ms)
{
    return purge::make_id(time_ms, random_number());
}

void apply_line(purge::Table &table, const purge::Line &line)
{
    if (const auto *purge = std::get_if<purge::Purge>(&line); purge != nullptr && purge->time_ms > 0) {
        table.apply(purge->targets, purge->mode, purge->time_ms);
    } else if (const auto *floor = std::get_if<purge::Floor>(&line)) {
        table.raise_floor(floor->time_ms, floor->strict);
    }
}

bool catch_up(const purge::Journal &journal, purge::Table &table)
{
    return journal.catch_up(table, [&](std::string_view text) {
        if (const auto line = purge::parse_line(text)) {
            apply_line(table, *line);                  // else of a newer version; nothing here is lost by it
        }
    });
}

void bring_up_to_date(const purge::Journal::Lock &lock, purge::Journal &journal, purge::Table &table)
{
    if (!catch_up(journal, table)) {
        table.raise_floor(journal.purge_time(lock, clock_ms()));
        table.set_position(journal.end());
    }
}

Result<Accepted> accept(const purge::Journal::Lock &lock, const MainConf &conf, Prepared &prepared)
{
    purge::Journal &journal = *conf.journal;
    purge::Table table(conf.purge_table, conf.purge_table_size, false);
    purge::Purge &purge = prepared.purge;

    const std::int64_t now = clock_ms();
    if (purge.id.empty()) {
        purge.id = make_id(now);
        purge.node = view(conf.node);
    }
    if (purge.time_ms == 0 && (!purge.at_ms || *purge.at_ms <= now)) {
        purge.time_ms = journal.purge_time(lock, now);
    }

    // what others wrote, then this one, which need not be read for it
    bring_up_to_date(lock, journal, table);
    std::string line = purge::print_purge(purge, prepared.printed_targets);
    if (!journal.append(lock, line)) {
        return Error{ErrorCode::internal, "the purge could not be written down, and is not accepted",
                     std::strerror(errno)};
    }
    if (purge.time_ms > 0) {
        table.apply(purge.targets, purge.mode, purge.time_ms);
    }
    table.set_position(journal.end());
    return Accepted{std::move(purge), std::move(line)};
}

// One nginx has one journal a directory, however often it is reloaded.
std::shared_ptr<purge::Journal> &known_journal(const std::string &directory)
{
    static std::map<std::string, std::shared_ptr<purge::Journal>> known;
    return known[directory];
}

}  // namespace

bool open_purges(MainConf &conf, ngx_cycle_t *cycle, void *memory, std::size_t size, bool fresh)
{
    const std::string directory(view(conf.state));
    auto *core = reinterpret_cast<ngx_core_conf_t *>(ngx_get_conf(cycle->conf_ctx, ngx_core_module));

    auto &known = known_journal(directory);
    bool is_new = false;
    if (!known) {
        auto opened = purge::Journal::open(directory, core->user, core->group, random_number());
        if (!opened) {
            const ngx_str_t message = borrow(opened.error().message);
            ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "\"cdn_state\": %V", &message);
            return false;
        }
        known = std::move(*opened);
        is_new = !known->joined();
    }

    purge::Table table(memory, size, fresh);
    if (fresh) {
        catch_up(*known, table);                       // nearly all of it, while nobody waits for the lock
    }
    {
        const purge::Journal::Lock lock(*known);
        if (!catch_up(*known, table)) {
            // lines are gone that were promised to hold
            table.raise_floor(known->purge_time(lock, clock_ms()));
            table.set_position(known->end());
            ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                          "cdn purge: the journal in \"%V\" is incomplete: all that is cached counts as "
                          "soft-purged", &conf.state);
        }
    }

    conf.journal = known.get();
    conf.purge_table = memory;
    conf.purge_table_size = size;
    if (is_new) {
        catch_up_with_fleet(conf, cycle->log);
    }
    return true;
}

std::optional<Purges> purges(const MainConf &conf)
{
    if (conf.journal == nullptr) {
        return std::nullopt;
    }

    Purges p{purge::Table(conf.purge_table, conf.purge_table_size, false), *conf.journal};
    if (p.table.position() != p.journal.end()) {
        // another nginx of a binary upgrade, or of another zone size, has written since keep_up(): nobody is
        // served before that is known.  Most often it is little; a call of 10,000 targets takes 6 ms
        const purge::Journal::Lock lock(p.journal);
        bring_up_to_date(lock, p.journal, p.table);
    }
    return p;
}

bool keep_up(const MainConf &conf, std::size_t bytes)
{
    purge::Journal &journal = *conf.journal;
    purge::Table table(conf.purge_table, conf.purge_table_size, false);

    const auto from = table.position();
    const auto end = journal.end();
    if (from == end) {
        return true;
    }

    // parsed before the lock is taken, which the other nginx needs for each purge
    std::vector<purge::Line> lines;
    const auto next = journal.read_some(from, end, bytes, [&](std::string_view text, purge::Journal::Position) {
        if (auto line = purge::parse_line(text)) {
            lines.push_back(std::move(*line));
        }
    });

    const purge::Journal::Lock lock(journal);
    if (table.position() == from) {                    // no other worker was faster
        if (next) {
            for (const purge::Line &line : lines) {
                apply_line(table, line);
            }
            table.set_position(*next);
        } else {
            bring_up_to_date(lock, journal, table);
        }
    }
    return table.position() == journal.end();
}

Prepared prepare(purge::Purge purge)
{
    Prepared prepared{std::move(purge), {}};
    prepared.printed_targets = purge::print_targets(prepared.purge.targets);
    return prepared;
}

Result<Accepted> accept_purge(const MainConf &conf, Prepared &&prepared)
{
    const purge::Journal::Lock lock(*conf.journal);
    return accept(lock, conf, prepared);
}

std::int64_t hold_purge(const MainConf &conf, const purge::Purge &purge)
{
    purge::Journal &journal = *conf.journal;
    const purge::Journal::Lock lock(journal);
    purge::Table table(conf.purge_table, conf.purge_table_size, false);

    const std::int64_t time_ms = purge.time_ms > 0 ? purge.time_ms : journal.purge_time(lock, clock_ms());
    table.apply(purge.targets, purge.mode, time_ms);
    return time_ms;
}

Result<std::optional<Accepted>> accept_once(const MainConf &conf, purge::Purge purge,
                                            purge::Journal::Position position)
{
    const purge::Journal &journal = *conf.journal;
    const purge::Journal::Lock lock(*conf.journal);

    bool stands = false;
    const bool whole = journal.read(position, journal.end(), [&](std::string_view text, purge::Journal::Position) {
        const auto line = purge::parse_line_head(text);
        const auto *other = line ? std::get_if<purge::PurgeHead>(&*line) : nullptr;
        stands = stands || (other != nullptr && other->id == purge.id);
    });
    if (!whole) {
        return Error{ErrorCode::internal, "the journal has been compacted meanwhile"};
    }
    if (stands) {
        return std::optional<Accepted>();
    }

    Prepared prepared = prepare(std::move(purge));
    auto accepted = accept(lock, conf, prepared);
    if (!accepted) {
        return accepted.error();
    }
    return std::optional(std::move(*accepted));
}

void start_segment(const MainConf &conf, const std::function<std::vector<std::string>()> &standing)
{
    static bool busy = false;

    purge::Journal &journal = *conf.journal;
    if (busy || !journal.wants_new_segment()) {
        return;
    }

    purge::Table table(conf.purge_table, conf.purge_table_size, false);
    std::optional<std::uint32_t> segment;
    {
        const purge::Journal::Lock lock(journal);
        bring_up_to_date(lock, journal, table);
        segment = journal.start_segment(lock, standing());
        table.set_position(journal.end());
    }
    if (segment) {                                     // where it fails the journal goes on growing
        busy = true;
        do_aside([&journal, table, n = *segment] { static_cast<void>(journal.snapshot(table, n)); },
                 [] { busy = false; });
    }
}

void count_purge(const MainConf &conf, const purge::Purge &purge)
{
    auto z = zone(conf);
    if (!z) {
        return;
    }

    std::set<purge::Kind> kinds;
    for (const purge::Target &target : purge.targets) {
        if (kinds.insert(target.kind).second) {
            z->counters.add(status::Metric::purges,
                            {z->counters.label(purge::kind_name(target.kind)),
                             z->counters.label(purge::mode_name(purge.mode)),
                             z->counters.label(purge.source)});
        }
    }
}

bool note(const MainConf &conf, const purge::Line &line)
{
    purge::Journal &journal = *conf.journal;
    purge::Table table(conf.purge_table, conf.purge_table_size, false);
    const purge::Journal::Lock lock(journal);

    if (!journal.append(lock, purge::print_line(line))) {
        if (const auto *floor = std::get_if<purge::Floor>(&line)) {
            table.raise_floor(floor->time_ms, floor->strict);
        }
        return false;
    }
    catch_up(journal, table);
    return true;
}

std::int64_t clock_ms()
{
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

std::int64_t oldest_ms(const MainConf &conf)
{
    const ngx_time_t *now = ngx_timeofday();
    return std::int64_t{now->sec} * 1000 - static_cast<std::int64_t>(conf.purge_retention);
}

}  // namespace cdn

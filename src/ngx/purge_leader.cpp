#include "ngx/purge_leader.h"

#include "ngx/aside.h"
#include "ngx/bridge.h"
#include "ngx/nightly.h"
#include "ngx/purge_fleet.h"
#include "ngx/purge_state.h"
#include "ngx/purge_sweeper.h"
#include "ngx/warm_leader.h"
#include "ngx/zone.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>

namespace cdn {

namespace {

constexpr ngx_msec_t   interval_ms = 200;
constexpr std::int64_t present_every_ms = 5000;
constexpr int          block_ms = 4000;
constexpr std::int64_t read_patience_ms = 6000;
constexpr std::chrono::milliseconds catch_up_patience{2000};
constexpr std::size_t  most_known = 100'000;

// What visitors wait for at most when there is much to do.
constexpr ngx_msec_t                soon_ms = 1;
constexpr ngx_msec_t                failed_ms = 1000;
constexpr std::chrono::milliseconds turn{2};
constexpr std::size_t               read_a_turn = 128 * 1024;
constexpr std::size_t               send_a_turn = 64;
constexpr std::size_t               bytes_a_turn = 1024 * 1024;

// A purge as the journal has it.
struct Kept {
    std::optional<std::int64_t> at_ms;
    std::int64_t                time_ms = 0;
    std::string                 line;
};

// A purge of another edge.
struct Incoming {
    purge::Entry            entry;
    std::optional<Prepared> prepared;                  // nothing: malformed
};

// What the journal said up to `position`.
struct Follower {
    MainConf                   *conf = nullptr;
    purge::Journal::Position    position = 0;
    std::map<std::string, Kept> to_come;
    std::set<std::string>       known;                 // ids of purges
    std::map<std::string, Kept> unpublished;           // of this edge; the fleet has not taken them
    std::set<std::string>       in_fleet;              // those to come that Redis will fire
    std::string                 cursor;                // in the fleet's stream

    std::unique_ptr<RedisLink> reader;
    std::int64_t               present_at_ms = 0;
    bool                       firing = false;
    std::set<std::string>      publishing;
    std::uint64_t              round = 0;              // of reading the stream; a reconnect starts a new one
    std::deque<Incoming>       incoming;
    std::vector<purge::Node>   nodes;                  // by which they are rolled out
    std::deque<std::pair<std::string, std::string>> to_offer;   // id and line
    bool                       offering = false;

    ngx_event_t      timer{};
    ngx_event_t      turn_timer{};                     // goes on with what is incoming
    ngx_connection_t timer_log{};                      // nginx's timers log through a connection
};

Follower &follower()
{
    static Follower instance;
    return instance;
}

void take_line(Follower &f, std::string_view text)
{
    auto line = purge::parse_line_head(text);
    if (!line) {
        return;
    }

    if (const auto *purge = std::get_if<purge::PurgeHead>(&*line)) {
        if (f.known.size() >= most_known) {
            f.known.clear();                           // one that comes twice is applied twice
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

// True: up to the journal's end.
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

// What of older segments has to stand in a new one.
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

void complain(const Error &error)
{
    const ngx_str_t message = borrow(error.message);
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "cdn purge: %V", &message);
}

// Tells the fleet of one that this edge has applied.
void publish_applied(const Follower &f, const Accepted &accepted)
{
    if (f.conf->redis == nullptr) {
        return;
    }

    const purge::Purge &purge = accepted.purge;
    send_receipt(*f.conf, purge.id, purge.time_ms);
    publish(*f.conf, purge.id, std::nullopt, accepted.line, [id = purge.id](bool taken) {
        if (taken) {
            static_cast<void>(note(*follower().conf, purge::Published{id}));
        }
    });
}

// Those that this nginx alone knows of; Redis fires the fleet's.
void fire_due(Follower &f)
{
    if (f.firing) {
        return;
    }

    const std::int64_t now = clock_ms();
    std::size_t bytes = 0;
    auto due = std::make_shared<std::vector<std::pair<std::string, std::optional<Prepared>>>>();
    auto lines = std::make_shared<std::vector<std::string>>();
    for (const auto &[id, kept] : f.to_come) {
        if ((!kept.at_ms || *kept.at_ms <= now) && !f.in_fleet.contains(id)) {
            due->emplace_back(id, std::nullopt);
            lines->push_back(kept.line);
            bytes += kept.line.size();
        }
        if (bytes > bytes_a_turn) {
            break;
        }
    }
    if (due->empty()) {
        return;
    }

    f.firing = true;
    const auto parse = [due, lines] {
        for (std::size_t i = 0; i < due->size(); i++) {
            if (auto purge = purge::parse_purge((*lines)[i])) {
                (*due)[i].second = prepare(std::move(*purge));
            }
        }
    };
    do_aside_if_large(bytes, parse, [&f, due] {
        f.firing = false;
        read_on(f);
        for (auto &[id, prepared] : *due) {
            if (!prepared) {
                f.to_come.erase(id);                   // nothing that this version can read
            }
            if (!f.to_come.contains(id)) {
                continue;                              // cancelled meanwhile
            }
            const auto fired = accept_purge(*f.conf, std::move(*prepared));
            if (!fired) {
                complain(fired.error());
                return;                                // again in a moment
            }
            ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "cdn purge: %s, to come until now, is applied",
                          id.c_str());
            send_receipt(*f.conf, id, fired->purge.time_ms);
        }
    });
}

// What cdn_nightly and cdn_warm ask for.
void look_at_the_clock(Follower &f)
{
    purge::Journal &journal = *f.conf->journal;
    const ttl::Time now = clock_ms() / 1000;

    // new here, or the clock was set back: nothing was missed
    const ttl::Time looked = journal.looked_until();
    if (looked == 0 || looked > now) {
        journal.set_looked_until(now);
        return;
    }
    if (looked == now) {
        return;
    }

    note_due_warm(*f.conf, looked, now, ngx_cycle->log);

    for (purge::Purge &purge : nightly_purges(*f.conf, looked, now, ngx_cycle->log)) {
        if (f.known.contains(purge.id)) {
            continue;                                  // another edge's clock came first
        }
        const auto accepted = accept_once(*f.conf, std::move(purge), f.position);
        if (!accepted) {
            complain(accepted.error());
            return;                                    // again in a moment
        }
        if (const auto &fired = *accepted) {           // not by one that led until just now
            const purge::Purge &one = fired->purge;
            ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "cdn purge: %s of \"%s\", %s, is applied",
                          one.id.c_str(), one.who.c_str(), one.reason.c_str());
            count_purge(*f.conf, one);
            publish_applied(f, *fired);
        }
    }
    journal.set_looked_until(now);
}

// ---- the fleet

// One purge of another edge: at once, or when its rollout reaches this one.  False: it could not
// be written down.
bool apply_foreign(Follower &f, Incoming &incoming)
{
    const purge::Entry &entry = incoming.entry;
    if (!incoming.prepared) {
        // nothing can be said of what it covers
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "cdn purge: entry %s of the stream is malformed",
                      entry.id.c_str());
        return note(*f.conf, purge::Floor{clock_ms()});
    }

    purge::Purge &purge = incoming.prepared->purge;
    const bool to_come_here = f.to_come.contains(purge.id);
    if (f.known.contains(purge.id) && !to_come_here) {
        return true;
    }

    const std::int64_t delay = purge::rollout_delay_ms(purge.rollout, f.nodes, view(f.conf->node));
    const std::int64_t now = clock_ms();
    purge.time_ms = 0;
    purge.at_ms.reset();
    if (delay > 0) {
        purge.at_ms = now + delay;
        f.in_fleet.erase(purge.id);                    // fired here
    }

    const auto accepted = accept_purge(*f.conf, std::move(*incoming.prepared));
    if (!accepted) {
        complain(accepted.error());
        return false;
    }
    if (accepted->purge.time_ms > 0) {
        send_receipt(*f.conf, accepted->purge.id, accepted->purge.time_ms);
    }
    if (auto z = zone(*f.conf)) {
        z->counters.observe(status::Metric::purge_propagation, {},
                            static_cast<std::uint64_t>(std::max<std::int64_t>(now - entry.time_ms, 0)) * 1000);
    }
    return true;
}

std::vector<purge::Entry> entries_of(const redisReply *reply)
{
    std::vector<purge::Entry> entries;
    if (reply == nullptr || reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
        return entries;
    }

    // one stream: [[name, [[id, [field, value, ...]], ...]]]
    const redisReply *stream = reply->element[0];
    if (stream->type != REDIS_REPLY_ARRAY || stream->elements != 2
        || stream->element[1]->type != REDIS_REPLY_ARRAY)
    {
        return entries;
    }
    for (std::size_t i = 0; i < stream->element[1]->elements; i++) {
        const redisReply *item = stream->element[1]->element[i];
        if (item->type != REDIS_REPLY_ARRAY || item->elements != 2) {
            continue;
        }
        if (auto entry = purge::parse_entry(reply_text(item->element[0]), reply_pairs(item->element[1]))) {
            entries.push_back(std::move(*entry));
        }
    }
    return entries;
}

std::deque<Incoming> parse_entries(std::vector<purge::Entry> entries)
{
    std::deque<Incoming> incoming;
    for (purge::Entry &entry : entries) {
        auto purge = purge::parse_purge(entry.purge);
        incoming.push_back({std::move(entry), purge ? std::optional(prepare(std::move(*purge))) : std::nullopt});
    }
    return incoming;
}

// Applies what is incoming until it is done or the time is up.  False: the disk does not take it.
bool take_incoming(Follower &f, std::chrono::steady_clock::time_point until)
{
    read_on(f);
    std::string cursor = f.cursor;
    bool taken = true;
    while (taken && !f.incoming.empty()) {
        Incoming one = std::move(f.incoming.front());
        f.incoming.pop_front();
        if (purge::id_less(cursor, one.entry.before)) {
            ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                          "cdn purge: the fleet's stream goes on behind %s, which is not known here: all that "
                          "is cached counts as soft-purged", one.entry.before.c_str());
            taken = note(*f.conf, purge::Floor{clock_ms()});
        }
        taken = taken && apply_foreign(f, one);
        if (taken) {
            cursor = one.entry.id;
        }
        if (std::chrono::steady_clock::now() >= until) {
            break;
        }
    }
    if (cursor != f.cursor) {
        static_cast<void>(note(*f.conf, purge::Cursor{cursor}));
    }
    read_on(f);
    return taken;
}

void read_stream(Follower &f);

void go_on(Follower &f)
{
    if (!f.reader) {
        return;
    }
    if (!take_incoming(f, std::chrono::steady_clock::now() + turn)) {
        f.incoming.clear();                            // and the stream again from there
        ngx_add_timer(&f.turn_timer, failed_ms);
    } else if (f.incoming.empty()) {
        read_stream(f);
    } else {
        ngx_add_timer(&f.turn_timer, soon_ms);
    }
}

void forget_incoming(Follower &f)
{
    f.round++;
    f.incoming.clear();
    if (f.turn_timer.timer_set) {
        ngx_del_timer(&f.turn_timer);
    }
}

void stop_reading(Follower &f)
{
    f.reader.reset();
    forget_incoming(f);
}

void take_entries(Follower &f, std::vector<purge::Entry> entries, std::vector<purge::Node> nodes)
{
    std::size_t bytes = 0;
    for (const purge::Entry &entry : entries) {
        bytes += entry.purge.size();
    }
    const auto parsed = std::make_shared<std::deque<Incoming>>();
    const auto given = std::make_shared<std::vector<purge::Entry>>(std::move(entries));
    do_aside_if_large(
        bytes, [parsed, given] { *parsed = parse_entries(std::move(*given)); },
        [&f, parsed, nodes = std::move(nodes), round = f.round] {
            if (round != f.round) {
                return;                                // read again meanwhile
            }
            f.incoming = std::move(*parsed);
            f.nodes = nodes;
            go_on(f);
        });
}

void read_stream(Follower &f)
{
    static_cast<void>(f.reader->send(
        purge::read_command(fleet_keys(*f.conf), f.cursor, block_ms), [&f](const redisReply *reply) {
            if (reply == nullptr || !f.reader) {
                return;
            }
            if (reply->type == REDIS_REPLY_ERROR) {
                f.reader->restart();
                return;
            }
            set_redis_state(*f.conf, true, clock_ms());

            auto entries = std::make_shared<std::vector<purge::Entry>>(entries_of(reply));
            const bool rolls_out = std::any_of(entries->begin(), entries->end(), [](const purge::Entry &entry) {
                return entry.purge.find("\"strategy\"") != std::string::npos;
            });
            if (!rolls_out) {
                take_entries(f, std::move(*entries), {});
                return;
            }
            static_cast<void>(f.reader->send({"HGETALL", fleet_keys(*f.conf).nodes}, [&f, entries](const redisReply *r) {
                if (r == nullptr || !f.reader) {
                    return;
                }
                std::vector<purge::Node> nodes;
                for (const auto &[name, value] : reply_pairs(r)) {
                    if (auto node = purge::parse_node(name, value)) {
                        nodes.push_back(std::move(*node));
                    }
                }
                take_entries(f, std::move(*entries), purge::living(std::move(nodes), clock_ms()));
            }));
        }));
}

void offer_some(Follower &f)
{
    RedisLink *link = fleet_link();
    if (f.offering || f.to_offer.empty() || link == nullptr || !link->ready()) {
        return;
    }

    // once the last of them is answered, so are all
    const auto answered = [&f](const redisReply *reply) {
        f.offering = false;
        if (reply != nullptr) {
            offer_some(f);
        }
    };
    std::size_t bytes = 0;
    for (std::size_t n = 1; !f.to_offer.empty(); n++) {
        auto [id, line] = std::move(f.to_offer.front());
        f.to_offer.pop_front();
        bytes += line.size();
        const bool last = f.to_offer.empty() || n == send_a_turn || bytes > bytes_a_turn;
        f.offering = link->send(purge::publish_command(fleet_keys(*f.conf), id, std::move(line)),
                                last ? RedisLink::Done(answered) : [](const redisReply *) {});
        if (last || !f.offering) {
            return;
        }
    }
}

// Redis may have lost what it had taken: whatever was applied here lately is offered again.
void offer_again(Follower &f)
{
    using Lines = std::deque<std::pair<std::string, std::string>>;
    const auto lines = std::make_shared<Lines>();
    const auto collect = [lines, journal = f.conf->journal] {
        for (std::string &text : journal->tail(SIZE_MAX / 2)) {
            const auto line = purge::parse_line_head(text);
            const auto *purge = line ? std::get_if<purge::PurgeHead>(&*line) : nullptr;
            if (purge != nullptr && purge->time_ms > 0) {
                lines->emplace_back(purge->id, std::move(text));
            }
        }
    };
    do_aside(collect, [&f, lines] {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "cdn purge: the fleet's stream has lost its end: %uz purges are offered again", lines->size());
        f.to_offer = std::move(*lines);
        offer_some(f);
    });
}

// After each connect: how this edge's history fits the stream's.
void on_reader_ready()
{
    Follower &f = follower();
    forget_incoming(f);
    read_on(f);

    static_cast<void>(f.reader->send({"GET", fleet_keys(*f.conf).last}, [&f](const redisReply *reply) {
        if (reply == nullptr || !f.reader) {
            return;
        }

        const std::string last = reply->type == REDIS_REPLY_STRING ? reply_text(reply) : std::string();
        if (f.cursor.empty()) {
            // new here: what the fleet purged before cannot be told from this cache's files
            if (!last.empty()) {
                static_cast<void>(note(*f.conf, purge::Floor{clock_ms()}));
                static_cast<void>(note(*f.conf, purge::Cursor{last}));
            }
        } else if (purge::id_less(last, f.cursor)) {
            offer_again(f);
            f.cursor = last;
        }
        read_on(f);
        read_stream(f);
    }));
}

void send_unpublished(Follower &f)
{
    if (fleet_link() == nullptr || !fleet_link()->ready()) {
        return;
    }

    constexpr std::int64_t a_moment_ms = 1500;         // the call itself is still about to
    std::size_t bytes = 0;
    for (const auto &[id, kept] : f.unpublished) {
        if (f.publishing.size() >= send_a_turn || bytes > bytes_a_turn) {
            return;                                    // the others in a moment
        }
        if (clock_ms() - std::max(kept.time_ms, kept.at_ms.value_or(0)) < a_moment_ms
            || !f.publishing.insert(id).second)
        {
            continue;
        }
        bytes += kept.line.size();
        publish(*f.conf, id, kept.time_ms > 0 ? std::nullopt : std::optional(kept.at_ms.value_or(0)), kept.line,
                [&f, id](bool taken) {
                    f.publishing.erase(id);
                    if (taken) {
                        static_cast<void>(note(*f.conf, purge::Published{id}));
                    }
                });
    }
}

void lead_fleet(Follower &f)
{
    if (!f.reader) {
        f.reader = std::make_unique<RedisLink>(*f.conf->redis, ngx_cycle->log, read_patience_ms, false, on_reader_ready);
    }
    set_redis_state(*f.conf, f.reader->ready(), 0);

    const std::int64_t now = clock_ms();
    RedisLink *link = fleet_link();
    if (link == nullptr || !link->ready()) {
        return;
    }
    if (now - f.present_at_ms >= present_every_ms) {
        f.present_at_ms = now;
        static_cast<void>(link->send(purge::present_command(fleet_keys(*f.conf), view(f.conf->node),
                                                            view(f.conf->node_region), now),
                                     [](const redisReply *) {}));
    }
    static_cast<void>(link->send(purge::fire_due_command(fleet_keys(*f.conf)), [](const redisReply *) {}));
    send_unpublished(f);
    offer_some(f);
}

// ---- before there are workers

// False: not to its end.
bool read_to_the_end(Follower &f, std::chrono::milliseconds patience)
{
    BlockingRedis redis(*f.conf->redis, std::chrono::steady_clock::now() + patience);
    while (redis) {
        const RedisReply reply = redis.run(purge::read_command(fleet_keys(*f.conf), f.cursor, 0));
        if (!reply) {
            return false;
        }
        f.incoming = parse_entries(entries_of(reply.get()));
        if (f.incoming.empty()) {
            return true;
        }
        if (!take_incoming(f, std::chrono::steady_clock::time_point::max())) {
            return false;
        }
    }
    return false;
}

void on_timer(ngx_event_t *event) noexcept
{
    if (ngx_exiting || ngx_quit || ngx_terminate) {
        leave_warm();
        return;
    }

    ngx_msec_t next_ms = interval_ms;
    guarded(event->log, 0, [&] {
        Follower &f = follower();
        if (f.conf->journal->lead(ngx_pid, clock_ms())) {
            if (!read_some(f)) {
                next_ms = soon_ms;
                return 0;
            }
            start_segment(*f.conf, [&f] { return standing_lines(f); });
            fire_due(f);
            sweep(*f.conf);
            look_at_the_clock(f);
            lead_warm(*f.conf, ngx_cycle->log);
            if (f.conf->redis != nullptr) {
                lead_fleet(f);
            }
        } else {
            stop_reading(f);
            stop_sweeping();
            leave_warm();
        }
        return 0;
    });
    ngx_add_timer(event, next_ms);
}

}  // namespace

void start_purges(MainConf &conf, ngx_cycle_t *cycle)
{
    Follower &f = follower();
    f.conf = &conf;
    start_fleet(conf, cycle->log);

    f.timer_log.fd = static_cast<ngx_socket_t>(-1);
    f.timer_log.log = cycle->log;
    f.timer.data = &f.timer_log;
    f.timer.handler = on_timer;
    f.timer.log = cycle->log;
    f.timer.cancelable = 1;
    f.turn_timer = f.timer;
    f.turn_timer.handler = [](ngx_event_t *event) {
        guarded(event->log, 0, [] {
            go_on(follower());
            return 0;
        });
    };
    ngx_add_timer(&f.timer, 1);
}

void catch_up_with_fleet(MainConf &conf, ngx_log_t *log)
{
    if (conf.redis == nullptr) {
        return;
    }

    Follower f;
    f.conf = &conf;
    read_on(f);
    if (!f.cursor.empty() && read_to_the_end(f, catch_up_patience)) {
        return;
    }

    if (!f.cursor.empty()) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "cdn purge: the fleet's purges since this nginx stopped are not to be had now: what is "
                      "cached is fetched anew when it is asked for");
    }
    static_cast<void>(note(conf, purge::Floor{clock_ms(), true}));
}

void stop_purges(const MainConf &conf)
{
    stop_asides();
    stop_reading(follower());
    stop_sweeping();
    leave_warm();
    stop_fleet();
    conf.journal->step_down(ngx_pid);
}

}  // namespace cdn

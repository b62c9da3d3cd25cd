#include "ngx/purge_stream.h"

#include "ngx/aside.h"
#include "ngx/bridge.h"
#include "ngx/purge_fleet.h"
#include "ngx/purge_state.h"
#include "ngx/timer.h"
#include "ngx/zone.h"

#include <algorithm>
#include <deque>
#include <memory>

namespace cdn {

namespace {

constexpr std::int64_t present_every_ms = 5000;
constexpr int          block_ms = 4000;
constexpr std::int64_t read_patience_ms = 6000;

// What visitors wait for at most when there is much to do.
constexpr ngx_msec_t                soon_ms = 1;
constexpr ngx_msec_t                failed_ms = 1000;
constexpr std::chrono::milliseconds turn{2};
constexpr std::size_t               send_a_turn = 64;
constexpr std::size_t               bytes_a_turn = 1024 * 1024;

// A purge of another edge.
struct Incoming {
    purge::Entry            entry;
    std::optional<Prepared> prepared;                  // nothing: malformed
};

struct Batch {
    std::deque<Incoming>     incoming;
    std::vector<purge::Node> nodes;                    // by which they are rolled out
};

// What the leading worker knows of the stream.
struct Stream {
    Follower *follower = nullptr;

    std::unique_ptr<RedisLink> reader;
    std::int64_t               present_at_ms = 0;
    std::set<std::string>      publishing;
    std::uint64_t              round = 0;              // of reading; a reconnect starts a new one
    Batch                      batch;
    Timer                      turn_timer;             // goes on with it
    std::deque<std::pair<std::string, std::string>> to_offer;   // id and line
    bool                       offering = false;
};

Stream &stream()
{
    static Stream instance;
    return instance;
}

// One purge of another edge: at once, or when its rollout reaches this one.  False: it could not
// be written down.
bool apply_foreign(Follower &f, Incoming &incoming, const std::vector<purge::Node> &nodes)
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

    const std::int64_t delay = purge::rollout_delay_ms(purge.rollout, nodes, view(f.conf->node));
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

// Applies the batch until it is done or the time is up.  False: the disk does not take it.
bool take_incoming(Follower &f, Batch &batch, std::chrono::steady_clock::time_point until)
{
    read_on(f);
    std::string cursor = f.cursor;
    bool taken = true;
    while (taken && !batch.incoming.empty()) {
        Incoming one = std::move(batch.incoming.front());
        batch.incoming.pop_front();
        if (purge::id_less(cursor, one.entry.before)) {
            ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                          "cdn purge: the fleet's stream goes on behind %s, which is not known here: all that "
                          "is cached counts as soft-purged", one.entry.before.c_str());
            taken = note(*f.conf, purge::Floor{clock_ms()});
        }
        taken = taken && apply_foreign(f, one, batch.nodes);
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

void read_stream(Stream &s);

void go_on(Stream &s)
{
    if (!s.reader) {
        return;
    }
    if (!take_incoming(*s.follower, s.batch, std::chrono::steady_clock::now() + turn)) {
        s.batch.incoming.clear();                      // and the stream again from there
        s.turn_timer.start(failed_ms);
    } else if (s.batch.incoming.empty()) {
        read_stream(s);
    } else {
        s.turn_timer.start(soon_ms);
    }
}

void forget_incoming(Stream &s)
{
    s.round++;
    s.batch.incoming.clear();
    s.turn_timer.stop();
}

void take_entries(Stream &s, std::vector<purge::Entry> entries, std::vector<purge::Node> nodes)
{
    std::size_t bytes = 0;
    for (const purge::Entry &entry : entries) {
        bytes += entry.purge.size();
    }
    const auto parsed = std::make_shared<std::deque<Incoming>>();
    const auto given = std::make_shared<std::vector<purge::Entry>>(std::move(entries));
    do_aside_if_large(
        bytes, [parsed, given] { *parsed = parse_entries(std::move(*given)); },
        [&s, parsed, nodes = std::move(nodes), round = s.round] {
            if (round != s.round) {
                return;                                // read again meanwhile
            }
            s.batch.incoming = std::move(*parsed);
            s.batch.nodes = nodes;
            go_on(s);
        });
}

void read_stream(Stream &s)
{
    const Follower &f = *s.follower;
    static_cast<void>(s.reader->send(
        purge::read_command(fleet_keys(*f.conf), f.cursor, block_ms), [&s, &f](const redisReply *reply) {
            if (reply == nullptr || !s.reader) {
                return;
            }
            if (reply->type == REDIS_REPLY_ERROR) {
                s.reader->restart();
                return;
            }
            set_redis_state(*f.conf, true, clock_ms());

            auto entries = std::make_shared<std::vector<purge::Entry>>(entries_of(reply));
            const bool rolls_out = std::any_of(entries->begin(), entries->end(), [](const purge::Entry &entry) {
                return entry.purge.find("\"strategy\"") != std::string::npos;
            });
            if (!rolls_out) {
                take_entries(s, std::move(*entries), {});
                return;
            }
            static_cast<void>(s.reader->send({"HGETALL", fleet_keys(*f.conf).nodes}, [&s, entries](const redisReply *r) {
                if (r == nullptr || !s.reader) {
                    return;
                }
                std::vector<purge::Node> nodes;
                for (const auto &[name, value] : reply_pairs(r)) {
                    if (auto node = purge::parse_node(name, value)) {
                        nodes.push_back(std::move(*node));
                    }
                }
                take_entries(s, std::move(*entries), purge::living(std::move(nodes), clock_ms()));
            }));
        }));
}

void offer_some(Stream &s)
{
    RedisLink *link = fleet_link();
    if (s.offering || s.to_offer.empty() || link == nullptr || !link->ready()) {
        return;
    }

    // once the last of them is answered, so are all
    const auto answered = [&s](const redisReply *reply) {
        s.offering = false;
        if (reply != nullptr) {
            offer_some(s);
        }
    };
    std::size_t bytes = 0;
    for (std::size_t n = 1; !s.to_offer.empty(); n++) {
        auto [id, line] = std::move(s.to_offer.front());
        s.to_offer.pop_front();
        bytes += line.size();
        const bool last = s.to_offer.empty() || n == send_a_turn || bytes > bytes_a_turn;
        s.offering = link->send(purge::publish_command(fleet_keys(*s.follower->conf), id, std::move(line)),
                                last ? RedisLink::Done(answered) : [](const redisReply *) {});
        if (last || !s.offering) {
            return;
        }
    }
}

// Redis may have lost what it had taken: whatever was applied here lately is offered again.
void offer_again(Stream &s)
{
    using Lines = std::deque<std::pair<std::string, std::string>>;
    const auto lines = std::make_shared<Lines>();
    const auto collect = [lines, journal = s.follower->conf->journal] {
        for (std::string &text : journal->tail(SIZE_MAX / 2)) {
            const auto line = purge::parse_line_head(text);
            const auto *purge = line ? std::get_if<purge::PurgeHead>(&*line) : nullptr;
            if (purge != nullptr && purge->time_ms > 0) {
                lines->emplace_back(purge->id, std::move(text));
            }
        }
    };
    do_aside(collect, [&s, lines] {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "cdn purge: the fleet's stream has lost its end: %uz purges are offered again", lines->size());
        s.to_offer = std::move(*lines);
        offer_some(s);
    });
}

void on_turn(ngx_event_t *event) noexcept
{
    guarded(event->log, 0, [] {
        go_on(stream());
        return 0;
    });
}

// After each connect: how this edge's history fits the stream's.
void on_reader_ready()
{
    Stream &s = stream();
    Follower &f = *s.follower;
    forget_incoming(s);
    read_on(f);

    static_cast<void>(s.reader->send({"GET", fleet_keys(*f.conf).last}, [&s, &f](const redisReply *reply) {
        if (reply == nullptr || !s.reader) {
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
            offer_again(s);
            f.cursor = last;
        }
        read_on(f);
        read_stream(s);
    }));
}

void send_unpublished(Stream &s)
{
    if (fleet_link() == nullptr || !fleet_link()->ready()) {
        return;
    }

    const Follower &f = *s.follower;
    constexpr std::int64_t a_moment_ms = 1500;         // the call itself is still about to
    std::size_t bytes = 0;
    for (const auto &[id, kept] : f.unpublished) {
        if (s.publishing.size() >= send_a_turn || bytes > bytes_a_turn) {
            return;                                    // the others in a moment
        }
        if (clock_ms() - std::max(kept.time_ms, kept.at_ms.value_or(0)) < a_moment_ms
            || !s.publishing.insert(id).second)
        {
            continue;
        }
        bytes += kept.line.size();
        publish(*f.conf, id, kept.time_ms > 0 ? std::nullopt : std::optional(kept.at_ms.value_or(0)), kept.line,
                [&s, &f, id](bool taken) {
                    s.publishing.erase(id);
                    if (taken) {
                        static_cast<void>(note(*f.conf, purge::Published{id}));
                    }
                });
    }
}

}  // namespace

void lead_stream(Follower &f)
{
    Stream &s = stream();
    s.follower = &f;
    if (!s.reader) {
        s.turn_timer.prepare(on_turn, nullptr, ngx_cycle->log);
        s.turn_timer.let_worker_end();
        s.reader = std::make_unique<RedisLink>(*f.conf->redis, ngx_cycle->log, read_patience_ms, false,
                                               on_reader_ready);
    }
    set_redis_state(*f.conf, s.reader->ready(), 0);

    const std::int64_t now = clock_ms();
    RedisLink *link = fleet_link();
    if (link == nullptr || !link->ready()) {
        return;
    }
    if (now - s.present_at_ms >= present_every_ms) {
        s.present_at_ms = now;
        static_cast<void>(link->send(purge::present_command(fleet_keys(*f.conf), view(f.conf->node),
                                                            view(f.conf->node_region), now),
                                     [](const redisReply *) {}));
    }
    static_cast<void>(link->send(purge::fire_due_command(fleet_keys(*f.conf)), [](const redisReply *) {}));
    send_unpublished(s);
    offer_some(s);
}

void stop_stream()
{
    stream().reader.reset();
    forget_incoming(stream());
}

bool read_to_the_end(Follower &f, std::chrono::milliseconds patience)
{
    BlockingRedis redis(*f.conf->redis, std::chrono::steady_clock::now() + patience);
    while (redis) {
        const RedisReply reply = redis.run(purge::read_command(fleet_keys(*f.conf), f.cursor, 0));
        if (!reply) {
            return false;
        }
        Batch batch{parse_entries(entries_of(reply.get())), {}};
        if (batch.incoming.empty()) {
            return true;
        }
        if (!take_incoming(f, batch, std::chrono::steady_clock::time_point::max())) {
            return false;
        }
    }
    return false;
}

}  // namespace cdn

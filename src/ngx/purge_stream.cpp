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
#include <utility>

namespace cdn {

namespace {

constexpr std::int64_t present_every_ms = 5000;
constexpr int          block_ms = 4000;
constexpr std::int64_t disk_retry_ms = 1000;
constexpr std::int64_t read_patience_ms = 6000;

// What visitors wait for at most when there is much to do.
constexpr ngx_msec_t                soon_ms = 1;
constexpr std::chrono::milliseconds turn{2};
constexpr std::size_t               send_a_turn = 64;
constexpr std::size_t               bytes_a_turn = 1024 * 1024;

// A purge of another edge, or the end of one to come.  Neither: malformed.
struct Incoming {
    purge::Entry                    entry;
    std::optional<Prepared>         prepared;
    std::optional<purge::Cancelled> cancelled;
};

struct Batch {
    std::deque<Incoming>     incoming;
    std::vector<purge::Node> nodes;                    // by which they are rolled out
    std::string              before;                   // id of the entry before the next one
    bool                     is_written = true;        // all up to there; else it holds, and is read again
    bool                     lost_end = false;         // what this edge had read last is not in the stream
};

// What the leading worker knows of the stream.
struct Stream {
    Follower *follower = nullptr;

    std::unique_ptr<RedisLink> reader;
    std::int64_t               present_at_ms = 0;
    bool                       has_namesake = false;
    std::int64_t               try_disk_at_ms = 0;
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
    if (incoming.cancelled) {
        return !f.to_come.contains(incoming.cancelled->id) || note(*f.conf, *incoming.cancelled);
    }
    if (!incoming.prepared) {
        // nothing can be said of what it covers
        ngx_log_error(NGX_LOG_ERR, f.log, 0,
                      "cdn purge: entry %s of the stream is malformed: all that is cached is fetched anew",
                      entry.id.c_str());
        return take_floor(f, entry.id);
    }

    purge::Purge &purge = incoming.prepared->purge;
    const bool to_come_here = f.to_come.contains(purge.id);
    if (f.known.contains(purge.id) && !to_come_here) {
        return true;
    }

    const std::int64_t delay = purge::rollout_delay_ms(purge.rollout, nodes, own_key(*f.conf));
    const std::int64_t now = clock_ms();
    purge.time_ms = 0;
    purge.at_ms.reset();
    if (delay > 0) {
        purge.at_ms = now + delay;
        f.in_fleet.erase(purge.id);                    // fired here
    }

    const auto accepted = take(f, std::move(*incoming.prepared));
    if (!accepted) {
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
        Incoming one;
        auto line = purge::parse_line(entry.purge);
        if (auto *purge = line ? std::get_if<purge::Purge>(&*line) : nullptr) {
            one.prepared = prepare(std::move(*purge));
        } else if (auto *cancelled = line ? std::get_if<purge::Cancelled>(&*line) : nullptr) {
            one.cancelled = std::move(*cancelled);
        }
        one.entry = std::move(entry);
        incoming.push_back(std::move(one));
    }
    return incoming;
}

// Applies the batch until it is done or the time is up.
void take_incoming(Follower &f, Batch &batch, std::chrono::steady_clock::time_point until)
{
    read_on(f);
    std::string cursor = f.cursor;
    while (!batch.incoming.empty()) {
        Incoming one = std::move(batch.incoming.front());
        batch.incoming.pop_front();

        bool taken = true;
        const std::string before = one.entry.before.value_or(batch.before);
        if (purge::id_less(batch.before, before)) {
            ngx_log_error(NGX_LOG_WARN, f.log, 0,
                          "cdn purge: the fleet's stream goes on behind %s, which is not known here: all that "
                          "is cached is fetched anew", before.c_str());
            taken = take_floor(f, one.entry.id);
        } else if (purge::id_less(before, batch.before)) {
            batch.lost_end = true;
        }
        taken = apply_foreign(f, one, batch.nodes) && taken;

        batch.before = one.entry.id;
        batch.is_written = batch.is_written && taken;
        if (batch.is_written) {
            cursor = one.entry.id;
        }
        if (std::chrono::steady_clock::now() >= until) {
            break;
        }
    }
    if (cursor != f.cursor && !note(*f.conf, purge::Cursor{cursor})) {
        batch.is_written = false;
    }
    read_on(f);
}

// Redis answers, but not what was asked for.
void refuse_reply(Stream &s, const redisReply &reply)
{
    s.reader->restart(reply.type == REDIS_REPLY_ERROR ? reply_text(&reply) : "no stream of purges");
}

void read_stream(Stream &s);

void offer_again(Stream &s);

void go_on(Stream &s)
{
    if (!s.reader) {
        return;
    }

    Batch &batch = s.batch;
    const bool was_written = batch.is_written;
    take_incoming(*s.follower, batch, std::chrono::steady_clock::now() + turn);
    if (was_written && !batch.is_written) {
        s.try_disk_at_ms = clock_ms() + disk_retry_ms;
    }
    if (std::exchange(batch.lost_end, false)) {
        offer_again(s);
    }

    if (batch.incoming.empty()) {
        read_stream(s);
    } else {
        s.turn_timer.start(soon_ms);
    }
}

void forget_incoming(Stream &s)
{
    s.round++;
    s.batch = {};
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
    Follower &f = *s.follower;
    Batch &batch = s.batch;
    if (!batch.is_written && clock_ms() >= s.try_disk_at_ms) {
        s.try_disk_at_ms = clock_ms() + disk_retry_ms;
        batch.is_written = note(*f.conf, purge::Cursor{f.cursor});
    }
    if (batch.is_written) {
        batch.before = f.cursor;
    }

    const int patience_ms = batch.is_written ? block_ms : static_cast<int>(disk_retry_ms);
    static_cast<void>(s.reader->send(
        purge::read_command(fleet_keys(*f.conf), batch.before, patience_ms), [&s, &f](const redisReply *reply) {
            if (reply == nullptr || !s.reader) {
                return;
            }
            if (reply->type != REDIS_REPLY_ARRAY && reply->type != REDIS_REPLY_NIL) {
                refuse_reply(s, *reply);
                return;
            }
            set_redis_state(*f.conf, true, clock_ms());

            auto entries = std::make_shared<std::vector<purge::Entry>>(entries_of(reply));
            if (entries->empty() && reply->type == REDIS_REPLY_ARRAY) {
                refuse_reply(s, *reply);
                return;
            }
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
                auto nodes = purge::parse_nodes(reply_pairs(r));
                const std::int64_t asked_at = entries->back().time_ms;
                take_entries(s, std::move(*entries), purge::living(std::move(nodes), asked_at));
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

// Of the answer to present_command().
void look_for_namesakes(Stream &s, const redisReply *reply)
{
    if (reply == nullptr || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        return;
    }

    const MainConf &conf = *s.follower->conf;
    const std::int64_t now = parse_digits(reply_text(reply->element[0])).value_or(0);
    const auto nodes = purge::living(purge::parse_nodes(reply_pairs(reply->element[1])), now);
    const bool had_namesake = std::exchange(s.has_namesake, purge::has_namesake(nodes, own_key(conf)));
    if (s.has_namesake && !had_namesake) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "cdn purge: another edge of the fleet is called \"%V\", too, and receipts do not tell which is which: "
                      "give each a \"cdn_node\" of its own", &conf.node);
    }
}

// So that others wait for this edge, and roll purges out to it.
void say_present(Stream &s)
{
    const MainConf &conf = *s.follower->conf;
    RedisLink *link = fleet_link();
    if (link == nullptr || !link->ready()) {
        return;
    }

    s.present_at_ms = clock_ms();
    static_cast<void>(link->send(purge::present_command(fleet_keys(conf), own_key(conf), view(conf.node_region)),
                                 [&s](const redisReply *reply) { look_for_namesakes(s, reply); }));
}

// Redis may have lost what it had taken: whatever was applied here lately is offered again.
void offer_again(Stream &s)
{
    say_present(s);                                    // that, too

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
    s.present_at_ms = 0;                               // Redis may have forgotten it

    static_cast<void>(s.reader->send({"GET", fleet_keys(*f.conf).last}, [&s, &f](const redisReply *reply) {
        if (reply == nullptr || !s.reader) {
            return;
        }
        if (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_NIL) {
            refuse_reply(s, *reply);
            return;
        }

        const std::string last = reply_text(reply);
        if (f.cursor.empty()) {
            // new here: what the fleet purged before cannot be told from this cache's files
            if (!last.empty()) {
                static_cast<void>(note(*f.conf, purge::Floor{clock_ms(), true}));
                static_cast<void>(note(*f.conf, purge::Cursor{last}));
                f.cursor = last;
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
        say_present(s);
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
        Batch batch{.incoming = parse_entries(entries_of(reply.get())), .before = f.cursor};
        if (batch.incoming.empty()) {
            return true;
        }
        take_incoming(f, batch, std::chrono::steady_clock::time_point::max());
        if (!batch.is_written) {
            return false;
        }
    }
    return false;
}

}  // namespace cdn

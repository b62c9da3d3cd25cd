#include "ngx/purge_leader.h"

#include "ngx/bridge.h"
#include "ngx/nightly.h"
#include "ngx/purge_fleet.h"
#include "ngx/purge_state.h"
#include "ngx/purge_sweeper.h"
#include "ngx/warm_leader.h"
#include "ngx/zone.h"

#include <chrono>
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

// What the journal said up to `position`.
struct Follower {
    MainConf                           *conf = nullptr;
    purge::Journal::Position            position = 0;
    std::map<std::string, purge::Purge> to_come;
    std::set<std::string>               known;         // ids of purges
    std::map<std::string, purge::Purge> unpublished;   // of this edge; the fleet has not taken them
    std::set<std::string>               in_fleet;      // those to come that Redis will fire
    std::string                         cursor;        // in the fleet's stream

    std::unique_ptr<RedisLink> reader;
    bool                       reading = false;        // history is settled, the stream is read
    std::int64_t               present_at_ms = 0;

    ngx_event_t      timer{};
    ngx_connection_t timer_log{};                      // nginx's timers log through a connection
};

Follower &follower()
{
    static Follower instance;
    return instance;
}

void take_line(Follower &f, std::string_view text)
{
    auto line = purge::parse_line(text);
    if (!line) {
        return;
    }

    if (auto *purge = std::get_if<purge::Purge>(&*line)) {
        if (f.known.size() >= most_known) {
            f.known.clear();                           // one that comes twice is applied twice
        }
        f.known.insert(purge->id);
        if (f.conf->redis != nullptr && purge->node == view(f.conf->node)) {
            f.unpublished[purge->id] = *purge;
        }
        if (purge->time_ms > 0) {
            f.to_come.erase(purge->id);
        } else {
            f.to_come[purge->id] = std::move(*purge);
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

void read_on(Follower &f)
{
    purge::Journal &journal = *f.conf->journal;
    if (f.position == journal.end()) {
        return;
    }

    const purge::Journal::Lock lock(journal);
    const auto visit = [&](std::string_view text, purge::Journal::Position) { take_line(f, text); };
    if (f.position == 0 || !journal.read(lock, f.position, journal.end(), visit)) {
        f.to_come.clear();
        f.unpublished.clear();
        for (const std::string &text : journal.tail(lock, SIZE_MAX / 2)) {
            take_line(f, text);
        }
    }
    f.position = journal.end();
}

void complain(const Error &error)
{
    const ngx_str_t message = borrow(error.message);
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "cdn purge: %V", &message);
}

// Tells the fleet of one that this edge has applied.
void publish_applied(const Follower &f, const purge::Purge &purge)
{
    if (f.conf->redis == nullptr) {
        return;
    }

    send_receipt(*f.conf, purge.id, purge.time_ms);
    publish(*f.conf, purge, [id = purge.id](bool taken) {
        if (taken) {
            static_cast<void>(note(*follower().conf, purge::Published{id}));
        }
    });
}

// Those that this nginx alone knows of; Redis fires the fleet's.
void fire_due(Follower &f)
{
    const std::int64_t now = clock_ms();

    std::vector<purge::Purge> due;
    for (const auto &[id, purge] : f.to_come) {
        if ((!purge.at_ms || *purge.at_ms <= now) && !f.in_fleet.contains(id)) {
            due.push_back(purge);
        }
    }

    for (purge::Purge &purge : due) {
        const auto fired = accept_purge(*f.conf, std::move(purge));
        if (!fired) {
            complain(fired.error());
            return;                                    // again in a moment
        }
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "cdn purge: %s, to come until now, is applied",
                      fired->id.c_str());
        send_receipt(*f.conf, fired->id, fired->time_ms);
    }
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
            ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "cdn purge: %s of \"%s\", %s, is applied",
                          fired->id.c_str(), fired->who.c_str(), fired->reason.c_str());
            count_purge(*f.conf, *fired);
            publish_applied(f, *fired);
        }
    }
    journal.set_looked_until(now);
}

// ---- the fleet

// One purge of another edge: at once, or when its rollout reaches this one.
void apply_foreign(Follower &f, const purge::Entry &entry, const std::vector<purge::Node> &nodes)
{
    auto purge = purge::parse_purge(entry.purge);
    if (!purge) {
        // nothing can be said of what it covers
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "cdn purge: entry %s of the stream is malformed",
                      entry.id.c_str());
        static_cast<void>(note(*f.conf, purge::Floor{clock_ms()}));
        return;
    }

    const bool to_come_here = f.to_come.contains(purge->id);
    if (f.known.contains(purge->id) && !to_come_here) {
        return;
    }

    const std::int64_t delay = purge::rollout_delay_ms(purge->rollout, nodes, view(f.conf->node));
    const std::int64_t now = clock_ms();
    purge->time_ms = 0;
    purge->at_ms.reset();
    if (delay > 0) {
        purge->at_ms = now + delay;
        f.in_fleet.erase(purge->id);                   // fired here
    }

    const auto accepted = accept_purge(*f.conf, std::move(*purge));
    if (!accepted) {
        complain(accepted.error());
        throw std::runtime_error("cdn purge: the stream is read again from here");
    }
    if (accepted->time_ms > 0) {
        send_receipt(*f.conf, accepted->id, accepted->time_ms);
    }
    if (auto z = zone(*f.conf)) {
        z->counters.observe(status::Metric::purge_propagation, {},
                            static_cast<std::uint64_t>(std::max<std::int64_t>(now - entry.time_ms, 0)) * 1000);
    }
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

void take_entries(Follower &f, const std::vector<purge::Entry> &entries, const std::vector<purge::Node> &nodes)
{
    if (entries.empty()) {
        return;
    }

    read_on(f);
    std::string cursor = f.cursor;
    for (const purge::Entry &entry : entries) {
        if (purge::id_less(cursor, entry.before)) {
            ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                          "cdn purge: the fleet's stream goes on behind %s, which is not known here: all that "
                          "is cached counts as soft-purged", entry.before.c_str());
            static_cast<void>(note(*f.conf, purge::Floor{clock_ms()}));
        }
        apply_foreign(f, entry, nodes);
        cursor = entry.id;
    }
    static_cast<void>(note(*f.conf, purge::Cursor{cursor}));
    read_on(f);
}

void read_stream(Follower &f)
{
    if (!f.reader) {
        return;
    }

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
                take_entries(f, *entries, {});
                read_stream(f);
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
                take_entries(f, *entries, purge::living(std::move(nodes), clock_ms()));
                read_stream(f);
            }));
        }));
}

// Redis may have lost what it had taken: whatever was applied here lately is offered again.
void offer_again(Follower &f)
{
    std::vector<purge::Purge> applied;
    {
        const purge::Journal::Lock lock(*f.conf->journal);
        for (const std::string &text : f.conf->journal->tail(lock, SIZE_MAX / 2)) {
            auto line = purge::parse_line(text);
            if (auto *purge = line ? std::get_if<purge::Purge>(&*line) : nullptr;
                purge != nullptr && purge->time_ms > 0)
            {
                applied.push_back(std::move(*purge));
            }
        }
    }
    for (const purge::Purge &purge : applied) {
        static_cast<void>(f.reader->send(purge::publish_command(fleet_keys(*f.conf), purge),
                                         [](const redisReply *) {}));
    }
    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "cdn purge: the fleet's stream has lost its end: %uz purges are offered again", applied.size());
}

// After each connect: how this edge's history fits the stream's.
void on_reader_ready()
{
    Follower &f = follower();
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
    for (const auto &[id, purge] : f.unpublished) {
        if (clock_ms() - std::max(purge.time_ms, purge.at_ms.value_or(0)) < a_moment_ms) {
            continue;
        }
        publish(*f.conf, purge, [id](bool taken) {
            if (taken) {
                static_cast<void>(note(*follower().conf, purge::Published{id}));
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
        const auto entries = entries_of(reply.get());
        if (entries.empty()) {
            return true;
        }
        take_entries(f, entries, {});
    }
    return false;
}

void on_timer(ngx_event_t *event) noexcept
{
    if (ngx_exiting || ngx_quit || ngx_terminate) {
        leave_warm();
        return;
    }

    guarded(event->log, 0, [&] {
        Follower &f = follower();
        if (f.conf->journal->lead(ngx_pid, clock_ms())) {
            read_on(f);
            fire_due(f);
            sweep(*f.conf);
            look_at_the_clock(f);
            lead_warm(*f.conf, ngx_cycle->log);
            if (f.conf->redis != nullptr) {
                lead_fleet(f);
            }
        } else {
            f.reader.reset();
            stop_sweeping();
            leave_warm();
        }
        return 0;
    });
    ngx_add_timer(event, interval_ms);
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
    follower().reader.reset();
    stop_sweeping();
    leave_warm();
    stop_fleet();
    conf.journal->step_down(ngx_pid);
}

}  // namespace cdn

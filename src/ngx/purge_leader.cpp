#include "ngx/purge_leader.h"

#include "ngx/aside.h"
#include "ngx/bridge.h"
#include "ngx/nightly.h"
#include "ngx/purge_fleet.h"
#include "ngx/purge_state.h"
#include "ngx/purge_stream.h"
#include "ngx/purge_sweeper.h"
#include "ngx/timer.h"
#include "ngx/warm_leader.h"
#include "ngx/zone.h"

#include <chrono>
#include <memory>

namespace cdn {

namespace {

constexpr ngx_msec_t   interval_ms = 200;
constexpr ngx_msec_t   soon_ms = 1;                    // there is more of the journal to be read
constexpr std::int64_t fleet_patience_ms = 2000;       // until one that Redis was to fire is fired here
constexpr std::size_t  bytes_a_turn = 1024 * 1024;     // of purges whose time has come
constexpr std::size_t  kept_up_a_turn = 16 * 1024;     // of the journal: a hundred purges of a target take 1 ms
constexpr std::size_t  kept_up_at_start = 1024 * 1024;
constexpr std::chrono::milliseconds catch_up_patience{2000};

// The leading worker's.
struct Leader {
    Follower follower;
    bool     firing = false;
    Timer    timer;
};

Leader &leader()
{
    static Leader instance;
    return instance;
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
            static_cast<void>(note(*leader().follower.conf, purge::Published{id}));
        }
    });
}

// Those that this nginx alone knows of.  Redis fires the fleet's, unless it has lost them, or is not there.
void fire_due(Leader &l)
{
    Follower &f = l.follower;
    if (l.firing) {
        return;
    }

    const std::int64_t now = clock_ms();
    std::size_t bytes = 0;
    auto due = std::make_shared<std::vector<std::pair<std::string, std::optional<Prepared>>>>();
    auto lines = std::make_shared<std::vector<std::string>>();
    for (const auto &[id, kept] : f.to_come) {
        const std::int64_t at = kept.at_ms.value_or(0) + (f.in_fleet.contains(id) ? fleet_patience_ms : 0);
        if (at <= now) {
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

    l.firing = true;
    const auto parse = [due, lines] {
        for (std::size_t i = 0; i < due->size(); i++) {
            if (auto purge = purge::parse_purge((*lines)[i])) {
                (*due)[i].second = prepare(std::move(*purge));
            }
        }
    };
    do_aside_if_large(bytes, parse, [&l, &f, due] {
        l.firing = false;
        read_on(f);
        for (auto &[id, prepared] : *due) {
            if (!prepared) {
                f.to_come.erase(id);                   // nothing that this version can read
            }
            if (!f.to_come.contains(id)) {
                continue;                              // cancelled meanwhile
            }
            const auto fired = take(f, std::move(*prepared));
            if (!fired) {
                continue;                              // again in a moment
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
            complain(f, accepted.error());
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

void on_timer(ngx_event_t *event) noexcept
{
    if (ngx_exiting || ngx_quit || ngx_terminate) {
        leave_warm();
        return;
    }

    ngx_msec_t next_ms = interval_ms;
    guarded(event->log, 0, [&] {
        Follower &f = leader().follower;
        if (!keep_up(*f.conf, kept_up_a_turn)) {
            next_ms = soon_ms;
        }
        if (f.conf->journal->lead(ngx_pid, clock_ms())) {
            if (!read_some(f)) {
                next_ms = soon_ms;
                return 0;
            }
            start_segment(*f.conf, [&f] { return standing_lines(f); });
            fire_due(leader());
            sweep(*f.conf);
            look_at_the_clock(f);
            lead_warm(*f.conf, ngx_cycle->log);
            if (f.conf->redis != nullptr) {
                lead_stream(f);
            }
        } else {
            stop_stream();
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
    Leader &l = leader();
    l.follower.conf = &conf;
    l.follower.log = cycle->log;
    // where an upgrade is taken back (WINCH, later HUP), the old nginx has missed what the new one purged;
    // it would keep the first visitor for 0.8 s with 50,000 purges
    while (!keep_up(conf, kept_up_at_start)) {
    }
    start_fleet(conf, cycle->log);

    l.timer.prepare(on_timer, nullptr, cycle->log);
    l.timer.let_worker_end();
    l.timer.start(1);
}

void catch_up_with_fleet(MainConf &conf, ngx_log_t *log)
{
    if (conf.redis == nullptr) {
        return;
    }

    Follower f;
    f.conf = &conf;
    f.log = log;
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
    stop_stream();
    stop_sweeping();
    leave_warm();
    stop_fleet();
    conf.journal->step_down(ngx_pid);
}

}  // namespace cdn

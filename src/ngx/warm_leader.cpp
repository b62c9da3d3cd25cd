#include "ngx/warm_leader.h"

#include "core/digest.h"
#include "image/dialect.h"
#include "ngx/headers.h"
#include "ngx/purge_state.h"
#include "ngx/request_state.h"
#include "ngx/warm_conf.h"
#include "ngx/zone.h"
#include "warm/variants.h"
#include "warm/yielding.h"

#include <signal.h>

namespace cdn {

namespace {

using warm::Progress;
using warm::Stage;

constexpr ttl::Seconds  patience = 3600;
constexpr std::int64_t  longest_pause_ms = 6 * 3600 * std::int64_t{1000};
constexpr std::uint64_t few_requests = 20;

// What this process's thread is at.
struct Active {
    const WarmRule                 *rule = nullptr;
    std::unique_ptr<warm::Runner>   runner;
    std::unique_ptr<warm::Yielding> yielding;
    ttl::Time                       asked_at = 0;      // the second in which `yielding` was
};

Active &active()
{
    static Active instance;
    return instance;
}

// Visitors' p95, where there were enough of them.
std::optional<double> visitors_p95(const status::Span &span)
{
    return span.tally.requests >= few_requests ? span.tally.percentile_ms(0.95) : std::nullopt;
}

// A picture's canonical URI is nothing to ask an edge for: its source is.
std::string askable(const std::string &object)
{
    const auto [host, path] = warm::split_object(object);
    const auto image = image::parse_canonical({path, {}});
    if (!image) {
        return {};
    }
    if (!*image) {
        return object;
    }
    const image::Source &source = (*image)->source;
    return source.origin.empty() ? host + source.path : std::string();
}

std::vector<std::string> popular_objects(const Zone &z, std::size_t top)
{
    std::vector<std::string> out;
    for (const status::Popular &sketch : {z.objects, z.misses}) {
        std::size_t left = top;
        for (const status::PopularObject &object : sketch.all(status::Popular::days)) {
            if (object.gone) {
                continue;
            }
            if (left-- == 0) {
                break;
            }
            if (auto name = askable(object.name); !name.empty()) {
                out.push_back(std::move(name));
            }
        }
    }
    return out;
}

void count_run(const MainConf &main, const WarmRule &rule)
{
    auto z = zone(main);
    if (!z) {
        return;
    }

    Progress &run = *rule.progress;
    const auto name = z->counters.label(rule.name);
    const auto add = [&](status::Metric metric, std::string_view outcome, auto &have, const auto &sum) {
        const std::uint64_t now = sum;
        if (now > have) {
            z->counters.add(metric, {name, outcome.empty() ? status::LabelId{0} : z->counters.label(outcome)},
                            now - have);
            have = now;
        }
    };
    add(status::Metric::warm_requests, "ok", run.counted_succeeded, run.succeeded);
    add(status::Metric::warm_requests, "failed", run.counted_failed, run.failed);
    add(status::Metric::warm_bytes, "", run.counted_bytes, run.bytes);
}

void put_in_line(Progress &run, ttl::Time due)
{
    run.due = due;
    run.started_ms = 0;
    run.ended_ms = 0;
    run.usual_us = 0;
    for (auto *sum : {&run.total, &run.done, &run.succeeded, &run.failed, &run.left_out, &run.bytes,
                      &run.counted_succeeded, &run.counted_failed, &run.counted_bytes})
    {
        *sum = 0;
    }
    run.stage = Stage::waiting;
}

void begin(const MainConf &main, const WarmRule &rule, ngx_log_t *log)
{
    Progress &run = *rule.progress;
    Active &a = active();
    auto z = zone(main);

    warm::Errand errand = rule.errand;
    errand.resumes = run.stage == Stage::running && run.total > 0;
    if (errand.resumes) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0, "cdn warm: \"%s\" goes on at %uL of %uL", rule.name.c_str(),
                      run.done.load(), run.total.load());
    } else {
        const std::int64_t now = clock_ms();
        run.started_ms = now;
        if (z) {
            const auto usual = visitors_p95(z->windows.last_seconds(static_cast<double>(now) / 1000, 300));
            run.usual_us = static_cast<std::int64_t>(usual.value_or(0) * 1000);
            errand.wishes.objects = popular_objects(*z, rule.top);
        }
        ngx_log_error(NGX_LOG_NOTICE, log, 0, "cdn warm: \"%s\" begins, due at %s in %s", rule.name.c_str(),
                      ttl::print_wall_clock(rule.schedule->local(run.due)).c_str(), rule.schedule_name.c_str());
    }

    const std::int64_t usual_us = run.usual_us;
    a.yielding = std::make_unique<warm::Yielding>(
        errand.concurrency, usual_us > 0 ? std::optional(static_cast<double>(usual_us) / 1000) : std::nullopt);
    a.rule = &rule;
    run.at_once = errand.concurrency;
    run.owner = ngx_pid;
    run.stage = Stage::running;
    a.runner = std::make_unique<warm::Runner>(std::move(errand), run);
}

void end(const MainConf &main, ngx_log_t *log)
{
    Active &a = active();
    Progress &run = *a.rule->progress;
    const std::vector<std::string> remarks = a.runner->remarks();
    a.runner.reset();

    count_run(main, *a.rule);
    run.owner = 0;
    run.stage = Stage::idle;
    const std::int64_t duration = std::max<std::int64_t>(run.ended_ms - run.started_ms, 0);
    const ngx_uint_t level = run.failed == 0 && remarks.empty() ? NGX_LOG_NOTICE : NGX_LOG_WARN;
    ngx_log_error(level, log, 0,
                  "cdn warm: \"%s\" is done: %uL of %uL URLs fetched, %uL failed, %uL left out, %uL bytes, %L.%03L s",
                  a.rule->name.c_str(), run.succeeded.load(), run.total.load(), run.failed.load(),
                  run.left_out.load(), run.bytes.load(), duration / 1000, duration % 1000);
    for (const std::string &remark : remarks) {
        ngx_log_error(NGX_LOG_WARN, log, 0, "cdn warm: \"%s\": %s", a.rule->name.c_str(), printable(remark).c_str());
    }
    a = {};
}

void yield_to_visitors(const MainConf &main)
{
    Active &a = active();
    const ttl::Time now = ngx_time();
    if (a.asked_at == now) {
        return;
    }
    a.asked_at = now;

    constexpr int look_back_s = 5;
    const auto z = zone(main);
    const int allowed = a.yielding->allow(
        z ? visitors_p95(z->windows.last_seconds(static_cast<double>(now_ms()) / 1000, look_back_s)) : std::nullopt);
    a.rule->progress->at_once = allowed;
    a.runner->allow(allowed);
}

bool is_left(const Progress &run)
{
    const std::int32_t owner = run.owner;
    return owner == 0 || owner == ngx_pid || (kill(owner, 0) == -1 && errno == ESRCH);
}

}  // namespace

void note_due_warm(const MainConf &main, ttl::Time since, ttl::Time now, ngx_log_t *log)
{
    for (const WarmRule &rule : main.warm->rules) {
        Progress &run = *rule.progress;
        const auto [due, skipped] = ttl::look(*rule.schedule, rule.times, since, now, patience);
        if (skipped) {
            ngx_log_error(NGX_LOG_WARN, log, 0,
                          "cdn warm: \"%s\" was due at %s in %s, over an hour ago: skipped until its next time",
                          rule.name.c_str(), ttl::print_wall_clock(skipped->clock).c_str(), rule.schedule_name.c_str());
        }
        if (!due || due->at == run.due) {
            continue;
        }
        if (run.stage != Stage::idle && clock_ms() - run.started_ms < longest_pause_ms) {
            ngx_log_error(NGX_LOG_WARN, log, 0, "cdn warm: \"%s\" is due again, and still at work: not begun anew",
                          rule.name.c_str());
            continue;
        }
        put_in_line(run, due->at);
    }
}

void lead_warm(const MainConf &main, ngx_log_t *log)
{
    Active &a = active();
    if (a.runner) {
        count_run(main, *a.rule);
        if (a.runner->ended()) {
            end(main, log);
        } else {
            yield_to_visitors(main);
        }
        return;
    }

    // one at a time, the oldest first
    const WarmRule *next = nullptr;
    for (const WarmRule &rule : main.warm->rules) {
        const Progress &run = *rule.progress;
        if (run.stage == Stage::running && !is_left(run)) {
            return;
        }
        if (run.stage != Stage::idle && (next == nullptr || run.due < next->progress->due)) {
            next = &rule;
        }
    }
    if (next != nullptr) {
        begin(main, *next, log);
    }
}

void leave_warm()
{
    Active &a = active();
    if (a.runner) {
        Progress &run = *a.rule->progress;
        a = {};
        run.owner = 0;
    }
}

ngx_int_t mark_warm(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&]() -> ngx_int_t {
        const WarmMain &main = *main_conf(r).warm;
        if (main.memory == nullptr || r != r->main || r->internal) {
            return NGX_DECLINED;
        }

        const std::string_view secret(main.memory->secret, sizeof(main.memory->secret));
        bool marked = false;
        each_header(r->headers_in.headers, "X-CDN-Warm", false, [&](ngx_table_elt_t &field) {
            marked = marked || equal_in_constant_time(view(field.value), secret);
        });
        if (marked) {
            make_state(r).is_warmer = true;
            filter_request_headers(r, [](const ngx_table_elt_t &field) {
                return !equal_ignoring_case(view(field.key), "X-CDN-Warm");
            });
        }
        return NGX_DECLINED;
    });
}

std::vector<status::WarmState> warm_states(const MainConf &main, ttl::Time now)
{
    std::vector<status::WarmState> out;
    for (const WarmRule &rule : main.warm->rules) {
        const Progress &run = *rule.progress;
        auto &state = out.emplace_back();
        state.name = rule.name;
        state.schedule = rule.schedule_name;
        state.running = run.stage == Stage::running;
        state.waiting = run.stage == Stage::waiting;
        if (const auto next = ttl::next_due(*rule.schedule, rule.times, now)) {
            state.next = next->at;
        }
        state.due = run.due;
        state.started = static_cast<double>(run.started_ms) / 1000;
        state.ended = static_cast<double>(run.ended_ms) / 1000;
        state.total = run.total;
        state.done = run.done;
        state.succeeded = run.succeeded;
        state.failed = run.failed;
        state.left_out = run.left_out;
        state.bytes = run.bytes;
        state.at_once = run.at_once;
    }
    return out;
}

}  // namespace cdn

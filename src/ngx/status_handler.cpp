#include "ngx/status_handler.h"

#include "core/version.h"
#include "image/render.h"
#include "ngx/conf.h"
#include "ngx/headers.h"
#include "ngx/purge_state.h"
#include "ngx/upstreams.h"
#include "ngx/warm_leader.h"
#include "ngx/zone.h"
#include "status/form.h"
#include "status/report.h"

namespace cdn {

namespace {

using status::Form;

struct Answer {
    Form        form;
    std::string body;
};

// nginx's caches: zones that its proxying modules own are nothing else.
std::vector<status::CacheZone> caches()
{
    std::vector<status::CacheZone> out;

#if (NGX_HTTP_CACHE)
    const auto *cycle = const_cast<ngx_cycle_t *>(ngx_cycle);
    for (const ngx_list_part_t *part = &cycle->shared_memory.part; part != nullptr; part = part->next) {
        const auto *zones = static_cast<ngx_shm_zone_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (zones[i].data == nullptr || !is_upstream_module(cycle, zones[i].tag)) {
                continue;
            }

            const auto &cache = *static_cast<ngx_http_file_cache_t *>(zones[i].data);
            const auto block = static_cast<std::uint64_t>(cache.bsize);
            const off_t unlimited = NGX_MAX_OFF_T_VALUE / static_cast<off_t>(cache.bsize);
            auto &zone = out.emplace_back();
            zone.name = view(zones[i].shm.name);
            zone.size = static_cast<std::uint64_t>(cache.sh->size) * block;
            if (cache.max_size < unlimited) {
                zone.max = static_cast<std::uint64_t>(cache.max_size) * block;
            }
        }
    }
#endif

    return out;
}

std::vector<status::ScheduleState> schedules(const TtlMain &main)
{
    std::vector<status::ScheduleState> out;
    for (const auto &[name, live] : main.schedules) {
        const ttl::Schedule &schedule = live->schedule();
        const ttl::Moment &now = live->at(ngx_time());

        auto &state = out.emplace_back();
        state.name = name;
        state.phase = now.phase;
        state.term = now.term;
        state.next_change = schedule.next_change(ngx_time());
        for (const auto phase : schedule.phases()) {
            state.phases.emplace_back(phase);
        }
    }

    return out;
}

status::Facts facts(ngx_http_request_t *r, const Zone &z)
{
    const MainConf &conf = main_conf(r);

    status::Facts facts;
    facts.node = view(conf.node);
    facts.version = version;
    facts.nginx = NGINX_VERSION;
    facts.libvips = image::render_library();
    facts.started = static_cast<double>(z.head->started_ms) / 1000;
    facts.now = static_cast<double>(now_ms()) / 1000;

    facts.image_memory_bytes = z.head->ledger.memory();
    facts.image_overdue_threads = z.head->ledger.overdue_threads();

    facts.caches = caches();
    facts.schedules = schedules(*conf.ttl);
    facts.warm = warm_states(conf, ngx_time());

    if (const auto p = purges(conf)) {
        facts.purges = {p->table.records(), p->table.capacity(), p->table.patterns(), p->table.evictions(),
                        static_cast<double>(p->table.floor_ms()) / 1000};
    }
    if (conf.journal != nullptr && conf.redis != nullptr) {
        // a read waits on its end for a while without a word
        constexpr std::int64_t quiet_ms = 6000;
        const RedisState state = redis_state(conf);
        const std::int64_t silence = now_ms() - std::max<std::int64_t>(state.read_at_ms, z.head->started_ms);
        facts.fleet = {state.connected, state.connected && silence < quiet_ms
                                            ? 0 : static_cast<double>(std::max<std::int64_t>(silence, 0)) / 1000};
    }

    if (conf.zone != nullptr) {
        auto *pool = reinterpret_cast<ngx_slab_pool_t *>(conf.zone->shm.addr);
        facts.zone_free_bytes = pool->pfree * ngx_pagesize;
    }

    return facts;
}

std::string_view argument(ngx_http_request_t *r, std::string_view name)
{
    ngx_str_t value{};
    const ngx_str_t wanted = borrow(name);
    ngx_http_arg(r, wanted.data, wanted.len, &value);
    return view(value);
}

status::Snapshot take_snapshot(const Zone &z, const MainConf &conf)
{
    status::Snapshot out;
    out.samples = z.counters.snapshot();
    out.alerts = z.alerts();
    out.thresholds = *conf.thresholds;
    return out;
}

// What JSON says besides.
void add_judgement(status::Snapshot &out, const Zone &z, bool with_series)
{
    const double now = static_cast<double>(now_ms()) / 1000;
    const auto seconds = static_cast<std::int64_t>(now);
    constexpr int day = 24 * 60;

    out.groups = status::groups(out.samples);
    out.five_minutes = z.windows.last_seconds(now, 300);
    out.hour = z.windows.last_minutes(now, 60);
    out.hour_before = z.windows.last_minutes(now, 60, 60);
    out.day = z.windows.last_minutes(now, day);
    out.day_before = z.windows.last_minutes(now, day, day);
    out.objects = z.objects.all();
    out.misses = z.misses.all();
    if (with_series) {
        out.series = status::Series{z.windows.seconds(now - 1, 300), {}};   // whole seconds
        out.series->minutes = z.windows.minutes(now, 2 * day / out.series->minutes_step,
                                                out.series->minutes_step);
    }

    const ngx_time_t *clock = ngx_timeofday();
    const std::int64_t utc_offset = static_cast<std::int64_t>(clock->gmtoff) * 60;
    out.recommendations = status::advise({out.day, z.groups.last_day(seconds, out.groups, utc_offset),
                                  out.objects, out.misses});
}

// Nothing: ?format= names none that there is.
std::optional<Form> choose_form(ngx_http_request_t *r)
{
    const auto asked = argument(r, "format");
    const std::string accept = request_header(r, "Accept");
    const auto for_prometheus = [&] {
        return status::wanted_form(accept, {Form::prometheus, Form::openmetrics}).value_or(Form::prometheus);
    };

    switch (loc_conf(r).status.format) {
    case status_html:       return asked == "json" ? Form::json : Form::html;   // the page's own question
    case status_json:       return Form::json;
    case status_prometheus: return for_prometheus();
    }

    if (asked.empty()) {
        return status::wanted_form(accept, {Form::html, Form::json, Form::prometheus, Form::openmetrics})
            .value_or(Form::json);
    }
    return asked == "html"         ? std::optional(Form::html)
           : asked == "json"       ? std::optional(Form::json)
           : asked == "prometheus" ? std::optional(for_prometheus())
                                   : std::nullopt;
}

std::optional<Answer> make_answer(ngx_http_request_t *r, const Zone &z)
{
    const auto form = choose_form(r);
    if (!form) {
        return std::nullopt;
    }
    if (*form == Form::html) {
        return Answer{*form, std::string(status::page())};
    }

    status::Snapshot snapshot = take_snapshot(z, main_conf(r));
    if (*form != Form::json) {
        return Answer{*form, status::prometheus(snapshot, facts(r, z), *form == Form::openmetrics)};
    }

    add_judgement(snapshot, z, argument(r, "series") == "1");
    return Answer{*form, status::json(snapshot, facts(r, z))};
}

ngx_int_t send(ngx_http_request_t *r, const Answer &answer)
{
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_type = copy(r->pool, status::content_type(answer.form));
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_length_n = static_cast<off_t>(answer.body.size());

    add_response_header(r, "Cache-Control", "no-store");
    add_response_header(r, "X-Content-Type-Options", "nosniff");
    add_response_header(r, "Vary", "Accept");
    if (answer.form == Form::html) {
        // whatever a name in it says, nothing else is loaded or asked
        add_response_header(r, "Content-Security-Policy",
                            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                            "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                            "frame-ancestors 'none'");
    }

    const ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    ngx_chain_t out{whole_body(r, copy(r->pool, answer.body)), nullptr};
    return ngx_http_output_filter(r, &out);
}

}  // namespace

ngx_int_t status_handler(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&]() -> ngx_int_t {
        if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) {
            add_response_header(r, "Allow", "GET, HEAD");
            return NGX_HTTP_NOT_ALLOWED;
        }

        const ngx_int_t rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }

        const auto z = zone(main_conf(r));
        if (!z) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        const auto answer = make_answer(r, *z);
        return answer ? send(r, *answer) : NGX_HTTP_BAD_REQUEST;
    });
}

}  // namespace cdn

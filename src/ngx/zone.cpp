#include "ngx/zone.h"

#include "ngx/bridge.h"
#include "ngx/inherited_memory.h"
#include "ngx/purge_state.h"
#include "purge/rate.h"

#include <sys/random.h>

namespace cdn {

namespace {

// The layout of what stands in it: one that changes takes a new name, and so
// new memory, with a newer module.
constexpr std::string_view counters_name = "ngx_cdn_status_6";
constexpr std::string_view ranking_name = "ngx_cdn_ranking_1";

// Half of it holds purges.
constexpr std::size_t least_zone_size = 4 * purge::Table::least_size;

// Where each part begins.
struct Layout {
    std::size_t counters, windows, groups, objects, misses, size;
};

Layout layout()
{
    std::size_t end = sizeof(ZoneHead);
    const auto next = [&](std::size_t size) {
        const std::size_t begin = (end + 63) / 64 * 64;
        end = begin + size;
        return begin;
    };

    Layout out;
    out.counters = next(status::Counters::memory_size());
    out.windows = next(status::Windows::memory_size());
    out.groups = next(status::GroupHistory::memory_size());
    out.objects = next(status::Popular::memory_size());
    out.misses = next(status::Popular::memory_size());
    out.size = end;
    return out;
}

// The start of cdn_zone's memory.
struct CdnZone {
    purge::Bucket             purge_calls[1024];
    std::atomic<bool>         redis_connected;
    std::atomic<std::int64_t> redis_read_at_ms;
    void                     *purges;
    std::size_t               purges_size;
};

// The zone of a configuration that is being loaded: its data is that
// configuration still.
ngx_int_t init_zone(ngx_shm_zone_t *zone, void *data) noexcept
{
    auto *conf = static_cast<MainConf *>(zone->data);
    auto *pool = reinterpret_cast<ngx_slab_pool_t *>(zone->shm.addr);
    auto *memory = static_cast<CdnZone *>(data != nullptr      ? data
                                          : zone->shm.exists ? pool->data
                                                             : nullptr);
    const bool fresh = memory == nullptr;

    if (fresh) {
        memory = static_cast<CdnZone *>(ngx_slab_calloc(pool, sizeof(CdnZone)));
        if (memory == nullptr) {
            return NGX_ERROR;
        }
        memory->purges_size = zone->shm.size / 2;
        memory->purges = ngx_slab_calloc(pool, memory->purges_size);
        if (memory->purges == nullptr) {
            return NGX_ERROR;
        }
        pool->data = memory;
    }

    zone->data = memory;
    if (!conf->purges || ngx_test_config) {
        return NGX_OK;
    }

    return guarded<ngx_int_t>(ngx_cycle->log, NGX_ERROR, [&]() -> ngx_int_t {
        return open_purges(*conf, conf->cycle, memory->purges, memory->purges_size, fresh) ? NGX_OK : NGX_ERROR;
    });
}

}  // namespace

char *set_zone(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    auto *conf = static_cast<MainConf *>(data);
    auto *arguments = static_cast<ngx_str_t *>(cf->args->elts);

    if (conf->zone != nullptr) {
        return const_cast<char *>("is duplicate");
    }

    const ssize_t size = ngx_parse_size(&arguments[1]);
    if (size == NGX_ERROR || size < static_cast<ssize_t>(least_zone_size)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"cdn_zone\" needs a size of at least %uz bytes, like 32m: \"%V\"",
                           least_zone_size, &arguments[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    ngx_str_t name = ngx_string("cdn_zone");
    conf->zone = ngx_shared_memory_add(cf, &name, size, &ngx_http_cdn_module);
    if (conf->zone == nullptr) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    conf->zone->init = init_zone;
    conf->zone->data = conf;
    conf->cycle = cf->cycle;
    return NGX_CONF_OK;
}

void set_redis_state(const MainConf &conf, bool connected, std::int64_t read_at_ms)
{
    auto *memory = static_cast<CdnZone *>(conf.zone->data);
    memory->redis_connected = connected;
    if (read_at_ms != 0) {
        memory->redis_read_at_ms = read_at_ms;
    }
}

RedisState redis_state(const MainConf &conf)
{
    const auto *memory = static_cast<CdnZone *>(conf.zone->data);
    return {memory->redis_connected, memory->redis_read_at_ms};
}

bool may_call(const MainConf &conf, std::uint64_t address, std::int64_t now_ms)
{
    auto *memory = static_cast<CdnZone *>(conf.zone->data);
    auto *pool = reinterpret_cast<ngx_slab_pool_t *>(conf.zone->shm.addr);

    ngx_shmtx_lock(&pool->mutex);
    const bool may = purge::take_call(memory->purge_calls, address, now_ms, conf.purge_rate, conf.purge_burst);
    ngx_shmtx_unlock(&pool->mutex);
    return may;
}

bool add_counters_zone(ngx_conf_t *cf)
{
    MainConf &conf = main_conf(cf);
    if (conf.counters != nullptr || ngx_test_config || ngx_process == NGX_PROCESS_SIGNALLER) {
        return true;
    }

    void *memory = inherited_memory(cf->log, counters_name, layout().size);
    if (memory == nullptr) {
        return false;
    }

    std::int64_t never = 0;
    auto *head = static_cast<ZoneHead *>(memory);
    if (head->started_ms.compare_exchange_strong(never, now_ms())) {
        FingerprintKey &key = head->fingerprint_key;
        if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) {
            return false;
        }
    }
    conf.counters = memory;
    return true;
}

bool add_ranking_zone(ngx_conf_t *cf)
{
    MainConf &conf = main_conf(cf);
    if (conf.ranking == nullptr && !ngx_test_config && ngx_process != NGX_PROCESS_SIGNALLER) {
        conf.ranking = inherited_memory(cf->log, ranking_name, status::Ranking::memory_size());
        return conf.ranking != nullptr;
    }
    return true;
}

std::optional<Zone> zone(const MainConf &conf)
{
    if (conf.counters == nullptr) {
        return std::nullopt;
    }

    static const Layout at = layout();
    auto *memory = static_cast<unsigned char *>(conf.counters);
    const auto shard = static_cast<unsigned>(ngx_worker);
    return Zone{static_cast<ZoneHead *>(conf.counters),
                status::Counters(memory + at.counters, shard),
                status::Windows(memory + at.windows, shard),
                status::GroupHistory(memory + at.groups),
                status::Popular(memory + at.objects),
                status::Popular(memory + at.misses),
                conf.ranking != nullptr ? std::optional<status::Ranking>(conf.ranking) : std::nullopt};
}

void Zone::tick(const status::Thresholds &thresholds)
{
    std::int32_t owner = 0;
    while (!head->ticker.compare_exchange_strong(owner, ngx_pid)) {
        if (owner == ngx_pid || process_lives(owner)) {
            return;
        }
    }

    const std::int64_t now = now_ms() / 1000;
    if (windows.tick(now)) {
        groups.tick(now, [&] { return status::groups(counters.snapshot()); });
        objects.tick(now);
        misses.tick(now);
        if (ranking) {
            ranking->tick(now);
        }

        const auto seconds = static_cast<double>(now);
        const status::Watch watch{readings(windows.last_seconds(seconds, 300), thresholds),
                                  windows.take_slowest(),
                                  windows.last_seconds(seconds, 60).tally.errors};
        status::AlertBook alerts = head->alerts;
        alerts.look(watch, thresholds, now);

        head->alerts_changes.fetch_add(1);
        head->alerts = alerts;
        head->alerts_changes.fetch_add(1);
    }

    head->ticker.store(0);
}

status::AlertBook Zone::alerts() const
{
    for (int tries = 0; ; tries++) {
        const std::uint32_t before = head->alerts_changes.load();
        const status::AlertBook copy = head->alerts;
        if ((before % 2 == 0 && head->alerts_changes.load() == before) || tries == 1000) {
            return copy;
        }
    }
}

}  // namespace cdn

#include "ngx/zone.h"

#include "ngx/bridge.h"

#include <cerrno>
#include <csignal>

namespace cdn {

namespace {

// The layout of what stands in it: a new one gets a new name, and so new
// memory, on a reload with a newer module.
constexpr std::string_view counters_name = "cdn_counters_1";

struct CountersZone {
    ZoneHead head;
    alignas(64) unsigned char counters[1];
};

std::size_t counters_offset()
{
    return offsetof(CountersZone, counters);
}

ngx_int_t init_counters(ngx_shm_zone_t *zone, void *data)
{
    if (data != nullptr) {                             // a reload: the same memory
        zone->data = data;
        return NGX_OK;
    }

    auto *pool = reinterpret_cast<ngx_slab_pool_t *>(zone->shm.addr);
    if (zone->shm.exists) {
        zone->data = pool->data;
        return NGX_OK;
    }

    const std::size_t size = counters_offset() + status::Counters::memory_size();
    auto *memory = static_cast<CountersZone *>(ngx_slab_calloc(pool, size));
    if (memory == nullptr) {
        return NGX_ERROR;
    }

    const ngx_time_t *now = ngx_timeofday();
    memory->head.started_ms = static_cast<std::int64_t>(now->sec) * 1000 + now->msec;
    pool->data = memory;
    zone->data = memory;

    return NGX_OK;
}

ngx_int_t init_zone(ngx_shm_zone_t *zone, void *data)
{
    zone->data = data != nullptr ? data : zone->shm.addr;
    return NGX_OK;
}

}  // namespace

MemoryLedger::Share *MemoryLedger::share(std::int32_t pid)
{
    for (Share &share : shares_) {
        if (share.pid.load() == pid) {
            return &share;
        }
    }

    return nullptr;
}

void MemoryLedger::open(std::int32_t pid)
{
    // what the dead held
    for (Share &share : shares_) {
        std::int32_t owner = share.pid.load();
        if (owner != 0 && kill(owner, 0) == -1 && errno == ESRCH
            && share.pid.compare_exchange_strong(owner, 0))
        {
            total_.fetch_sub(share.bytes.exchange(0));
        }
    }

    for (Share &share : shares_) {
        std::int32_t nobody = 0;
        if (share.pid.compare_exchange_strong(nobody, pid)) {
            return;
        }
    }
}

bool MemoryLedger::charge(std::int32_t pid, std::uint64_t bytes, std::uint64_t limit)
{
    std::uint64_t before = total_.load();
    do {
        if (before + bytes > limit) {
            return false;
        }
    } while (!total_.compare_exchange_weak(before, before + bytes));

    if (Share *own = share(pid)) {
        own->bytes.fetch_add(bytes);
    }
    return true;
}

void MemoryLedger::settle(std::int32_t pid, std::uint64_t bytes)
{
    if (Share *own = share(pid)) {
        own->bytes.fetch_sub(bytes);
    }
    total_.fetch_sub(bytes);
}

char *set_zone(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    auto *conf = static_cast<MainConf *>(data);
    auto *arguments = static_cast<ngx_str_t *>(cf->args->elts);

    if (conf->zone != nullptr) {
        return const_cast<char *>("is duplicate");
    }

    const ssize_t size = ngx_parse_size(&arguments[1]);
    if (size == NGX_ERROR || size < static_cast<ssize_t>(8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"cdn_zone\" needs a size of at least %uz bytes, like 32m: \"%V\"",
                           8 * ngx_pagesize, &arguments[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    ngx_str_t name = ngx_string("cdn_zone");
    conf->zone = ngx_shared_memory_add(cf, &name, size, &ngx_http_cdn_module);
    if (conf->zone == nullptr) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    conf->zone->init = init_zone;
    return NGX_CONF_OK;
}

bool add_counters_zone(ngx_conf_t *cf)
{
    MainConf &conf = main_conf(cf);
    if (conf.counters != nullptr) {
        return true;
    }

    // room for the slab's own bookkeeping
    const std::size_t size = counters_offset() + status::Counters::memory_size() + 32 * ngx_pagesize;
    ngx_str_t name = borrow(counters_name);
    conf.counters = ngx_shared_memory_add(cf, &name, size, &ngx_http_cdn_module);
    if (conf.counters == nullptr) {
        return false;
    }

    conf.counters->init = init_counters;
    return true;
}

std::optional<Zone> zone(const MainConf &conf)
{
    if (conf.counters == nullptr || conf.counters->data == nullptr) {
        return std::nullopt;
    }

    auto *memory = static_cast<CountersZone *>(conf.counters->data);
    return Zone{&memory->head, status::Counters(memory->counters)};
}

}  // namespace cdn

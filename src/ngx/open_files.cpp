#include "ngx/open_files.h"

#include "ngx/upstreams.h"

#include <sys/resource.h>

#include <algorithm>

namespace cdn {

namespace {

constexpr time_t     inactive_s = 20;                  // then the next file that is opened closes it
constexpr time_t     valid_s = 1;                      // who removes files by hand is heard so soon
constexpr ngx_uint_t min_uses = 2;                     // within inactive_s
constexpr rlim_t     fewest = 16;
constexpr rlim_t     most = 1024;

}  // namespace

bool keep_cache_files_open(ngx_conf_t *cf, MainConf &conf)
{
    auto *core = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    bool caches = false;
#if (NGX_HTTP_CACHE)
    each_upstream_conf(cf, [&](ngx_http_upstream_conf_t &upstream) { caches = caches || upstream.cache == 1; });
#endif
    // without a handler it serves files of its own
    if (!caches || core->handler == nullptr || core->open_file_cache != nullptr) {
        return true;
    }

    if (conf.open_files == nullptr) {
        conf.open_files = ngx_open_file_cache_init(cf->pool, fewest, inactive_s);
        if (conf.open_files == nullptr) {
            return false;
        }
    }
    core->open_file_cache = conf.open_files;
    core->open_file_cache_valid = valid_s;
    core->open_file_cache_min_uses = min_uses;
    return true;
}

void heed_cold_cache([[maybe_unused]] ngx_http_request_t *r)
{
#if (NGX_HTTP_CACHE)
    auto *core = static_cast<ngx_http_core_loc_conf_t *>(ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    if (core->open_file_cache != nullptr && core->open_file_cache == main_conf(r).open_files) {
        core->open_file_cache_valid = r->cache->file_cache->sh->cold ? 0 : valid_s;
    }
#endif
}

void limit_open_files(const MainConf &conf, const ngx_cycle_t *cycle)
{
    rlimit limit{};
    if (conf.open_files == nullptr || getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }

    // each connection may need a file, too
    const rlim_t beside = limit.rlim_cur > cycle->connection_n ? limit.rlim_cur - cycle->connection_n : 0;
    conf.open_files->max = static_cast<ngx_uint_t>(std::clamp(beside / 4, fewest, most));
}

}  // namespace cdn

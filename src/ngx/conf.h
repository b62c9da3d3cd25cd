// Configuration as nginx holds it: plain slots, and pointers to objects that
// are built while the file is read and never change afterwards.

#pragma once

#include "image/dialect.h"
#include "image/plan.h"
#include "image/preset.h"
#include "image/sources.h"
#include "ngx/ngx.h"
#include "ngx/redis.h"
#include "ngx/sign_conf.h"
#include "ngx/ttl_conf.h"
#include "purge/expand.h"
#include "purge/journal.h"
#include "status/judge.h"

#include <map>
#include <string>
#include <vector>

namespace cdn {

enum Dialect : ngx_uint_t {
    dialect_off,
    dialect_cloudflare,
    dialect_bunnycdn,
    dialect_keycdn,
    dialect_fastly,
    dialect_custom,
};

enum OnError : ngx_uint_t { on_error_status, on_error_original, on_error_redirect };

enum StatusFormat : ngx_uint_t { status_by_request, status_html, status_json, status_prometheus };

struct NightlyMain;
struct WarmMain;

struct MainConf {
    image::Presets *presets;
    ngx_shm_zone_t *zone;                              // cdn_zone
    void           *counters;                          // see zone.h
    void           *ranking;                           // popularity's
    ngx_cycle_t    *cycle;                             // this configuration's
    ngx_str_t       node;                              // cdn_node: name and region=
    ngx_str_t       node_region;
    status::Thresholds *thresholds;                    // cdn_alert, cdn_status_bandwidth
    ssize_t         image_memory;                      // cdn_image_memory
    bool            renders;                           // any location transforms
    bool            draws;                             // and accepts SVG or PDF
    bool            signs;                             // any asks for signatures
    std::vector<ngx_uint_t> url_variables;             // see request_url.h
    TtlMain        *ttl;
    ngx_open_file_cache_t *open_files;                 // see open_files.h

    bool              purges;                          // any location obeys or takes purges
    ngx_str_t         state;                           // cdn_state
    ngx_msec_t        purge_retention;
    ngx_int_t         purge_rate;                      // calls a second and address
    ngx_int_t         purge_burst;
    purge::Expansion *purge_expansion;
    NightlyMain      *nightly;                         // cdn_nightly
    WarmMain         *warm;                            // cdn_warm
    RedisSettings    *redis;                           // cdn_redis; none: nullptr
    purge::Journal   *journal;                         // once it is loaded, where `purges`
    std::map<ngx_shm_zone_t *, bool> *swept_caches;    // whether all of its locations obey
    std::vector<std::string>         *swept_tags;      // all their tag headers
    void             *purge_table;                     // in the zone
    std::size_t       purge_table_size;
};

struct PurgeConf {
    ngx_flag_t                on;                      // cdn_purge
    bool                      obeys;                   // it is on, or goes without saying
    ngx_flag_t                trusts_upstream;         // cdn_purge_upstream
    ngx_flag_t                exposes_tags;
    std::vector<std::string> *tag_headers;
    std::uint64_t             hidden_lengths;          // bit N % 64: a name the filter looks for has N bytes
    std::string              *token;                   // cdn_purge_token; none: nullptr
    bool                      takes;                   // cdn_purge_api is here
    bool                      is_open;                 // its "open"
};

struct ImageConf {
    ngx_uint_t           dialect;
    ngx_flag_t           transform;
    image::Options      *defaults;
    image::Negotiated   *formats;
    image::FormatSet    *inputs;
    image::SourceHosts  *sources;
    image::SourceFolders *overlays;
    ngx_str_t            origin;                       // cdn_image_origin
    off_t                max_bytes;
    off_t                max_pixels;
    ngx_int_t            max_frames;
    off_t                max_output_pixels;
    ngx_msec_t           timeout;
    ngx_uint_t           on_error;
    ngx_thread_pool_t   *pool;

    image::Limits limits() const;
};

struct StatusConf {
    ngx_uint_t                format;                  // cdn_status
    ngx_http_complex_value_t *region;                  // cdn_region
    bool                      is_endpoint;             // cdn_status: its requests are no visitors'
    bool                      counts;                  // something of ours is in force here
};

// What of a server concerns all its locations.
struct SrvConf {
    ngx_http_core_loc_conf_t *purge_location;          // where PURGE goes
};

struct LocConf {
    ImageConf  image;
    SignConf   sign;
    PurgeConf  purge;
    StatusConf status;
    TtlConf    ttl;
};

// Answered by this module: its query is no resource's.
inline bool is_endpoint(const LocConf &conf)
{
    return conf.status.is_endpoint || conf.purge.takes;
}

void *create_main_conf(ngx_conf_t *cf) noexcept;
char *init_main_conf(ngx_conf_t *cf, void *conf) noexcept;
void *create_srv_conf(ngx_conf_t *cf) noexcept;
void *create_loc_conf(ngx_conf_t *cf) noexcept;
char *merge_loc_conf(ngx_conf_t *cf, void *parent, void *child) noexcept;

inline MainConf &main_conf(ngx_http_request_t *r)
{
    return *static_cast<MainConf *>(ngx_http_get_module_main_conf(r, ngx_http_cdn_module));
}

inline MainConf &main_conf(ngx_conf_t *cf)
{
    return *static_cast<MainConf *>(ngx_http_conf_get_module_main_conf(cf, ngx_http_cdn_module));
}

inline SrvConf &srv_conf(ngx_http_request_t *r)
{
    return *static_cast<SrvConf *>(ngx_http_get_module_srv_conf(r, ngx_http_cdn_module));
}

inline LocConf &loc_conf(ngx_http_request_t *r)
{
    return *static_cast<LocConf *>(ngx_http_get_module_loc_conf(r, ngx_http_cdn_module));
}

}  // namespace cdn

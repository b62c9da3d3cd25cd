#include "ngx/conf.h"

#include "ngx/bridge.h"
#include "ngx/nightly.h"
#include "ngx/status_handler.h"
#include "ngx/purge_conf.h"
#include "ngx/upstreams.h"
#include "ngx/warm_conf.h"
#include "ngx/zone.h"

namespace cdn {

namespace {

template <typename T>
void inherit(T *&value, T *parent)
{
    if (value == nullptr) {
        value = parent;
    }
}

// A waiting client must not give up on the lock, and fetch a second time, while
// the first picture is still allowed to be made.
void warn_of_short_locks(ngx_conf_t *cf, const ImageConf &image)
{
#if (NGX_HTTP_CACHE)
    each_upstream_conf(cf, [&](const ngx_http_upstream_conf_t &upstream) {
        if (!upstream.cache || upstream.cache_lock != 1) {
            return;
        }
        if (image.timeout >= upstream.cache_lock_timeout || image.timeout >= upstream.cache_lock_age) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "\"cdn_image_timeout\" of %Mms should be under "
                               "\"proxy_cache_lock_timeout\" and \"proxy_cache_lock_age\", which are "
                               "%Mms and %Mms: raise those, to 65s for instance",
                               image.timeout, upstream.cache_lock_timeout, upstream.cache_lock_age);
        }
    });
#endif
}

// Whether requests here are visitors' requests to something of ours.  What an edge
// asks its image tier for was one at the edge.
bool counts(const LocConf &conf)
{
    const bool is_tier = conf.image.transform && conf.image.dialect == dialect_off;
    const bool in_force = conf.image.dialect != dialect_off || conf.sign.policy != nullptr
                          || conf.purge.on == 1 || conf.status.region != nullptr || conf.ttl.in_force();
    return in_force && !is_tier && !is_endpoint(conf);
}

// nginx's own handlers hold in limit_except and if blocks too.
void merge_endpoint(ngx_conf_t *cf, const LocConf &outer, LocConf &conf)
{
    auto *core = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    if (core->noname && core->handler == nullptr && outer.status.is_endpoint) {
        core->handler = status_handler;
        conf.status.is_endpoint = true;
        conf.status.format = outer.status.format;
    }
}

}  // namespace

image::Limits ImageConf::limits() const
{
    image::Limits limits;
    limits.max_bytes = static_cast<std::uint64_t>(max_bytes);
    limits.max_pixels = static_cast<std::uint64_t>(max_pixels);
    limits.max_frames = static_cast<std::uint64_t>(max_frames);
    limits.max_output_pixels = static_cast<std::uint64_t>(max_output_pixels);
    return limits;
}

void *create_main_conf(ngx_conf_t *cf) noexcept
{
    return guarded<void *>(cf->log, nullptr, [&]() -> void * {
        auto *conf = pool_new<MainConf>(cf->pool);
        conf->image_memory = NGX_CONF_UNSET;
        conf->purge_retention = NGX_CONF_UNSET_MSEC;
        conf->purge_rate = NGX_CONF_UNSET;
        conf->purge_expansion = pool_new<purge::Expansion>(cf->pool);
        conf->swept_caches = pool_new<std::map<ngx_shm_zone_t *, bool>>(cf->pool);
        conf->swept_tags = pool_new<std::vector<std::string>>(cf->pool);
        conf->presets = pool_new<image::Presets>(cf->pool);
        conf->thresholds = pool_new<status::Thresholds>(cf->pool);
        conf->ttl = pool_new<TtlMain>(cf->pool);
        conf->nightly = pool_new<NightlyMain>(cf->pool);
        conf->warm = pool_new<WarmMain>(cf->pool);
        return conf;
    });
}

char *init_main_conf(ngx_conf_t *cf, void *data) noexcept
{
    auto *conf = static_cast<MainConf *>(data);

    if (conf->image_memory == NGX_CONF_UNSET) {
        conf->image_memory = std::int64_t{1} << 30;
    }

    ngx_conf_init_msec_value(conf->purge_retention, ngx_msec_t{400} * 24 * 3600 * 1000);
    if (conf->purge_rate == NGX_CONF_UNSET) {
        conf->purge_rate = 50;
        conf->purge_burst = 500;
    }
    if (conf->node.len == 0) {
        conf->node = cf->cycle->hostname;
    }
    if (conf->zone != nullptr && !purge::is_node(view(conf->node))) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the host's name \"%V\" cannot name an edge: add \"cdn_node NAME;\" to the http block",
                           &conf->node);
        return static_cast<char *>(NGX_CONF_ERROR);
    }
    if (conf->state.data == nullptr) {
        ngx_str_set(&conf->state, "/var/lib/nginx/cdn");
    }

    return guarded(cf->log, static_cast<char *>(NGX_CONF_ERROR), [&]() -> char * {
        const bool fits = check_ttl(cf, *conf->ttl) && check_nightly(cf, *conf) && check_warm(cf, *conf);
        return fits ? NGX_CONF_OK : static_cast<char *>(NGX_CONF_ERROR);
    });
}

void *create_srv_conf(ngx_conf_t *cf) noexcept
{
    return guarded<void *>(cf->log, nullptr,
                           [&]() -> void * { return pool_new<SrvConf>(cf->pool); });
}

void *create_loc_conf(ngx_conf_t *cf) noexcept
{
    return guarded<void *>(cf->log, nullptr, [&]() -> void * {
        auto *conf = pool_new<LocConf>(cf->pool);

        ImageConf &image = conf->image;
        image.dialect = NGX_CONF_UNSET_UINT;
        image.transform = NGX_CONF_UNSET;
        image.max_bytes = NGX_CONF_UNSET;
        image.max_pixels = NGX_CONF_UNSET;
        image.max_frames = NGX_CONF_UNSET;
        image.max_output_pixels = NGX_CONF_UNSET;
        image.timeout = NGX_CONF_UNSET_MSEC;
        image.on_error = NGX_CONF_UNSET_UINT;

        conf->sign.mode = NGX_CONF_UNSET_UINT;

        PurgeConf &purge = conf->purge;
        purge.on = NGX_CONF_UNSET;
        purge.trusts_upstream = NGX_CONF_UNSET;
        purge.exposes_tags = NGX_CONF_UNSET;

        return conf;
    });
}

char *merge_loc_conf(ngx_conf_t *cf, void *parent, void *child) noexcept
{
    return guarded<char *>(cf->log, static_cast<char *>(NGX_CONF_ERROR), [&]() -> char * {
        MainConf &main = main_conf(cf);
        LocConf &conf = *static_cast<LocConf *>(child);
        merge_endpoint(cf, *static_cast<LocConf *>(parent), conf);

        if (merge_sign_conf(cf, static_cast<LocConf *>(parent)->sign, conf.sign) != NGX_CONF_OK) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }
        main.signs = main.signs || conf.sign.policy != nullptr;

        const ImageConf &outer = static_cast<LocConf *>(parent)->image;
        ImageConf &image = static_cast<LocConf *>(child)->image;
        const image::Limits defaults;

        ngx_conf_merge_uint_value(image.dialect, outer.dialect, dialect_off);
        ngx_conf_merge_value(image.transform, outer.transform, 0);
        ngx_conf_merge_off_value(image.max_bytes, outer.max_bytes,
                                 static_cast<off_t>(defaults.max_bytes));
        ngx_conf_merge_off_value(image.max_pixels, outer.max_pixels,
                                 static_cast<off_t>(defaults.max_pixels));
        ngx_conf_merge_value(image.max_frames, outer.max_frames,
                             static_cast<ngx_int_t>(defaults.max_frames));
        ngx_conf_merge_off_value(image.max_output_pixels, outer.max_output_pixels,
                                 static_cast<off_t>(defaults.max_output_pixels));
        ngx_conf_merge_msec_value(image.timeout, outer.timeout, 10000);

        ngx_conf_merge_uint_value(image.on_error, outer.on_error, on_error_status);
        ngx_conf_merge_str_value(image.origin, outer.origin, "");

        inherit(image.defaults, outer.defaults);
        inherit(image.formats, outer.formats);
        inherit(image.inputs, outer.inputs);
        inherit(image.sources, outer.sources);
        inherit(image.overlays, outer.overlays);

        if (!merge_ttl(cf, static_cast<LocConf *>(parent)->ttl, static_cast<LocConf *>(child)->ttl,
                       image.dialect != dialect_off))
        {
            return static_cast<char *>(NGX_CONF_ERROR);
        }

        // its predicate comes before the one of lifetimes: what passes the cache by
        // may be stored all the same, and its fetch's start is to be known
        if (!merge_purge_conf(cf, static_cast<LocConf *>(parent)->purge,
                              *static_cast<LocConf *>(child)))
        {
            return static_cast<char *>(NGX_CONF_ERROR);
        }

        StatusConf &status = static_cast<LocConf *>(child)->status;
        inherit(status.region, static_cast<LocConf *>(parent)->status.region);
        status.counts = counts(*static_cast<LocConf *>(child));
        if (status.counts && !add_counters_zone(cf)) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }

        if (image.dialect == dialect_off && !image.transform) {
            return NGX_CONF_OK;
        }

        if (image.formats == nullptr) {
            image.formats = pool_new<image::Negotiated>(
                cf->pool, image::Negotiated{image::Format::avif, image::Format::webp});
        }
        if (image.inputs == nullptr) {
            using enum image::Format;
            image.inputs = pool_new<image::FormatSet>(
                cf->pool, image::FormatSet{jpeg, png, webp, gif, avif, heif, tiff});
        }

        if (image.defaults != nullptr) {
            if (const auto known = main.presets->apply(*image.defaults); !known) {
                const ngx_str_t message = borrow(known.error().message);
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"cdn_image_default\": %V", &message);
                return static_cast<char *>(NGX_CONF_ERROR);
            }
        }

        warn_of_short_locks(cf, image);

        if (image.transform) {
            const auto *core = static_cast<ngx_http_core_loc_conf_t *>(
                ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
            if (core->alias != 0 && image.dialect == dialect_cloudflare && view(core->name).starts_with("/cdn-cgi/")) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"alias\" replaces \"%V\", and no source of "
                                   "\"cdn_image cloudflare\" begins with it: use \"root\"", &core->name);
                return static_cast<char *>(NGX_CONF_ERROR);
            }
            ngx_str_t name = ngx_string("cdn_image");
            image.pool = ngx_thread_pool_add(cf, &name);
            if (image.pool == nullptr) {
                return static_cast<char *>(NGX_CONF_ERROR);
            }
            main.renders = true;
            main.draws |= image.inputs->has(image::Format::svg) || image.inputs->has(image::Format::pdf);
        }

        return add_counters_zone(cf) ? NGX_CONF_OK : static_cast<char *>(NGX_CONF_ERROR);
    });
}

}  // namespace cdn

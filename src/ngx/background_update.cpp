#include "ngx/background_update.h"

#include "ngx/bridge.h"
#include "ngx/upstreams.h"

namespace cdn {

namespace {

// Of a location: the modules that are told, by the address of their own words.
struct Told {
    const u_char *modules[4];
    ngx_uint_t    count;

    bool has(const u_char *module) const
    {
        return std::find(modules, modules + count, module) != modules + count;
    }

    void add(const u_char *module)
    {
        if (!has(module) && count < std::size(modules)) {
            modules[count++] = module;
        }
    }
};

void note(ngx_conf_t *cf, Told &told)
{
#if (NGX_HTTP_CACHE)
    each_upstream_conf(cf, [&](const ngx_http_upstream_conf_t &upstream) {
        if (upstream.cache_background_update != NGX_CONF_UNSET) {
            told.add(upstream.module.data);
        }
    });
#endif
}

void *create_conf(ngx_conf_t *cf) noexcept
{
    return ngx_pcalloc(cf->pool, sizeof(Told));
}

// Of http {} itself, which nobody merges.
char *note_main(ngx_conf_t *cf, void *) noexcept
{
    note(cf, *static_cast<Told *>(ngx_http_conf_get_module_loc_conf(cf, ngx_http_cdn_first_module)));
    return NGX_CONF_OK;
}

char *merge(ngx_conf_t *cf, void *parent, void *child) noexcept
{
    auto &told = *static_cast<Told *>(child);
    told = *static_cast<const Told *>(parent);
    note(cf, told);
    return NGX_CONF_OK;
}

ngx_http_module_t context = {
    nullptr, nullptr,                                  // configuration, before and after
    nullptr, note_main,                                // main configuration
    nullptr, nullptr,                                  // server configuration
    create_conf, merge,                                // location configuration
};

}  // namespace

bool is_silent_on_background_update(ngx_conf_t *cf, const ngx_http_upstream_conf_t &upstream)
{
    const auto &told = *static_cast<const Told *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_cdn_first_module));
    return !told.has(upstream.module.data);
}

}  // namespace cdn

ngx_module_t ngx_http_cdn_first_module = {
    NGX_MODULE_V1,
    &cdn::context,
    nullptr,                                           // directives
    NGX_HTTP_MODULE,                                   // and nothing else
};

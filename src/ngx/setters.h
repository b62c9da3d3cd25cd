// What every directive's setter needs.

#pragma once

#include "ngx/bridge.h"

#include <span>

namespace cdn {

inline char *const failed = static_cast<char *>(NGX_CONF_ERROR);

// The directive's arguments, without its name.
inline std::span<const ngx_str_t> arguments(ngx_conf_t *cf)
{
    const std::span all(static_cast<const ngx_str_t *>(cf->args->elts), cf->args->nelts);
    return all.subspan(1);
}

// [emerg] "cdn_x": what was wrong
inline char *complain(ngx_conf_t *cf, std::string_view what)
{
    const ngx_str_t name = static_cast<const ngx_str_t *>(cf->args->elts)[0];
    const ngx_str_t text = borrow(what);
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %V", &name, &text);
    return failed;
}

}  // namespace cdn

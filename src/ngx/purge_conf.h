// The directives of purge, read and merged.

#pragma once

#include "ngx/conf.h"

namespace cdn {

char *set_tag_header(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept;
char *set_purge_upstream(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept;
char *set_purge_api(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept;
char *set_purge_token(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept;
char *set_purge_cascade(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept;
char *set_purge_event(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept;
char *set_purge_rate(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept;
char *set_redis(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept;
char *set_state(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept;

// False: refused, and said why.
bool merge_purge_conf(ngx_conf_t *cf, const PurgeConf &outer, LocConf &conf);

}  // namespace cdn

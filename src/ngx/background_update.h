// Where the configuration is silent on proxy_cache_background_update and its
// kin.  nginx's modules fill in "off" while they merge; so a module of our own
// that stands before them has a look first.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

// In this location, once it is merged.
bool is_silent_on_background_update(ngx_conf_t *cf, const ngx_http_upstream_conf_t &upstream);

}  // namespace cdn

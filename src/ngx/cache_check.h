// The predicate that stands first in "proxy_cache_bypass" and its like: nginx evaluates
// it once the cache key is known and before anything is opened.  For purges it never
// bypasses, but installs their hook; it asks ttl_hook.h as well.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

// Before the configuration is read: the predicate's variable.
bool add_cache_check(ngx_conf_t *cf);

// Into this location's proxy, fastcgi, uwsgi and scgi, where they cache.
bool install_cache_check(ngx_conf_t *cf);

}  // namespace cdn

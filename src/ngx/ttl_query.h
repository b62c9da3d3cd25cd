// cdn_cache_query: the arguments that neither key nor origin need are gone.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

// Rewrite phase, once the location is chosen and its token, if any, is gone.
void clean_query(ngx_http_request_t *r);

}  // namespace cdn

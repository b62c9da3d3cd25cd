// Keys whose responses were not stored a moment ago, as this worker saw: nobody should
// wait for the next one.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

#if (NGX_HTTP_CACHE)

bool was_unstored(const ngx_http_cache_t *c, time_t now);
void note_unstored(const ngx_http_cache_t *c, time_t now);
void forget_unstored(const ngx_http_cache_t *c);

#endif

}  // namespace cdn

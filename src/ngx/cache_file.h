// What purges do to nginx's own cache files.

#pragma once

#include "ngx/ngx.h"

#include <string>
#include <string_view>

namespace cdn {

#if (NGX_HTTP_CACHE)

// Whether the cache's node is of the file that r->cache has open; in the cache's lock.  Those that
// nginx loaded at its start know no number of their file.
inline bool is_current(const ngx_http_cache_t &c)
{
    return c.node->exists && (c.node->uniq == c.uniq || c.node->uniq == 0);
}

// The response that r->cache has open is gone: file and entry.  Whoever asks next finds nothing.
void drop_cached(ngx_http_request_t *r);

// It is stale from now on; for so many seconds it may be served while it is
// fetched anew, and if that fails.  False: it could not be rewritten.
bool soften_cached(ngx_http_request_t *r, time_t updating, time_t error);

// The header bytes of the response that r->cache has read, as the upstream sent them.
std::string_view cached_header_bytes(ngx_http_request_t *r);

#endif

}  // namespace cdn

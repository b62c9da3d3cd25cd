// What purges do to nginx's own cache files.

#pragma once

#include "ngx/ngx.h"

#include <string>
#include <string_view>

namespace cdn {

#if (NGX_HTTP_CACHE)

// In the cache's lock: whether its node is of this file.  Those that nginx loaded at its start know
// no number of their file.
inline bool is_current(const ngx_http_file_cache_node_t &node, ngx_file_uniq_t file)
{
    return node.exists && (node.uniq == file || node.uniq == 0);
}

// In the cache's lock: the entry of this key; nginx's own look-up is not to be had.
ngx_http_file_cache_node_t *find_node(ngx_http_file_cache_t &cache, const u_char *key);

// Whether something is stored under the key of c, stale or not, of any variant.
bool is_cached(const ngx_http_cache_t &c);

// Whether nginx's "slice" asks for a part of a file.
bool is_slice(ngx_http_request_t *r);

// In the cache's lock: nobody finds this node's file any more.
void forget_file(ngx_http_file_cache_t &cache, ngx_http_file_cache_node_t &node);

// The response that r->cache has open is gone: file and entry.  Whoever asks next finds nothing.
void drop_cached(ngx_http_request_t *r);

// It is stale from now on; for so many seconds it may be served while it is
// fetched anew, and if that fails.  False: it could not be rewritten.
bool soften_cached(ngx_http_request_t *r, time_t updating, time_t error);

// The header bytes of the response that r->cache has read, as the upstream sent them.
std::string_view cached_header_bytes(ngx_http_request_t *r);

#endif

}  // namespace cdn

// Headers of stored responses, parsed once.
//
// On each hit nginx parses the header that the cache file begins with, which is a good part of
// what a hit costs.  What it makes of the same bytes is always the same; a worker remembers it
// of the objects it serves often.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

#if (NGX_HTTP_CACHE)

using HeaderParser = ngx_int_t (*)(ngx_http_request_t *);

// Does what `parse`, the upstream's process_header, does to a response out of the cache
// (r->cached); returns what it returns.
ngx_int_t parse_stored_header(ngx_http_request_t *r, HeaderParser parse);

#endif

}  // namespace cdn

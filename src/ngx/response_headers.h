// cdn_response_headers: sets of headers that a location's responses get.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

// `sets` of enum ResponseHeaders.
void add_header_sets(ngx_http_request_t *r, ngx_uint_t sets);

}  // namespace cdn

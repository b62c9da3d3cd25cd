// CDN-Loop (RFC 8586): requests upstream name this CDN, so that an inner tier knows an
// edge from a client.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

void name_this_cdn(ngx_http_request_t *r);
bool asked_by_edge(ngx_http_request_t *r);

}  // namespace cdn

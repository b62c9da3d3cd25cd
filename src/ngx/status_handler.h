// The status endpoint, and the counting of requests that it shows.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

ngx_int_t status_handler(ngx_http_request_t *r) noexcept;

// Log phase: every client request to a location of ours, once.
ngx_int_t count_request(ngx_http_request_t *r) noexcept;

}  // namespace cdn

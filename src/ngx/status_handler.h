// The status endpoint.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

ngx_int_t status_handler(ngx_http_request_t *r) noexcept;

}  // namespace cdn

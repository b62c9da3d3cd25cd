// The purge endpoint, and the method PURGE on every URL of its server.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

// Content handler of a location with cdn_purge_api.
ngx_int_t purge_handler(ngx_http_request_t *r) noexcept;

// Sends PURGE requests to that location, whose rules decide who may.
ngx_int_t purge_method_phase(ngx_http_request_t *r) noexcept;

}  // namespace cdn

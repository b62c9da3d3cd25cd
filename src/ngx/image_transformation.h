// A transformation from its whole source to its answer: the job goes out, is timed, and
// the request goes on once it is back, failed or late.

#pragma once

#include "ngx/request_state.h"

namespace cdn {

// The source as it came, where the location prefers it to an error.
bool original_serves(ngx_http_request_t *r, const Error &error);

// Its source is whole.  NGX_AGAIN: the filter is called again with nothing once there is something
// to send.
ngx_int_t start_transformation(ngx_http_request_t *r, RequestState &state);

// A failure within a filter is answered from outside it, a moment later.
ngx_int_t fail_transformation(ngx_http_request_t *r, RequestState &state, Error error);

}  // namespace cdn

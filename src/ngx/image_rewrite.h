// A dialect's URL becomes the canonical one at the edge, and the source's own
// where the picture is made.

#pragma once

#include "ngx/request_state.h"

namespace cdn {

// Prepares the request's URL for its location, once: phases and variables both
// ask.  nullptr: this location has no images, or the URL is to be served as it is
// and nothing is known of it.
RequestState *prepare_url(ngx_http_request_t *r);

ngx_int_t rewrite_phase(ngx_http_request_t *r) noexcept;
ngx_int_t refuse_phase(ngx_http_request_t *r) noexcept;

// An answer of one plain line: remembers it, returns its status for nginx.
ngx_int_t refuse(ngx_http_request_t *r, RequestState &state, Error error);
// Notes why there is no picture, and whether the source is sent instead.
void report_failure(RequestState &state, const Error &error, bool source_sent);
ngx_int_t status_of(ErrorCode code);

}  // namespace cdn

// What became of a picture: told by a tier to its front in a header, and to clients in
// their provider's headers.

#pragma once

#include "ngx/request_state.h"

namespace cdn {

image::Report report_of(const Transformation &t, const Rendered &rendered);

// To whom it concerns.
void add_report(ngx_http_request_t *r, RequestState &state);

// What an upstream says in the tier's header is not for clients, and only a
// front listens.
void read_tier_header(ngx_http_request_t *r, RequestState &state);

}  // namespace cdn

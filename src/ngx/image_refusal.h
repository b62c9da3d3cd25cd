// Instead of a picture: one plain line, or a redirect to the source.

#pragma once

#include "ngx/request_state.h"

#include <string>

namespace cdn {

// The source itself may be seen instead, if it is this site's.
bool wants_redirect(ngx_http_request_t *r, const RequestState &state);
void make_redirect(ngx_http_request_t *r, RequestState &state);

// The header of one that is refused, whichever way.
void make_plain(ngx_http_request_t *r, RequestState &state);

// Its body.
std::string refusal_line(const RequestState &state);

}  // namespace cdn

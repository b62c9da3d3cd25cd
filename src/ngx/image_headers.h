// The header of a picture, made of its source's.

#pragma once

#include "ngx/request_state.h"

namespace cdn {

// What this answer depends on, beside what the source says.
void add_vary(ngx_http_request_t *r, const RequestState &state);

// The value of the source's own ETag, if it is a strong one.
std::string strong_validator(ngx_http_request_t *r);

// By anybody, whatever the source allows.
void forbid_storing(ngx_http_request_t *r);

// The source's header becomes the picture's.
void describe_result(ngx_http_request_t *r, const Rendered &rendered);

}  // namespace cdn

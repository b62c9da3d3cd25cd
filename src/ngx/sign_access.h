// Signed URLs: who is let in, and with which URL.

#pragma once

#include "ngx/request_state.h"

namespace cdn {

// Judges the URL by the signatures this location asks for, once, and takes its token
// away.  The state that holds then: nullptr, if nothing is known of the request.
RequestState *pass_gate(ngx_http_request_t *r);

// Of the server's rewrite phase, where each internal redirect begins.
ngx_int_t note_redirect(ngx_http_request_t *r) noexcept;

ngx_int_t sign_access(ngx_http_request_t *r) noexcept;

// After all others of the access phase: where "satisfy any" found no yes, a late URL
// may be gone rather than forbidden.
ngx_int_t sign_late(ngx_http_request_t *r) noexcept;

}  // namespace cdn

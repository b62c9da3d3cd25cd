// The picture that is laid on another: fetched before it, by a subrequest that takes the
// very way of the source, the location's own, but for access, which was granted.
//
// Its answer is kept in the main request's state and never sent.

#pragma once

#include "ngx/request_state.h"

namespace cdn {

// In the precontent phase.  NGX_AGAIN: it is under way; NGX_DECLINED: it is there.
ngx_int_t fetch_overlay(ngx_http_request_t *r, RequestState &state);

// The filters of that subrequest, whose state this is.
ngx_int_t overlay_header_filter(ngx_http_request_t *r, RequestState &state);
ngx_int_t overlay_body_filter(ngx_http_request_t *r, RequestState &state, ngx_chain_t *in);

// What the overlay gives to the job, or why it cannot.
std::optional<Error> add_overlay(ngx_http_request_t *r, const RequestState &state, Job &job);

// Its tags, its age, and whether the picture may be kept, in the picture's header.
void add_overlay_headers(ngx_http_request_t *r, const FetchedOverlay &overlay);

}  // namespace cdn

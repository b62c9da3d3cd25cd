// Counting: every client request to a location of ours, once.

#pragma once

#include "ngx/request_state.h"
#include "status/counters.h"
#include "status/reason.h"

#include <optional>
#include <string>

namespace cdn {

// A location was chosen: from here on the request counts, wherever it is redirected to.
void note_location(ngx_http_request_t *r);

// A label's id, remembered by this process: the same few come again and again.
enum class LabelOf : std::uint8_t { itself, region, content_type };
status::LabelId label_of(status::Counters &counters, std::string_view text, LabelOf what = LabelOf::itself);

// A response's header leaves.
void note_header(ngx_http_request_t *r);

// Log phase.
ngx_int_t count_request(ngx_http_request_t *r) noexcept;

// What the cache did, as far as is known by now.
std::optional<status::Reason> cache_reason(ngx_http_request_t *r);

// cdn_region of the request, else the edge's own, else empty.
std::string_view region(ngx_http_request_t *r);

}  // namespace cdn

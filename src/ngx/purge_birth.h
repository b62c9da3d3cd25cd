// When the fetch of a response began: noted in the cache's own header, and told to the
// edge that asked (X-CDN-Born).  Of an overlay that lies on it the edge is told that and
// the tags, with spaces between (X-CDN-Overlay).

#pragma once

#include "ngx/ngx.h"
#include "purge/object.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace cdn {

#if (NGX_HTTP_CACHE)

inline constexpr std::string_view born_header = "X-CDN-Born";
inline constexpr std::string_view overlay_header = "X-CDN-Overlay";

// An inner tier's word of it.
std::optional<std::int64_t> header_born(std::string_view value);

// As the cache's header has it.
void set_birth(ngx_http_request_t *r, purge::Object &object);

// Of what is stored now.
void note_birth(ngx_http_request_t *r);

// Of what is being sent.
std::int64_t sent_birth(ngx_http_request_t *r);

#endif

}  // namespace cdn

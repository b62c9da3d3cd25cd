// The URL of a request: as it holds now, and another one in its place.

#pragma once

#include "ngx/bridge.h"

#include <string>
#include <string_view>

namespace cdn {

// The request target as it holds now: what the client sent, until something
// rewrote it.  No fragment.
std::string raw_url(ngx_http_request_t *r);
std::string_view without_fragment(std::string_view target);

// From here on the request is one for `url`: nginx's parts of it agree, and the
// variables that show them are read anew.
void set_url(ngx_http_request_t *r, std::string_view url);

// Its path stays as it is: `args` for $args, and for the main request `target` for
// $request_uri.
void set_query(ngx_http_request_t *r, std::string_view args, std::string_view target);

// Once the configuration is read: where those variables keep what was read.
void find_url_variables(ngx_cycle_t *cycle);

}  // namespace cdn

// Who may purge.

#pragma once

#include "core/result.h"
#include "ngx/ngx.h"

#include <optional>

namespace cdn {

// Why this caller may not, or not now: by its token, its address, and how often it calls.
std::optional<Error> check_caller(ngx_http_request_t *r);

}  // namespace cdn

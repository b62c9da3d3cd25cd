// Counting what becomes of transformations.

#pragma once

#include "ngx/request_state.h"

namespace cdn {

// Its answer is there, or its failure.
void count_transform(ngx_http_request_t *r, const Transformation &t);

}  // namespace cdn

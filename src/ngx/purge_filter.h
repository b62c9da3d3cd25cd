// The header filter of purges: notes when a stored fetch began, and what clients and
// edges may see of that and of tags.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

bool hides_tags(ngx_http_request_t *r);                // from this client

void install_purge_filter() noexcept;

}  // namespace cdn

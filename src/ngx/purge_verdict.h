// Whether a stored response is purged: what is known of it, and the purges that hold.

#pragma once

#include "ngx/ngx.h"
#include "purge/object.h"
#include "purge/table.h"

#include <optional>
#include <string_view>

namespace cdn {

#if (NGX_HTTP_CACHE)

// `bytes` are the stored header's, or nothing where nginx has parsed it.
purge::Verdict judge_stored(ngx_http_request_t *r, std::optional<std::string_view> bytes);

// nginx keeps an error without a file in the cache's entry (of an origin that is down, or where
// errors are intercepted) and answers with it unasked: before it looks, one that is purged goes.
void drop_purged_error(ngx_http_request_t *r);

#endif

}  // namespace cdn

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

#endif

}  // namespace cdn

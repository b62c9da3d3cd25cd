// Paths of URLs.

#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

namespace cdn {

// Resolves "." and ".." of a path that begins with '/', and drops empty
// segments at its start; one that climbs above its root is refused.  In an
// `escaped` path a segment counts by what it decodes to, and stays as spelled.
Result<std::string> resolve_dots(std::string_view path, bool escaped);

// The path as nginx keeps it in $uri: decoded, dot segments resolved.
Result<std::string> decoded_path(std::string_view path);

}  // namespace cdn

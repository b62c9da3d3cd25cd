// What stands behind the canonical image URIs that the status report counts.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cdn::warm {

// The path of the picture in a path like "/cdn-image/w=300,q=85/photos/a.jpg", which visitors
// do not ask for: what is worth fetching are variants of that.  "" for a picture of another
// site; nothing for any other path.
std::optional<std::string> canonical_source(std::string_view path);

}  // namespace cdn::warm

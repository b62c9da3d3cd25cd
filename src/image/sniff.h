// Which format these bytes are, from the first of them.  libvips is not asked:
// its own guess can hang (a gzipped SVG) or end in a decoder nobody listed.

#pragma once

#include "image/format.h"

#include <optional>
#include <string_view>

namespace cdn::image {

// Needs at most the first 4096 bytes.  Gzipped SVG is not recognised.
std::optional<Format> sniff(std::string_view bytes);

}  // namespace cdn::image

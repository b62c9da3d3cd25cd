// Whether a file is its picture and nothing more.

#pragma once

#include "image/format.h"

#include <string_view>

namespace cdn::image {

// False for a file with metadata, comments, a colour profile, unknown parts or
// bytes behind its end; for formats other than JPEG, PNG, WebP and GIF; and
// for one that is not well formed.
bool is_bare(std::string_view bytes, Format format);

}  // namespace cdn::image

// Transparency in resizing and blurring: what lies under it must not bleed out.

#pragma once

#include "image/vips_picture.h"

namespace cdn::image {

Picture premultiply(Picture in);
Picture unpremultiply(Picture in);

// An animation's alpha is often there for its format's sake only.
bool is_opaque(const Picture &in);

}  // namespace cdn::image

// Whatever colours a source has, as a screen shows them.

#pragma once

#include "image/vips_picture.h"

namespace cdn::image {

// To 8-bit sRGB, or 8-bit grey.
Picture to_screen(Picture in);

}  // namespace cdn::image

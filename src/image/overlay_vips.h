// One picture laid on another.

#pragma once

#include "image/vips_picture.h"

namespace cdn::image {

// On each frame of `picture`, whose alpha it keeps or does not get; both 8-bit.
Picture lay_over(Picture picture, Picture overlay, const Plan &plan, Stop &stop);

}  // namespace cdn::image

// Adjustments of a picture's pixels, done by libvips.

#pragma once

#include "image/request.h"
#include "image/vips_picture.h"

namespace cdn::image {

// In eight bits; transparency stays as it is, but for a blur's.
Picture adjust(Picture in, const Adjustments &adjust, int frames, Stop &stop);

}  // namespace cdn::image

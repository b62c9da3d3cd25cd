// The background: under transparency, around a tilted and a padded picture.

#pragma once

#include "image/vips_picture.h"

namespace cdn::image {

Picture lay_background(Picture in, const Plan &plan);
Picture tilt(Picture in, const Plan &plan, Stop &stop);
Picture pad(Picture in, const Plan &plan, Stop &stop);

}  // namespace cdn::image

// Encoding the finished picture, with as little besides it as asked.

#pragma once

#include "image/vips_picture.h"

namespace cdn::image {

Image save(const Picture &in, const Plan &plan, Stop &stop);

}  // namespace cdn::image

// The geometry of a plan: resized, turned, cut.

#pragma once

#include "image/vips_picture.h"

namespace cdn::image {

// All frames together become width x height, none of them touched by its
// neighbours.
Picture resize(Picture in, int frames, int width, int height, Stop &stop,
               Kernel kernel = Kernel::lanczos3);

// Upright by its own orientation, then as asked; when small, since the large
// one streams through line by line.
Picture turn(Picture in, const SourceInfo &source, const Plan &plan, Stop &stop);

Picture cut_out(Picture in, const Plan &plan, Stop &stop);

}  // namespace cdn::image

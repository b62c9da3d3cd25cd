// Still WebP pictures by libwebp itself.  libvips 8.14 has them encoded by a second thread while
// the first waits, cannot stop that, and writes an Exif block into each, even when told to strip.

#pragma once

#include "image/vips_picture.h"

namespace cdn::image {

// One frame of 8-bit sRGB, with or without alpha, and no metadata to keep.
bool is_still_webp(const Picture &in, const Plan &plan);

// Of a picture in memory: the bytes that libvips would write.  `quality` is that of lossy pictures,
// the effort of lossless ones, and how near those are that may lose a little.
Image save_still_webp(const Picture &in, const Plan &plan, int quality, Stop &stop);

}  // namespace cdn::image

// JPEG and WebP pictures by libjpeg and libwebp themselves.  libvips 8.14 has them encoded by
// a second thread while the first waits, which leaves a CPU idle (scripts/bench transforms), cannot
// stop that, and writes an Exif block into each WebP, even when told to strip.

#pragma once

#include "image/vips_picture.h"

namespace cdn::image {

// 8-bit sRGB or, for a JPEG, grey, and no metadata to keep.
bool can_encode(const Picture &in, const Plan &plan);

// Of a picture in memory: the bytes that libvips would write.  `quality` is that of lossy pictures,
// the effort of lossless WebP, and how near those are that may lose a little.
Image encode_jpeg(const Picture &in, const Plan &plan, int quality, Stop &stop);
Image encode_webp(const Picture &in, const Plan &plan, int quality, Stop &stop);

}  // namespace cdn::image

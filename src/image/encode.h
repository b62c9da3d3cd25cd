// JPEG and WebP pictures by libjpeg and libwebp themselves.  libvips 8.14 has them encoded by a
// second thread while the first waits, which leaves a CPU idle (scripts/bench transforms), cannot
// stop that, and writes an Exif block into each WebP, even when told to strip.  Otherwise the
// bytes are those that libvips would write, but for a header that lossless WebP with alpha can do without.

#pragma once

#include "image/vips_picture.h"

namespace cdn::image {

// Of a picture in memory, 8 bits a band, and without metadata: grey or three bands.
Image encode_jpeg(const Picture &in, const Plan &plan, Stop &stop);

// Three or four bands, frames below one another.  `quality` is that of lossy pictures, the effort
// of lossless ones, and how near those are that may lose a little.
Image encode_webp(const Picture &in, const Plan &plan, int quality, Stop &stop);

}  // namespace cdn::image

// Who made a picture, as press agencies write it: IPTC-IIM 4.2, in the "Photoshop"
// segment of a JPEG.

#pragma once

#include "image/request.h"

#include <string>
#include <string_view>

namespace cdn::image {

// Such a segment, of what may stay of this one (or of the bare records, as a TIFF has
// them): never the place, nor a small copy of the whole picture.  Empty: nothing may.
std::string kept_iptc(std::string_view segment, Metadata metadata);

}  // namespace cdn::image

// Reading a source through its own format's loader; no other part of libvips
// sees the bytes.

#pragma once

#include "image/vips_picture.h"

#include <string_view>

namespace cdn::image {

// Throws VipsFailure where the file is no good.  Refused: a page it has not.
Result<SourceInfo> read_header(std::string_view bytes, Format format, int page, const Stop *stop);

// The part of the stored picture that is used, at least as large as wanted.
Picture load_for(std::string_view bytes, const SourceInfo &source, const Plan &plan, Stop &stop);

}  // namespace cdn::image

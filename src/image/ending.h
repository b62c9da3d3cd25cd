// How a file ends: whole, or before its end.

#pragma once

#include <string_view>

namespace cdn::image {

// A JPEG with all of its scans, as far as their headers tell, and no marker of
// the end behind them.  Some cameras and uploads lose it, every browser shows it.
bool lacks_end_marker(std::string_view jpeg);

// A GIF that ends within a frame or an extension: a decoder would show the frames
// before it as if they were all.  Where only the bytes are missing that say that
// nothing follows, all of them are there.
bool breaks_off(std::string_view gif);

}  // namespace cdn::image

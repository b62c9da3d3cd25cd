// Files that cost far more to read than their size and their header tell.

#pragma once

#include "core/result.h"
#include "image/format.h"

#include <optional>
#include <string_view>

namespace cdn::image {

// Refuses (413) what a decoder would take minutes or gigabytes for, and libvips
// 8.14 neither counts nor can stop:
//
// a JPEG of more than 100 scans (honest ones have about ten): one of nothing
// takes a few bytes and a whole pass over the picture;
//
// a PNG of more than 20 compressed texts (libvips keeps no more): each may
// become 8 MB.
std::optional<Error> check_for_bombs(std::string_view bytes, Format format);

}  // namespace cdn::image

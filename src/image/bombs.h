// Files that cost far more to read than their size and their header tell.

#pragma once

#include "core/result.h"
#include "image/format.h"

#include <optional>
#include <string>
#include <string_view>

namespace cdn::image {

// Refuses what a decoder would take minutes or gigabytes for, and libvips
// 8.14 neither counts nor can stop:
//
// (413) a JPEG of more than 100 scans (honest ones have about ten): one of nothing
// takes a few bytes and a whole pass over the picture;
//
// (413) a JPEG of more than 1000 application segments, a WebP of more than 4096 frames
// or a TIFF of more than 10000 pages: libjpeg, libwebp and libtiff go through all of
// them to find each one, so that 32 MB of them are hours;
//
// (413) an AVIF or HEIF with more than 64 KB of items or of references between them, as
// libheif goes through all of them for each one, and (415) one whose pictures consist of
// each other in a circle, which ends it, or are grids of grids;
//
// (413) a PNG of more than 20 compressed texts (libvips keeps no more): each may
// become 8 MB; and one of more than 100000 chunks: millions of empty ones are seconds;
//
// and (415) a PNG that breaks off within a chunk other than its pixels: libpng
// takes, and clears, as much memory as the chunk says that it is long.
std::optional<Error> check_for_bombs(std::string_view bytes, Format format, const std::string &what = "the source");

}  // namespace cdn::image

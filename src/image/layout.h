// What a file says of how its pixels lie in it, as far as that decides how much
// of it a decoder holds at once, or how long it looks for them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cdn::image {

// An AVIF or HEIF all of whose pictures have a quarter of the chroma (4:2:0), or none.
bool has_quarter_chroma(std::string_view heif);

// The bytes that libvips and libtiff hold of this page beside the file and the lines
// that are being worked on: tiles, strips, and these as they are in the file.
std::uint64_t tiff_block_memory(std::string_view tiff, int page, int width, int height, int pixel_bytes);

// How many directories follow one another, each of a page; `most` + 1 stands for more,
// and for a circle.
std::size_t count_tiff_pages(std::string_view tiff, std::size_t most);

}  // namespace cdn::image

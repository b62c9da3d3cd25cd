// Whether a file is its picture and nothing more, and making a WebP so.

#pragma once

#include "image/format.h"

#include <cstddef>
#include <span>
#include <string_view>

namespace cdn::image {

// False for a file with metadata, comments, a colour profile, unknown parts or
// bytes behind its end; for formats other than JPEG, PNG, WebP and GIF; and
// for one that is not well formed.
bool is_bare(std::string_view bytes, Format format);

// Takes metadata and a colour profile out of a WebP, in place; returns how many
// bytes are left: all, of what is no well-formed WebP.  libvips 8.14 writes an
// Exif block into each, even when told to strip.
std::size_t make_bare_webp(std::span<char> bytes);

}  // namespace cdn::image

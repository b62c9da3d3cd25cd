// Values as Fastly's URLs spell them: "300" is pixels, "0.5" a share of the
// side it is measured along, "50p" a percentage.

#pragma once

#include "core/result.h"
#include "image/request.h"

#include <string_view>

namespace cdn::image {

Result<Length> parse_fastly_side(std::string_view key, std::string_view value);   // of the result

// One to four lengths, as in CSS: top, right, bottom, left.
Result<Sides> parse_fastly_trim(std::string_view key, std::string_view value);
Result<Sides> parse_fastly_pad(std::string_view key, std::string_view value);

// "W,H" or "A:B", then where: "x10" or "offset-x10" and the same for y; of a
// crop also "smart", and "safe", without which it must not stick out.
Result<Region> parse_fastly_crop(std::string_view key, std::string_view value);
Result<Region> parse_fastly_canvas(std::string_view key, std::string_view value);

// A colour or "auto", then ",t0.1": how much of it a channel may be off.
Result<PlainEdges> parse_fastly_edges(std::string_view key, std::string_view value);

// "a2,r1,t10"
Result<UnsharpMask> parse_fastly_sharpen(std::string_view key, std::string_view value);

Result<Length> parse_fastly_blur(std::string_view key, std::string_view value);
Result<Kernel> parse_fastly_filter(std::string_view key, std::string_view value);
Result<Quality> parse_fastly_quality(std::string_view key, std::string_view value);

}  // namespace cdn::image

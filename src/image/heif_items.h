// The items of a HEIF or AVIF and how decoding one leads to others: ISO/IEC 23008-12
// section 6, in the boxes of ISO/IEC 14496-12.

#pragma once

#include <cstddef>
#include <string_view>

namespace cdn::image {

inline constexpr std::size_t most_item_bytes = 65536;  // an item takes about 30; 50 megapixels are some 200

struct HeifItems {
    std::size_t bytes = 0;                             // of iinf, iref and ipma together
    bool        entangled = false;                     // in a circle, or deeper than cameras and encoders do;
                                                       // not looked for in more than most_item_bytes
};

HeifItems read_heif_items(std::string_view heif);

}  // namespace cdn::image

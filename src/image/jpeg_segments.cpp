#include "image/jpeg_segments.h"

namespace cdn::image {

bool JpegSegments::next()
{
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes_[at]); };

    while (!ended_ && (at_ = bytes_.find('\xFF', at_)) != bytes_.npos && at_ + 1 < bytes_.size()) {
        const std::uint8_t marker = byte(at_ + 1);

        if (marker == 0xFF) {                          // padding
            at_ += 1;
            continue;
        }
        if (marker == 0xD9) {
            ended_ = true;
            break;
        }
        // in entropy-coded data 0xFF is followed by zero or a restart marker
        if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD8) || at_ + 4 > bytes_.size()) {
            at_ += 2;
            continue;
        }

        const std::size_t length = static_cast<std::size_t>(byte(at_ + 2)) << 8 | byte(at_ + 3);
        marker_ = marker;
        content_ = length < 2 ? std::string_view() : bytes_.substr(at_ + 4, length - 2);
        at_ += 2 + length;
        return true;
    }

    return false;
}

}  // namespace cdn::image

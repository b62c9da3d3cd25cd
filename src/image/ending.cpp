#include "image/ending.h"

#include "image/bytes.h"
#include "image/gif_blocks.h"
#include "image/jpeg_segments.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace cdn::image {

namespace {

using namespace std::string_view_literals;

// ITU-T T.81 sections B.2.2 and B.2.3: which coefficients of which component
// have not come with all their bits.  A progressive picture cut off between two
// scans looks like a whole one otherwise.
class Coefficients {
public:
    void read_frame(std::uint8_t marker, std::string_view content)
    {
        is_progressive_ = marker == 0xC2;
        for (std::size_t at = 6; at + 3 <= content.size(); at += 3) {
            missing_[byte_at(content, at)] = ~std::uint64_t{0};
            has_frame_ = true;
        }
    }

    void read_scan(std::string_view content)
    {
        const std::size_t components = content.empty() ? 0 : byte_at(content, 0);
        const std::size_t range = 1 + 2 * components;
        if (range + 3 > content.size()) {
            return;
        }
        if (is_progressive_ && (byte_at(content, range + 2) & 0x0F) != 0) {
            return;                                    // the last bits follow in another scan
        }

        const int first = is_progressive_ ? byte_at(content, range) : 0;
        const int last = is_progressive_ ? std::min<int>(byte_at(content, range + 1), 63) : 63;
        for (std::size_t i = 0; i < components; i++) {
            for (int k = first; k <= last; k++) {
                missing_[byte_at(content, 1 + 2 * i)] &= ~(std::uint64_t{1} << k);
            }
        }
    }

    bool are_all_there() const
    {
        return has_frame_ && std::all_of(missing_.begin(), missing_.end(), [](auto bits) { return bits == 0; });
    }

private:
    bool                           is_progressive_ = false;
    bool                           has_frame_ = false;
    std::array<std::uint64_t, 256> missing_{};         // by the component's name
};

}  // namespace

bool lacks_end_marker(std::string_view jpeg)
{
    // a scan is filled up with ones: what ends in zeros has something behind its scans
    if (jpeg.ends_with("\xFF\xD9"sv) || jpeg.ends_with("\0\0"sv)) {
        return false;
    }

    JpegSegments  segments(jpeg);
    Coefficients  coefficients;
    while (segments.next()) {
        const std::uint8_t marker = segments.marker();
        if (marker == 0xDA) {
            coefficients.read_scan(segments.content());
        } else if (marker >= 0xC0 && marker <= 0xC2) {
            coefficients.read_frame(marker, segments.content());
        }
    }

    return !segments.ended() && segments.marker() == 0xDA && coefficients.are_all_there();
}

bool breaks_off(std::string_view gif)
{
    GifBlocks blocks(gif);
    while (blocks.next()) {
    }

    return blocks.broke_off();
}

}  // namespace cdn::image

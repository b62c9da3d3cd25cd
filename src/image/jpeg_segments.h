// A JPEG's segments, one after another, as ITU-T T.81 annex B has them: markers,
// of which most have a length, and between them entropy-coded data.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cdn::image {

class JpegSegments {
public:
    explicit JpegSegments(std::string_view bytes) : bytes_(bytes) {}

    // To the next segment with a length.  False: there is none before the end.
    bool next();

    std::uint8_t     marker() const { return marker_; }
    std::string_view content() const { return content_; }   // what there is of it
    bool             ended() const { return ended_; }       // by the marker of the end

private:
    std::string_view bytes_;
    std::size_t      at_ = 2;
    std::uint8_t     marker_ = 0;
    std::string_view content_;
    bool             ended_ = false;
};

}  // namespace cdn::image

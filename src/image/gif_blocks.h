// A GIF's extensions and frames, one after another: GIF89a appendix A.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cdn::image {

class GifBlocks {
public:
    static constexpr std::uint8_t extension = 0x21;
    static constexpr std::uint8_t frame = 0x2C;

    explicit GifBlocks(std::string_view bytes);

    // To the next whole block; of the last one its terminator may be missing.  False: none follows, or
    // the file ends within it.
    bool next();

    std::uint8_t     kind() const { return byte_at(0); }
    std::string_view content() const { return rest_.substr(0, length_); }         // with introducer and terminator
    bool             broke_off() const { return broke_off_; }
    std::string_view rest() const { return rest_.substr(length_); }               // what follows the block

private:
    std::uint8_t byte_at(std::size_t at) const { return static_cast<std::uint8_t>(rest_[at]); }
    std::size_t  color_table(std::size_t flags_at) const;

    std::string_view rest_;                            // from the block on
    std::size_t      length_ = 0;                      // of the block
    bool             broke_off_ = false;
};

}  // namespace cdn::image

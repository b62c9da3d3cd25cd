#include "image/gif_blocks.h"

#include <algorithm>

namespace cdn::image {

GifBlocks::GifBlocks(std::string_view bytes) : rest_(bytes)
{
    constexpr std::size_t header = 13;

    const std::size_t length = header + color_table(10);
    broke_off_ = length > bytes.size();
    length_ = std::min(length, bytes.size());
}

bool GifBlocks::next()
{
    rest_.remove_prefix(length_);
    length_ = 0;
    if (broke_off_ || rest_.empty() || (kind() != extension && kind() != frame)) {
        return false;
    }

    std::size_t end = kind() == extension ? 2 : 11 + color_table(9);
    broke_off_ = end >= rest_.size();
    while (end < rest_.size() && byte_at(end) != 0) {
        end += 1U + byte_at(end);
    }

    broke_off_ = broke_off_ || end > rest_.size();
    length_ = broke_off_ ? 0 : std::min(end + 1, rest_.size());
    return !broke_off_;
}

std::size_t GifBlocks::color_table(std::size_t flags_at) const
{
    const std::uint8_t flags = flags_at < rest_.size() ? byte_at(flags_at) : 0;
    return (flags & 0x80) != 0 ? 3U << ((flags & 7) + 1) : 0;
}

}  // namespace cdn::image

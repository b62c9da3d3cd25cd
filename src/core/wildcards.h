// "/a/*.jpg" against a whole text.

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace cdn {

// A star is any run of bytes, slashes too; a question mark any single byte.  Takes no longer than the
// pattern's length times the text's.
bool matches(std::string_view pattern, std::string_view text);

// Stars alone.  A step is a byte of the text that is searched, by many calls if they share them; nothing
// where there are none left.
std::optional<bool> matches_stars(std::string_view pattern, std::string_view text, std::size_t &steps);

}  // namespace cdn

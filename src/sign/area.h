// Tokens for an area: a directory, a prefix, a pattern.  A path counts as inside only
// if everybody who reads it, however loosely, reads it so.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cdn::sign {

// The path decoded once, but for escaped slashes; nothing where a segment is made of
// dots, in any disguise: escaped twice, with parameters ("..;x"), between backslashes.
std::optional<std::string> plain_path(std::string_view raw_path);

// That path as a signer spells areas: as it was sent where the area has escapes, else decoded.
// Nothing where the above has nothing.
std::optional<std::string> spelt_as(std::string_view area, std::string_view raw_path);

// By whole segments: "/abc" and "/abc/" have "/abc" and "/abc/x" inside, not "/abcd".
bool is_under(std::string_view path, std::string_view directory);

}  // namespace cdn::sign

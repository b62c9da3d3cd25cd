// Bytes as text and back: hex and base64.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cdn {

std::string hex(std::string_view bytes);               // lower-case digits
std::optional<std::string> hex_decode(std::string_view text);

std::string base64(std::string_view bytes);            // RFC 4648 section 4, padded
std::string base64url(std::string_view bytes);         // section 5, without padding

// Either alphabet; padding may be absent, but not wrong.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace cdn

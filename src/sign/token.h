// What tokens are made of: padding, escapes, cookies.

#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cdn::sign {

// Without the padding that base64 of so many characters would have.
std::string_view without_padding(std::string_view base64);

// %2B %2F %3D, which alone base64 needs, as they are; other escapes stay.
std::string unescape_base64(std::string_view text);
std::string escape_base64(std::string_view text);

// Of this name; a second one makes both useless.
struct Cookie {
    std::string_view value;
    unsigned         count = 0;
};
Cookie find_cookie(std::string_view header, std::string_view name);

std::string without_cookies(std::string_view header, std::span<const std::string> names);

}  // namespace cdn::sign

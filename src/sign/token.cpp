#include "sign/token.h"

#include "core/text.h"

#include <algorithm>

namespace cdn::sign {

std::string_view without_padding(std::string_view base64)
{
    if (base64.size() % 4 == 0) {
        for (int padding = 0; padding < 2 && base64.ends_with('='); padding++) {
            base64.remove_suffix(1);
        }
    }

    return base64;
}

std::string unescape_base64(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (auto at = text.find('%'); at != text.npos; at = text.find('%')) {
        const std::string_view escape = text.substr(at, 3);
        const char byte = equal_ignoring_case(escape, "%2b")   ? '+'
                          : equal_ignoring_case(escape, "%2f") ? '/'
                          : equal_ignoring_case(escape, "%3d") ? '='
                                                               : '\0';
        out += text.substr(0, at);
        out += byte != '\0' ? byte : '%';
        text.remove_prefix(at + (byte != '\0' ? 3 : 1));
    }

    out += text;
    return out;
}

std::string escape_base64(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '+' || c == '/' || c == '=') {
            out += c == '+' ? "%2B" : c == '/' ? "%2F" : "%3D";
        } else {
            out += c;
        }
    }

    return out;
}

Cookie find_cookie(std::string_view header, std::string_view name)
{
    Cookie cookie;
    for (const auto part : split(header, ';')) {
        const auto [key, value, has_value] = cut(trim(part), '=');
        if (has_value && key == name) {
            cookie.value = value;
            cookie.count++;
        }
    }

    return cookie;
}

std::string without_cookies(std::string_view header, std::span<const std::string> names)
{
    std::string out;
    for (const auto part : split(header, ';')) {
        const auto name = cut(trim(part), '=').before;
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
            out += out.empty() ? "" : "; ";
            out += trim(part);
        }
    }

    return out;
}

}  // namespace cdn::sign

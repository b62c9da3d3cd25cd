#include "core/encoding.h"

#include "core/text.h"

namespace cdn {

namespace {

constexpr std::string_view standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_safe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Three bytes become four characters, the rest as many as it needs.
std::string encode(std::string_view bytes, std::string_view alphabet)
{
    std::string text((bytes.size() * 4 + 2) / 3, '\0');
    const auto *in = reinterpret_cast<const unsigned char *>(bytes.data());
    char *out = text.data();
    std::size_t left = bytes.size();

    for (; left >= 3; left -= 3, in += 3) {
        const unsigned group = static_cast<unsigned>(in[0] << 16 | in[1] << 8 | in[2]);
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = alphabet[group >> 6 & 63];
        *out++ = alphabet[group & 63];
    }
    if (left > 0) {
        const unsigned group = static_cast<unsigned>(in[0] << 16 | (left > 1 ? in[1] << 8 : 0));
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        if (left > 1) {
            *out++ = alphabet[group >> 6 & 63];
        }
    }

    return text;
}

int value_of(char c)
{
    if (c == '-' || c == '_') {
        return c == '-' ? 62 : 63;
    }

    const auto at = standard.find(c);
    return at == standard.npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string hex(std::string_view bytes)
{
    static constexpr char digits[] = "0123456789abcdef";

    std::string text;
    text.reserve(2 * bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }

    return text;
}

std::optional<std::string> hex_decode(std::string_view text)
{
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }

    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        bytes.push_back(static_cast<char>(high * 16 + low));
    }

    return bytes;
}

std::string base64(std::string_view bytes)
{
    std::string text = encode(bytes, standard);
    text.resize((text.size() + 3) / 4 * 4, '=');
    return text;
}

std::string base64url(std::string_view bytes)
{
    return encode(bytes, url_safe);
}

std::optional<std::string> base64_decode(std::string_view text)
{
    if (text.size() % 4 == 0) {
        for (int padding = 0; padding < 2 && text.ends_with('='); padding++) {
            text.remove_suffix(1);
        }
    }
    if (text.size() % 4 == 1) {
        return std::nullopt;
    }

    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);

    unsigned held = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const int value = value_of(c);
        if (value < 0) {
            return std::nullopt;
        }
        held = held << 6 | static_cast<unsigned>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<char>(held >> bits & 255));
        }
    }
    if ((held & ((1U << bits) - 1)) != 0) {
        return std::nullopt;                           // bits that no encoder leaves
    }

    return bytes;
}

}  // namespace cdn

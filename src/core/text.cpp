#include "core/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace cdn {

namespace {

char lower_char(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool all_digits(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string_view trim(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t");
    if (first == text.npos) {
        return {};
    }

    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower_char);
    return out;
}

bool equal_ignoring_case(const char *a, const char *b, std::size_t length)
{
    return std::memcmp(a, b, length) == 0             // as most are that are equal
           || std::equal(a, a + length, b, [](char x, char y) { return lower_char(x) == lower_char(y); });
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;

    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));

        if (end == text.npos) {
            return parts;
        }

        text.remove_prefix(end + 1);
    }
}

Halves cut(std::string_view text, char separator)
{
    const auto at = text.find(separator);
    if (at == text.npos) {
        return {text, {}, false};
    }

    return {text.substr(0, at), text.substr(at + 1), true};
}

std::optional<std::int64_t> parse_digits(std::string_view text)
{
    if (text.empty() || text.size() > 18 || !all_digits(text)) {
        return std::nullopt;
    }

    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::optional<double> parse_decimal(std::string_view text)
{
    const bool negative = text.starts_with('-');
    if (negative) {
        text.remove_prefix(1);
    }

    const auto [whole, fraction, has_point] = cut(text, '.');
    if (whole.size() > 9 || fraction.size() > 9 || whole.size() + fraction.size() == 0
        || (has_point && fraction.empty()) || !all_digits(whole) || !all_digits(fraction))
    {
        return std::nullopt;
    }

    double value = static_cast<double>(parse_digits(whole).value_or(0));
    if (!fraction.empty()) {
        value += static_cast<double>(*parse_digits(fraction))
                 / std::pow(10.0, static_cast<double>(fraction.size()));
    }

    return negative ? -value : value;
}

std::optional<std::int64_t> parse_duration(std::string_view text)
{
    static constexpr struct {
        char         unit;
        std::int64_t seconds;
    } units[] = {{'y', 31'536'000}, {'M', 2'592'000}, {'w', 604'800}, {'d', 86'400},
                 {'h', 3600},       {'m', 60},        {'s', 1}};
    constexpr std::int64_t most = 100 * units[0].seconds;

    std::int64_t sum = 0;
    std::int64_t last_unit = most;
    for (const auto part : split(text, ' ')) {
        for (std::string_view rest = part; !rest.empty() || part.empty();) {
            const auto end = std::min(rest.find_first_not_of("0123456789"), rest.size());
            const auto count = end <= 9 ? parse_digits(rest.substr(0, end)) : std::nullopt;
            if (!count) {
                return std::nullopt;
            }

            std::int64_t seconds = 1;
            if (end < rest.size()) {
                const auto *unit = std::find_if(std::begin(units), std::end(units),
                                                [&](const auto &u) { return u.unit == rest[end]; });
                seconds = unit != std::end(units) ? unit->seconds : 0;
            }
            // each unit once, the largest first
            sum += *count * seconds;
            if (seconds == 0 || seconds >= last_unit || sum > most) {
                return std::nullopt;
            }
            last_unit = seconds;
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }

    return sum;
}

void append_number(std::string &out, std::int64_t value)
{
    char digits[20];
    out.append(digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr);
}

std::string print_decimal(double value)
{
    char buffer[64];
    std::snprintf(buffer, sizeof(buffer), "%.6f", value);

    std::string text = buffer;
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) {
        text.pop_back();
    }

    return text == "-0" ? "0" : text;
}

int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c = lower_char(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> percent_decode(std::string_view text)
{
    std::string out;
    out.reserve(text.size());

    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }

        if (i + 2 >= text.size()) {
            return std::nullopt;
        }

        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }

        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }

    return out;
}

namespace {

// The length of the valid UTF-8 sequence (RFC 3629) that the text begins with; 0: none.
std::size_t sequence_length(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return 1;
    }

    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) {
        return 0;
    }

    // overlong forms, surrogates and what is over U+10FFFF show in the second byte
    const unsigned lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < lowest || byte(1) > highest) {
        return 0;
    }
    for (std::size_t i = 2; i < length; i++) {
        if ((byte(i) & 0xc0) != 0x80) {
            return 0;
        }
    }

    return length;
}

}  // namespace

std::string percent_encode(std::string_view text, std::string_view also)
{
    static constexpr char digits[] = "0123456789ABCDEF";

    std::string out;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
                           || std::string_view("-._~").find(c) != std::string_view::npos
                           || also.find(c) != also.npos;
        if (plain) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }

    return out;
}

std::string valid_utf8(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        out += length > 0 ? text.substr(0, length) : std::string_view("?");
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }

    return out;
}

bool is_word(std::string_view text)
{
    const auto is_gap = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 127; };
    return !text.empty() && std::none_of(text.begin(), text.end(), is_gap) && valid_utf8(text) == text;
}

std::string printable(std::string_view text)
{
    constexpr std::size_t longest = 80;

    std::string out(text.substr(0, longest));
    std::replace_if(out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');

    return text.size() > longest ? out + "..." : out;
}

}  // namespace cdn

// Text at the border: splitting, numbers, percent-encoding.  ASCII rules only;
// views borrow from their argument.

#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn {

std::string_view trim(std::string_view text);           // spaces and tabs
std::string lower(std::string_view text);

// Inline, as most of what is compared differs in length already.
bool equal_ignoring_case(const char *a, const char *b, std::size_t length);
inline bool equal_ignoring_case(std::string_view a, std::string_view b)
{
    return a.size() == b.size()
           && (a.empty() || ((a[0] | 0x20) == (b[0] | 0x20) && equal_ignoring_case(a.data(), b.data(), a.size())));
}

// "a,b,,c" gives four parts; "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
template <std::same_as<std::string> Temporary>
std::vector<std::string_view> split(Temporary &&text, char separator) = delete;   // its parts would outlive it

// The text before the first separator, and what follows it; no separator: all
// of it, and nothing.
struct Halves {
    std::string_view before;
    std::string_view after;
    bool             found = false;
};
Halves cut(std::string_view text, char separator);

// Decimal digits alone: no sign, no space, no exponent.  Leading zeros are
// allowed, more than 18 digits are not.
std::optional<std::int64_t> parse_digits(std::string_view text);

// [-]digits[.digits], at most 9 digits on either side: never NaN or infinite.
std::optional<double> parse_decimal(std::string_view text);

// Seconds of a time as nginx writes it: "90", "3h", "1d 12h"; at most a hundred years.
std::optional<std::int64_t> parse_duration(std::string_view text);

void append_number(std::string &out, std::int64_t value);

// The shortest decimal that parse_decimal() reads back as the same value to
// six places: "0.5", "12", "-3.25".
std::string print_decimal(double value);

int hex_value(char c);                                  // -1: no hex digit

// %XX becomes its byte; nothing when a % is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text);

// Letters, digits, "-._~" and those of `also` stay; all else is %XX.
std::string percent_encode(std::string_view text, std::string_view also = {});

// The same text with every byte that is not part of valid UTF-8 as '?'.
std::string valid_utf8(std::string_view text);

// UTF-8, at least a byte of it, without spaces and control characters.
bool is_word(std::string_view text);

// Text a client sent, fit for one line of an answer or a log: control and
// non-ASCII bytes become '?', and it is cut after 80 characters.
std::string printable(std::string_view text);

}  // namespace cdn

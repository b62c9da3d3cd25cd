#include "core/rfc3339.h"

#include "core/text.h"

#include <chrono>

namespace cdn {

namespace {

// Takes digits and what separates them off the front of a text.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    std::int64_t number(std::size_t digits, std::int64_t least, std::int64_t most)
    {
        const auto value = parse_digits(rest_.substr(0, digits));
        if (rest_.size() < digits || !value || *value < least || *value > most) {
            fail();
            return least;
        }

        rest_.remove_prefix(digits);
        return *value;
    }

    char one_of(std::string_view characters)
    {
        if (rest_.empty() || characters.find(rest_[0]) == characters.npos) {
            fail();
            return '\0';
        }

        const char c = rest_[0];
        rest_.remove_prefix(1);
        return c;
    }

    // ".5" and ".123456": milliseconds, cut.
    std::int64_t fraction()
    {
        if (!rest_.starts_with('.')) {
            return 0;
        }

        rest_.remove_prefix(1);
        std::int64_t value = 0;
        std::size_t digits = 0;
        for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; digits++) {
            if (digits < 3) {
                value = value * 10 + (rest_[digits] - '0');
            }
        }
        if (digits == 0) {
            fail();
        }
        for (std::size_t i = digits; i < 3; i++) {
            value *= 10;
        }

        rest_.remove_prefix(digits);
        return value;
    }

    bool good() const { return !failed_ && rest_.empty(); }

private:
    void fail()
    {
        failed_ = true;
        rest_ = {};
    }

    std::string_view rest_;
    bool             failed_ = false;
};

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text)
{
    using namespace std::chrono;

    Reader in(text);
    const auto y = in.number(4, 1970, 9999);
    in.one_of("-");
    const auto m = in.number(2, 1, 12);
    in.one_of("-");
    const auto d = in.number(2, 1, 31);
    in.one_of("Tt ");
    const auto hour = in.number(2, 0, 23);
    in.one_of(":");
    const auto minute = in.number(2, 0, 59);
    in.one_of(":");
    const auto second = in.number(2, 0, 59);
    const auto ms = in.fraction();

    std::int64_t east = 0;                             // minutes
    const char sign = in.one_of("Zz+-");
    if (sign == '+' || sign == '-') {
        east = in.number(2, 0, 23) * 60;
        in.one_of(":");
        east += in.number(2, 0, 59);
        east = sign == '-' ? -east : east;
    }

    const year_month_day date(year(static_cast<int>(y)), month(static_cast<unsigned>(m)),
                              day(static_cast<unsigned>(d)));
    if (!in.good() || !date.ok()) {
        return std::nullopt;
    }

    const std::int64_t days = sys_days(date).time_since_epoch().count();
    return (((days * 24 + hour) * 60 + minute - east) * 60 + second) * 1000 + ms;
}

}  // namespace cdn

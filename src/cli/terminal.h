// What people see: text from elsewhere made harmless, columns, colours.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::cli {

// What the other end of a file descriptor can do.
struct Look {
    int  width = 80;
    int  height = 24;
    bool terminal = false;
    bool colour = false;                               // a terminal, without NO_COLOR and TERM=dumb
    bool utf8 = false;
};
Look look_of(int fd);

// Text that came from elsewhere: control bytes, what is not UTF-8, and what turns the
// direction of writing become '?'.
std::string harmless(std::string_view text);

// Columns of harmless text.
int columns(std::string_view text);

// Cut to so many columns, the end marked by ".." where it was; the rest filled with blanks.
std::string fit(std::string_view text, int width);
std::string fit_right(std::string_view text, int width);   // blanks first

// Rows of harmless text below their titles, two blanks apart.  Columns are as wide as their
// widest text; where that is too wide for `width`, the column named gives way.
struct Table {
    std::vector<std::string>              titles;
    std::vector<bool>                     right;       // columns of numbers
    std::vector<std::vector<std::string>> rows;

    std::vector<std::string> lines(int width, std::size_t yields) const;
};

// As people write them: "12,345", "3.4 MiB", "93.1 %", "12.3 ms"; nothing: "-".
std::string number(std::optional<double> value, int places = 0);
std::string bytes(std::optional<double> value);
std::string percent(std::optional<double> share);
std::string milliseconds(std::optional<double> value);
std::string duration(double seconds);                  // "1d 2h", "3m 20s", "4s"
std::string clock_time(double unix_time);              // local, "2026-11-21 08:00:00"

}  // namespace cdn::cli

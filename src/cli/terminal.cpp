#include "cli/terminal.h"

#include "core/text.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numeric>

namespace cdn::cli {

namespace {

constexpr int widest = 200;

std::string environment(const char *name)
{
    const char *value = std::getenv(name);
    return value != nullptr ? value : "";
}

// The character at `at`, of valid UTF-8; moves behind it.
char32_t next_character(std::string_view text, std::size_t &at)
{
    const auto lead = static_cast<unsigned char>(text[at++]);
    const int  more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    char32_t   c = more == 0 ? lead : lead & (0x3F >> more);
    for (int i = 0; i < more && at < text.size(); i++) {
        c = c << 6 | (static_cast<unsigned char>(text[at++]) & 0x3F);
    }
    return c;
}

bool is_harmful(char32_t c)
{
    return c < ' ' || (c >= 0x7F && c < 0xA0)                               // C0 and C1 controls
           || c == 0x061C || (c >= 0x200B && c <= 0x200F)                   // directions, nothing at all
           || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF
           || (c >= 0xE0000 && c <= 0xE0FFF);
}

// East Asian wide ones and pictures.
int columns_of(char32_t c)
{
    if ((c >= 0x300 && c <= 0x36F) || (c >= 0xFE00 && c <= 0xFE0F)) {
        return 0;                                      // joins the one before
    }
    const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3)
                      || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60)
                      || (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF)
                      || (c >= 0x20000 && c <= 0x3FFFD);
    return wide ? 2 : 1;
}

std::string cut_to(std::string_view text, int width)
{
    if (columns(text) <= width) {
        return std::string(text);
    }

    const int   room = std::max(width - 2, 0);
    int         taken = 0;
    std::size_t at = 0;
    for (;;) {
        std::size_t next = at;
        const int   more = columns_of(next_character(text, next));
        if (taken + more > room) {
            break;
        }
        taken += more;
        at = next;
    }
    return std::string(text.substr(0, at)) + std::string(static_cast<std::size_t>(std::min(width, 2)), '.');
}

std::string blanks(int count)
{
    return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

std::string format(const char *pattern, auto... values)
{
    char text[64];
    std::snprintf(text, sizeof(text), pattern, values...);
    return text;
}

}  // namespace

Look look_of(int fd)
{
    Look look;
    look.terminal = isatty(fd) == 1;
    look.colour = look.terminal && environment("NO_COLOR").empty() && environment("TERM") != "dumb";

    for (const char *name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        if (const std::string value = lower(environment(name)); !value.empty()) {
            look.utf8 = value.find("utf-8") != value.npos || value.find("utf8") != value.npos;
            break;
        }
    }

    winsize size{};
    if (look.terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        look.width = std::min<int>(size.ws_col, widest);
        look.height = size.ws_row > 0 ? size.ws_row : look.height;
    }
    return look;
}

std::string harmless(std::string_view text)
{
    const std::string valid = valid_utf8(text);
    std::string       out;
    for (std::size_t at = 0; at < valid.size();) {
        const std::size_t start = at;
        const char32_t    c = next_character(valid, at);
        out += is_harmful(c) ? "?" : valid.substr(start, at - start);
    }
    return out;
}

int columns(std::string_view text)
{
    int sum = 0;
    for (std::size_t at = 0; at < text.size();) {
        sum += columns_of(next_character(text, at));
    }
    return sum;
}

std::string fit(std::string_view text, int width)
{
    std::string out = cut_to(text, width);
    return out + blanks(width - columns(out));
}

std::string fit_right(std::string_view text, int width)
{
    const std::string out = cut_to(text, width);
    return blanks(width - columns(out)) + out;
}

std::vector<std::string> Table::lines(int width, std::size_t yields) const
{
    std::vector<int> widths;
    for (const std::string &title : titles) {
        widths.push_back(columns(title));
    }
    for (const auto &row : rows) {
        for (std::size_t i = 0; i < widths.size(); i++) {
            widths[i] = std::max(widths[i], columns(row[i]));
        }
    }

    constexpr int narrowest = 8;
    const int     whole = std::accumulate(widths.begin(), widths.end(), 2 * (static_cast<int>(widths.size()) - 1));
    if (whole > width) {
        widths[yields] = std::max(widths[yields] - (whole - width), std::min(widths[yields], narrowest));
    }

    const auto line = [&](const std::vector<std::string> &row) {
        std::string out;
        for (std::size_t i = 0; i < widths.size(); i++) {
            out += i > 0 ? "  " : "";
            out += right[i] ? fit_right(row[i], widths[i]) : fit(row[i], widths[i]);
        }
        out.erase(out.find_last_not_of(' ') + 1);
        return cut_to(out, width);
    };

    std::vector<std::string> out;
    if (std::any_of(titles.begin(), titles.end(), [](const std::string &title) { return !title.empty(); })) {
        out.push_back(line(titles));
    }
    for (const auto &row : rows) {
        out.push_back(line(row));
    }
    return out;
}

std::string number(std::optional<double> value, int places)
{
    if (!value || !std::isfinite(*value)) {
        return "-";
    }

    std::string text = format("%.*f", places, std::abs(*value));
    auto        point = text.find('.');
    for (point = point == text.npos ? text.size() : point; point > 3; point -= 3) {
        text.insert(point - 3, ",");
    }
    return (*value < 0 ? "-" : "") + text;
}

std::string bytes(std::optional<double> value)
{
    static constexpr std::array<const char *, 6> units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    if (!value || !std::isfinite(*value)) {
        return "-";
    }

    double      rest = *value;
    std::size_t unit = 0;
    while (rest >= 1024 && unit + 1 < units.size()) {
        rest /= 1024;
        unit++;
    }
    return format(unit == 0 || rest >= 100 ? "%.0f %s" : "%.1f %s", rest, units[unit]);
}

std::string percent(std::optional<double> share)
{
    return share && std::isfinite(*share) ? format("%.1f %%", *share * 100) : "-";
}

std::string milliseconds(std::optional<double> value)
{
    if (!value || !std::isfinite(*value)) {
        return "-";
    }
    return *value >= 10'000 ? format("%.1f s", *value / 1000) : format(*value >= 100 ? "%.0f ms" : "%.1f ms", *value);
}

std::string duration(double seconds)
{
    const auto whole = static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e12));
    const std::int64_t days = whole / 86400;
    const std::int64_t hours = whole / 3600 % 24;
    const std::int64_t minutes = whole / 60 % 60;
    if (days > 0) {
        return std::to_string(days) + "d " + std::to_string(hours) + 'h';
    }
    if (hours > 0) {
        return std::to_string(hours) + "h " + std::to_string(minutes) + 'm';
    }
    return minutes > 0 ? std::to_string(minutes) + "m " + std::to_string(whole % 60) + 's' : std::to_string(whole) + 's';
}

std::string clock_time(double unix_time)
{
    const auto seconds = static_cast<std::time_t>(std::clamp(unix_time, 0.0, 253402300799.0));
    std::tm    local{};
    char       text[32];
    if (localtime_r(&seconds, &local) == nullptr || std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local) == 0) {
        return "-";
    }
    return text;
}

}  // namespace cdn::cli

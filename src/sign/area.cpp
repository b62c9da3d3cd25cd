#include "sign/area.h"

#include "core/text.h"

#include <algorithm>

namespace cdn::sign {

namespace {

bool is_dots(std::string_view segment)
{
    segment = segment.substr(0, segment.find(';'));
    while (segment.ends_with(' ')) {
        segment.remove_suffix(1);
    }

    return !segment.empty() && segment.find_first_not_of('.') == segment.npos;
}

bool has_dot_segment(std::string path)
{
    std::replace(path.begin(), path.end(), '\\', '/');
    const auto segments = split(path, '/');
    return std::any_of(segments.begin(), segments.end(), is_dots);
}

bool has_escapes(std::string_view text)
{
    for (auto at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
        if (text.size() - at > 2 && percent_decode(text.substr(at, 3))) {
            return true;
        }
    }

    return false;
}

}  // namespace

std::optional<std::string> plain_path(std::string_view raw_path)
{
    // three readers in a row who each decode are more than there will be
    std::optional<std::string> decoded(raw_path);
    for (int reader = 0; reader < 3; reader++) {
        if (has_dot_segment(*decoded) || decoded->find('\0') != decoded->npos) {
            return std::nullopt;
        }

        auto once_more = percent_decode(*decoded);
        if (!once_more) {
            if (reader == 0) {
                return std::nullopt;                   // malformed as it was sent
            }
            break;
        }
        decoded = std::move(once_more);
    }
    if (has_dot_segment(*decoded)) {
        return std::nullopt;
    }

    std::string out;
    for (std::size_t i = 0; i < raw_path.size(); i++) {
        if (raw_path[i] != '%') {
            out += raw_path[i];
            continue;
        }
        const std::string_view sent = raw_path.substr(i, 3);
        const auto byte = percent_decode(sent);
        out += !byte || *byte == "/" || *byte == "\\" ? sent : std::string_view(*byte);
        i += 2;
    }

    return out;
}

std::optional<std::string> spelt_as(std::string_view area, std::string_view raw_path)
{
    auto plain = plain_path(raw_path);
    return plain && has_escapes(area) ? std::string(raw_path) : plain;
}

bool is_under(std::string_view path, std::string_view directory)
{
    if (directory.ends_with('/')) {
        return path.starts_with(directory) || path == directory.substr(0, directory.size() - 1);
    }

    return path.starts_with(directory)
           && (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace cdn::sign

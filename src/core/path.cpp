#include "core/path.h"

#include "core/text.h"

#include <vector>

namespace cdn {

Result<std::string> resolve_dots(std::string_view path, bool escaped)
{
    std::vector<std::string_view> kept;
    bool ends_open = false;                            // the last segment was a directory's

    for (const auto segment : split(path.substr(1), '/')) {
        const std::string meaning =
            escaped ? percent_decode(segment).value_or(std::string(segment)) : std::string(segment);

        ends_open = meaning == "." || meaning == "..";
        if (segment.empty() && kept.empty()) {
            continue;                                  // "//host" would be another site's URL
        }
        if (meaning == "..") {
            if (kept.empty()) {
                return bad_request("the path climbs above its root");
            }
            kept.pop_back();
        } else if (meaning != ".") {
            kept.push_back(segment);
        }
    }

    std::string out;
    for (const auto segment : kept) {
        out += '/';
        out += segment;
    }

    return out.empty() || ends_open ? out + '/' : out;
}

Result<std::string> decoded_path(std::string_view path)
{
    if (!path.starts_with('/')) {
        return bad_request("a path begins with \"/\"");
    }

    const auto decoded = percent_decode(path);
    if (!decoded) {
        return bad_request("malformed percent-encoding in the path");
    }
    if (decoded->find('\0') != decoded->npos) {
        return bad_request("zero byte in the path");
    }

    return resolve_dots(*decoded, false);
}

}  // namespace cdn

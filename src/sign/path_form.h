// Signatures that are the first segment of the path: "/S/rest".

#pragma once

#include "sign/url.h"

#include <optional>
#include <string>
#include <string_view>

namespace cdn::sign {

struct PathForm {
    std::string_view signature;
    std::string_view rest;                             // with its slash
};

inline std::optional<PathForm> read_path_form(std::string_view path)
{
    const auto end = path.find('/', 1);
    if (!path.starts_with('/') || end == path.npos) {
        return std::nullopt;
    }

    return PathForm{path.substr(1, end - 1), path.substr(end)};
}

// What stands there in a URL that nobody signed.
inline bool stands_for_nothing(std::string_view segment)
{
    return segment == "unsafe" || segment == "insecure" || segment == "_";
}

}  // namespace cdn::sign

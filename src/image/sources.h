// Which sources may be named: the hosts of absolute ones, the folders of overlays.

#pragma once

#include "core/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::image {

class SourceHosts {
public:
    // "img.example.com", or "*.example.com" for every host below it.
    std::optional<Error> add(std::string_view pattern);

    // `origin` as a Source has it: "https://img.example.com"; a port other than
    // the scheme's own has to be in the pattern.
    bool allow(std::string_view origin) const;

private:
    std::vector<std::string> patterns_;
};

class SourceFolders {
public:
    // "/brand/", and all below it; "/logo.png", that alone.
    std::optional<Error> add(std::string_view path);

    bool allow(std::string_view raw_path) const;       // as a Source has it

private:
    std::vector<std::string> paths_;
};

}  // namespace cdn::image

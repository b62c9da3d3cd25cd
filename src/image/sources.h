// The hosts that absolute source URLs may name.

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

}  // namespace cdn::image

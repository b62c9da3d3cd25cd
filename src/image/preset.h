// Named options.  cdn_image_preset adds to the built-in ones, or replaces one.

#pragma once

#include "core/result.h"
#include "image/request.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cdn::image {

class Presets {
public:
    Presets();                                         // those of README

    void set(std::string name, Options options);

    // `options` over its preset, if it names one; an unknown name is refused.
    Result<Options> apply(Options options) const;

private:
    std::map<std::string, Options, std::less<>> presets_;
};

}  // namespace cdn::image

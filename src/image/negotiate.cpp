#include "image/negotiate.h"

#include "core/accept.h"
#include "core/text.h"

#include <algorithm>

namespace cdn::image {

Negotiated negotiate(std::string_view accept, const std::vector<Format> &wanted)
{
    FormatSet shown;

    for (const auto item : split(accept, ',')) {
        const auto [type, parameters, has_parameters] = cut(item, ';');

        for (const Format format : wanted) {
            if (equal_ignoring_case(trim(type), content_type(format)) && accept_weight(parameters) > 0) {
                shown.add(format);
            }
        }
    }

    Negotiated formats;
    std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(formats),
                 [&](Format format) { return shown.has(format); });
    return formats;
}

}  // namespace cdn::image

#include "image/negotiate.h"

#include "core/text.h"

#include <algorithm>

namespace cdn::image {

namespace {

bool is_refused(std::string_view parameters)
{
    for (const auto parameter : split(parameters, ';')) {
        const auto [key, value, has_value] = cut(trim(parameter), '=');
        if (has_value && equal_ignoring_case(trim(key), "q")) {
            const auto weight = parse_decimal(trim(value));
            return !weight || *weight <= 0;
        }
    }

    return false;
}

}  // namespace

Negotiated negotiate(std::string_view accept, const std::vector<Format> &wanted)
{
    FormatSet shown;

    for (const auto item : split(accept, ',')) {
        const auto [type, parameters, has_parameters] = cut(item, ';');

        for (const Format format : wanted) {
            if (equal_ignoring_case(trim(type), content_type(format)) && !is_refused(parameters)) {
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

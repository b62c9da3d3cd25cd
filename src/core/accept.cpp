#include "core/accept.h"

#include "core/text.h"

namespace cdn {

double accept_weight(std::string_view parameters)
{
    for (const auto parameter : split(parameters, ';')) {
        const auto [key, value, has_value] = cut(trim(parameter), '=');
        if (has_value && equal_ignoring_case(trim(key), "q")) {
            return parse_decimal(trim(value)).value_or(0);
        }
    }

    return 1;
}

}  // namespace cdn

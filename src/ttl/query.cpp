#include "ttl/query.h"

#include "core/text.h"

#include <algorithm>

namespace cdn::ttl {

std::string kept_query(std::string_view query, std::span<const std::string> names)
{
    const auto name = [](std::string_view argument) {
        const auto sent = cut(argument, '=').before;
        return percent_decode(sent).value_or(std::string(sent));
    };

    auto arguments = split(query, '&');
    std::erase_if(arguments, [&](std::string_view argument) {
        return name(argument).empty()
               || std::find(names.begin(), names.end(), name(argument)) == names.end();
    });
    std::stable_sort(arguments.begin(), arguments.end(), [&](std::string_view a, std::string_view b) {
        return name(a) < name(b);
    });

    std::string out;
    for (const auto argument : arguments) {
        out += out.empty() ? "" : "&";
        out += argument;
    }

    return out;
}

}  // namespace cdn::ttl

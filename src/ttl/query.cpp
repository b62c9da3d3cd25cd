#include "ttl/query.h"

#include "core/text.h"

#include <algorithm>
#include <vector>

namespace cdn::ttl {

std::string kept_query(std::string_view query, std::span<const std::string> names)
{
    struct Argument {
        std::string      name;
        std::string_view text;
    };

    std::vector<Argument> arguments;
    for (const auto text : split(query, '&')) {
        const auto sent = cut(text, '=').before;
        std::string name = percent_decode(sent).value_or(std::string(sent));
        if (!name.empty() && std::find(names.begin(), names.end(), name) != names.end()) {
            arguments.push_back({std::move(name), text});
        }
    }
    std::stable_sort(arguments.begin(), arguments.end(),
                     [](const Argument &a, const Argument &b) { return a.name < b.name; });

    std::string out;
    for (const Argument &argument : arguments) {
        out += out.empty() ? "" : "&";
        out += argument.text;
    }

    return out;
}

}  // namespace cdn::ttl

#include "warm/source.h"

#include "core/text.h"

namespace cdn::warm {

std::optional<std::string> canonical_source(std::string_view path)
{
    constexpr std::string_view prefix = "/cdn-image/";
    if (!path.starts_with(prefix)) {
        return std::nullopt;
    }

    const auto [options, source, has_source] = cut(path.substr(prefix.size()), '/');
    return has_source && !options.starts_with("src=") ? '/' + std::string(source) : std::string();
}

}  // namespace cdn::warm

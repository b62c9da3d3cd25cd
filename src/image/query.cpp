#include "image/query.h"

#include "core/text.h"

#include <algorithm>

namespace cdn::image {

namespace {

// A percent sign at the end is one ("25%"), as nothing can follow it.
std::optional<std::string> decode(std::string_view text)
{
    if (text.ends_with('%')) {
        auto before = decode(text.substr(0, text.size() - 1));
        return before ? std::optional(*before + '%') : std::nullopt;
    }

    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    return percent_decode(spaced);
}

}  // namespace

Parsed parse_query_dialect(RawUrl url, const TakeArgument &take)
{
    Asked asked;
    bool any = false;
    std::string kept;

    for (const auto argument : split(url.query, '&')) {
        const auto [raw_name, raw_value, has_value] = cut(argument, '=');
        const auto name = decode(raw_name);
        const auto value = decode(raw_value);

        if (name && value && !name->empty()) {
            Options unused;
            Taken taken = take(value->empty() ? unused : asked.options, *name, *value);
            if (taken.is_option) {
                if (taken.error && !value->empty()) {
                    return *taken.error;
                }
                any = any || !value->empty();
                continue;
            }
        }

        if (!argument.empty()) {
            kept += kept.empty() ? "" : "&";
            kept += argument;
        }
    }

    if (!any) {
        return std::optional<Asked>();
    }

    auto source = site_source(url.path, kept);
    if (!source) {
        return source.error();
    }

    asked.source = std::move(*source);
    return std::optional(std::move(asked));
}

}  // namespace cdn::image

#include "sign/url.h"

#include "core/text.h"

#include <algorithm>

namespace cdn::sign {

namespace {

std::size_t index_of(std::string_view name, Names names)
{
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

}  // namespace

Url Url::of(std::string_view text)
{
    const auto [path, query, has_query] = cut(text, '?');
    return {path, query, has_query};
}

std::string Url::text() const
{
    std::string out(path);
    if (has_query) {
        out += '?';
        out += query;
    }

    return out;
}

Arguments::Arguments(const Url &url, Names names)
{
    each_argument(url.query, [&](std::string_view, std::string_view name, std::string_view value) {
        if (const auto index = index_of(name, names); index < names.size()) {
            found_[index].value = value;
            found_[index].count++;
        }
    });
}

bool Arguments::any() const
{
    return std::any_of(found_.begin(), found_.end(), [](const Found &f) { return f.count > 0; });
}

bool Arguments::repeated() const
{
    return std::any_of(found_.begin(), found_.end(), [](const Found &f) { return f.count > 1; });
}

std::string without(const Url &url, Names names)
{
    std::string out(url.path);
    out.reserve(url.path.size() + 1 + url.query.size());
    bool any = false;

    if (url.has_query) {
        each_argument(url.query, [&](std::string_view argument, std::string_view name, std::string_view) {
            if (index_of(name, names) == names.size()) {
                out += any ? '&' : '?';
                out += argument;
                any = true;
            }
        });
    }

    return out;
}

}  // namespace cdn::sign

#include "purge/sweep.h"

#include "core/text.h"
#include "purge/stored.h"
#include "purge/target.h"

namespace cdn::purge {

Object object_in_file(std::string_view key, std::string_view header,
                      const std::vector<std::string> &tag_headers)
{
    Object object;
    for (const std::string &name : tag_headers) {
        each_stored_field(header, name, [&](std::string_view value) { add_tags(object, value); });
    }

    for (const std::string_view scheme : {"https", "http"}) {
        if (key.starts_with(scheme)) {
            key.remove_prefix(scheme.size());
            break;
        }
    }
    if (key.starts_with("://")) {
        key.remove_prefix(3);
    }
    const auto slash = key.find('/');
    if (slash != key.npos) {
        const auto [path, query, has_query] = cut(key.substr(slash), '?');
        std::string text = raw_resource_text(path, query);
        if (!text.empty()) {
            object.resources.push_back({"", std::move(text)});
        }
    }

    return object;
}

}  // namespace cdn::purge

#include "purge/stored.h"

#include "core/text.h"

namespace cdn::purge {

void each_stored_field(std::string_view bytes, std::string_view name,
                       const std::function<void(std::string_view value)> &visit)
{
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        auto line = bytes.substr(0, end);
        bytes.remove_prefix(end == bytes.npos ? bytes.size() : end + 1);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }

        const auto colon = line.find(':');
        if (colon == line.npos || colon < name.size()) {
            continue;
        }
        // a FastCGI record's header of 8 bytes may stand before the first field
        const auto key = line.substr(0, colon);
        const bool named = equal_ignoring_case(key, name)
                           || (key.size() == name.size() + 8 && key.front() == '\1'
                               && equal_ignoring_case(key.substr(8), name));
        if (named) {
            visit(trim(line.substr(colon + 1)));
        }
    }
}

}  // namespace cdn::purge

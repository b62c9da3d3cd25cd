// The header of a stored response, as raw bytes of a cache file.

#pragma once

#include <functional>
#include <string_view>

namespace cdn::purge {

// Calls visit(value) for each field of this name, whatever stands before the
// first of them: a status line, or a FastCGI record.
void each_stored_field(std::string_view bytes, std::string_view name,
                       const std::function<void(std::string_view value)> &visit);

}  // namespace cdn::purge

// Shared memory that outlives a reload and a binary upgrade.
//
// nginx's own zones are anonymous: a new binary starts with empty ones.  This is
// a memfd, which the new master inherits as an open descriptor and finds by its
// name, so that the old and the new nginx count in the same place.

#pragma once

#include "ngx/ngx.h"

#include <cstddef>
#include <string_view>

namespace cdn {

// Zeroed when new; once per process and name.  nullptr: logged.  The name stands for
// the layout of what is in it: a layout that changes takes a new name.
void *inherited_memory(ngx_log_t *log, std::string_view name, std::size_t size);

}  // namespace cdn

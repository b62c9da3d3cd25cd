// What the status needs done each second, whether requests come or not.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

// At the start of a worker.
void start_ticking(ngx_cycle_t *cycle);

}  // namespace cdn

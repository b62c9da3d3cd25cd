// Hot cache files stay open: nginx's own open_file_cache, which spares a hit three system
// calls, in the locations that this module caches in and whose configuration has none.

#pragma once

#include "ngx/conf.h"

namespace cdn {

// In the location whose configuration is being merged.  False: no memory.
bool keep_cache_files_open(ngx_conf_t *cf, MainConf &conf);

// In a worker: as many as its limit of descriptors leaves room for.
void limit_open_files(const MainConf &conf, const ngx_cycle_t *cycle);

}  // namespace cdn

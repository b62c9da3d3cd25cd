// Hot cache files stay open: nginx's own open_file_cache, which spares a hit three system
// calls, in the locations that this module caches in and whose configuration has none.

#pragma once

#include "ngx/conf.h"

namespace cdn {

// In the location whose configuration is being merged.  False: no memory.
bool keep_cache_files_open(ngx_conf_t *cf, MainConf &conf);

// Before r->cache is opened.  A file that its cache does not know yet is found by its name alone,
// which may be that of a file deleted since it was opened: while nginx loads the cache, names are
// looked up each time.
void heed_cold_cache(ngx_http_request_t *r);

// In a worker: as many as its limit of descriptors leaves room for.
void limit_open_files(const MainConf &conf, const ngx_cycle_t *cycle);

}  // namespace cdn

// Hard-purged files that nobody asks for again: deleted in small steps.
//
// A thread of the worker that leads reads the cache directories, a file's header at a time, and
// asks the table; the event loop takes what it found, a few files at a turn, out of nginx's index
// and off the disk.

#pragma once

#include "ngx/conf.h"

namespace cdn {

// From the leading worker, now and then.
void sweep(const MainConf &conf);

// The worker leads no more, or ends.
void stop_sweeping();

// While the configuration is read, once a location's caches are known: only those of whose
// locations all obey purges are swept.
void note_caches(ngx_conf_t *cf, MainConf &main, const PurgeConf &purge);

}  // namespace cdn

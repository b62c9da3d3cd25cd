// Small objects, read at once.
//
// nginx reads a cached response twice: its header when it opens the file, so many bytes as the
// cache's node says, and its body when it is sent.  Here the node of a small object says all of
// it, and the body is sent from where it was read.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

void install_whole_reads() noexcept;

}  // namespace cdn

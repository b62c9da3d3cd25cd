// What a cache file tells of the response in it, where no request asks for it: its tags, and
// of the URLs it answers for only what its cache key shows.

#pragma once

#include "purge/object.h"

#include <string>
#include <string_view>
#include <vector>

namespace cdn::purge {

// `key` is the cache key's text, `header` the response's as the upstream sent it.  The path is
// what follows the key's host, as in "$scheme$host$request_uri"; a key of another kind names no
// URL, and its response goes by its tags alone.  The views are of the arguments.
Object object_in_file(std::string_view key, std::string_view header,
                      const std::vector<std::string> &tag_headers);

}  // namespace cdn::purge

// Paths and queries of image URLs, as the client sent them: undecoded.

#pragma once

#include "core/result.h"
#include "image/request.h"

#include <string>
#include <string_view>

namespace cdn::image {

// A request target cut in two: "/a%20b?x=1" gives "/a%20b" and "x=1".
struct RawUrl {
    std::string_view path;
    std::string_view query;
};

// A source on this site from its raw path and query.  "." and ".." segments,
// encoded ones too, are resolved; a path that climbs out is refused.  Bytes
// that may not stand in a URL are percent-encoded; all else, %2F too, stays
// as it was sent.
Result<Source> site_source(std::string_view path, std::string_view query);

// The same from what follows a dialect's options: "photos/a.jpg",
// "/photos/a.jpg" or "https://img.example.com/a.jpg".
Result<Source> any_source(std::string_view text, std::string_view query);
Result<Source> any_source(std::string_view uri);       // its query after "?"

// A host name, "host:port" too, in lower case; nothing for what cannot be one.
Result<std::string> parse_host(std::string_view text);

}  // namespace cdn::image

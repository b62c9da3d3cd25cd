// What is fetched to warm a cache: a list of paths, each with the variants of a
// picture that pages ask for, as Cloudflare-style image URLs.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cdn::warm {

// The lines of a list, without blank ones, "#" comments and what stands around
// them.  Each is a path, or an absolute URL.
std::vector<std::string> read_list(std::string_view text);

// An object of the status report, "host/path", as host and path; one cut short
// there, or without a path, has none.
struct HostAndPath {
    std::string host;
    std::string path;
};
HostAndPath split_object(std::string_view name);

// `path`, and where it is that of a picture "/cdn-cgi/image/preset=NAME/PATH" for
// each preset and "/cdn-cgi/image/width=N,quality=85/PATH" for each width.  `options`
// stand in for "quality=85".  What already is an image URL has no variants.
std::vector<std::string> variants(std::string_view path, const std::vector<std::string> &presets,
                                  const std::vector<int> &widths,
                                  std::string_view options = "quality=85");

}  // namespace cdn::warm

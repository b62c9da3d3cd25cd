// Image URLs: a provider's way of saying what is wanted of which picture, and
// the canonical way that every dialect is translated into.
//
// Grammars of the dialects: README, "Image URLs".  Values are checked here; a
// refusal is one plain line naming option and value.

#pragma once

#include "core/result.h"
#include "image/request.h"
#include "image/url.h"

#include <optional>
#include <string>
#include <string_view>

namespace cdn::image {

struct Asked {
    Options options;
    Source  source;
};

// Nothing: the URL asks for no transformation, and is to be served as it is.
using Parsed = Result<std::optional<Asked>>;

// /cdn-cgi/image/<name=value,...>/<source>.  Strict: an unknown option or a
// value out of range is refused.
// https://developers.cloudflare.com/images/transform-images/transform-via-url/
Parsed parse_cloudflare(RawUrl url);

// One option in this project's own words, as presets and cdn_image_default
// use them: width height crop quality format background gravity preset dpr.
// Returns what was wrong.
std::optional<Error> set_option(Options &options, std::string_view key, std::string_view value);

// The canonical URI: "/cdn-image/w=300,h=200,q=85/photos/a.jpg?v=2".
//
//   src=      SCHEME:HOST of an absolute source; none: this site
//   w= h=     device pixels
//   fit=      contain cover crop pad squeeze; none: scale_down
//   g=        XxY, attention, entropy; none: the centre
//   bg=       rrggbb[aa]
//   f=        FORMAT; auto[:FORMAT...] of what was negotiated; none: the source's
//   q=        1..100 or auto; always there
//
// parse_canonical(print_canonical(r)) is r; what print_canonical() would not
// print is refused.
std::string print_canonical(const Request &request);
Result<std::optional<Request>> parse_canonical(RawUrl url);

}  // namespace cdn::image

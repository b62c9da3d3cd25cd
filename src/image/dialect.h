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
    Options options;                                   // what the URL says
    Options defaults;                                  // the dialect's own, under all others
    Source  source;
};

// Nothing: the URL asks for no transformation, and is to be served as it is.
using Parsed = Result<std::optional<Asked>>;

// /cdn-cgi/image/<name=value,...>/<source>.  Strict: an unknown option or a
// value out of range is refused.
// https://developers.cloudflare.com/images/transform-images/transform-via-url/
Parsed parse_cloudflare(RawUrl url);

// ?width=300&crop=1:1&...  Cosmetic values are clamped, impossible geometry is
// refused; arguments that are not options stay with the source.
// https://docs.bunny.net/docs/stream-image-processing
Parsed parse_bunnycdn(RawUrl url);

// ?width=300&..., and /w=300,h=200,q=80,f=webp,c=1/<path>, which is strict.
// https://www.keycdn.com/support/image-processing
Parsed parse_keycdn(RawUrl url);

// ?width=300&fit=crop&...  As bunnycdn.
// https://www.fastly.com/documentation/reference/io/
Parsed parse_fastly(RawUrl url);

// ?width=300&crop=center&...: the words of set_option(); bad values are refused.
Parsed parse_custom(RawUrl url);

// One option in this project's own words, as presets and cdn_image_default
// use them: width height crop quality format background blur sharpen gravity
// page preset dpr metadata device.  Returns what was wrong.
std::optional<Error> set_option(Options &options, std::string_view key, std::string_view value);

// The canonical URI: "/cdn-image/w=300,h=200,q=85/photos/a.jpg?v=2".
//
//   src=      SCHEME:HOST of an absolute source; none: this site
//   precut=   a region, before the trim
//   trim=     top;right;bottom;left, of the upright source; 50p is a share
//   edges=    threshold[;rrggbb[aa]][;k12]: plain ones cut off, but for 12 pixels
//   region=   W;H or ASPECT:ZOOM, then ;X;Y where not in the middle or ;smart,
//             then ;strict; X is 12 or 12p the corner, c12 or c12p the centre,
//             r12p what part of the rest comes before it
//   flip=     h
//   rotate=   90 180 270
//   w= h=     device pixels, or a share
//   fit=      contain cover crop aspect-crop pad squeeze scale-up outside; none: scale-down
//   enlarge=  false, of pad squeeze outside
//   g=        XxY, attention, entropy; none: the centre
//   kernel=   nearest linear cubic lanczos2; none: lanczos3
//   tilt=     degrees clockwise of the resized picture
//   canvas=   as region
//   extend=   top;right;bottom;left
//   blur= sharpen= unsharp= scale= offset= gamma= saturation= hue= sepia= tint=
//   colorize= negate= normalize= threshold= dither= colors-first=     as in Adjustments
//   bg=       rrggbb[aa]
//   f=        FORMAT; auto[:FORMAT...] of what was negotiated; json; none: the source's
//   bytes=    at most
//   lossless= near-lossless= alpha-quality= palette= compression= filter=
//   progressive= anim= page= metadata=
//   overlay=  SOURCE;XxY;shift x;shift y;width;height;opacity[;repeat]: the source's whole
//             URI as base64url, since paths of it would count as paths of this URI
//   q=        1..100[:that of a negotiated WebP], or auto[-LESS][:CAP]; always there
//
// parse_canonical(print_canonical(r)) is r; what print_canonical() would not
// print is refused.
std::string print_canonical(const Request &request);
Result<std::optional<Request>> parse_canonical(RawUrl url);

}  // namespace cdn::image

// What is asked of a picture, whatever the words it was asked in.
//
// A dialect parses a URL into Options: only what the URL says.  Options from
// the URL, a preset and a location's defaults are laid over one another and
// resolved into a Request, in which every value is valid and final but for
// what only the source can tell.

#pragma once

#include "core/result.h"
#include "image/color.h"
#include "image/format.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::image {

inline constexpr int max_side = 12000;                 // pixels, of either side, as Cloudflare's

enum class Fit {
    scale_down,   // inside the box, never enlarged
    contain,      // inside the box, enlarged if need be
    cover,        // fills the box exactly, cut where it sticks out
    crop,         // as cover, never enlarged
    pad,          // inside the box, the rest filled with the background
    squeeze,      // exactly the box, proportions lost
    scale_up,     // inside the box, never shrunk
    aspect_crop,  // cut to the box's proportions, never enlarged
};

// Which part survives a cut.
struct Gravity {
    enum class Kind { point, attention, entropy };

    Kind   kind = Kind::point;
    double x = 0.5;                                    // 0 left .. 1 right, of the picture
    double y = 0.5;                                    // 0 top .. 1 bottom

    bool operator==(const Gravity &) const = default;
};

// Pixels, or a share of the side it is measured along.
struct Length {
    Length(double v = 0, bool share = false) : value(v), is_share(share) {}

    double value;
    bool   is_share;

    bool operator==(const Length &) const = default;
};

struct Sides {
    Length top;
    Length right;
    Length bottom;
    Length left;

    bool operator==(const Sides &) const = default;
};

// A part of the upright source, cut out before anything else is done.
struct Region {
    Length  width;                                     // 0: the whole side
    Length  height;
    double  aspect = 0;                                // width / height: the largest such part; 0: none
    bool    by_corner = false;                         // its left top corner is at x, y
    Length  x;
    Length  y;
    Gravity focus;                                     // else it is centred here, as far as it goes

    bool operator==(const Region &) const = default;
};

// Changes of the resized picture's pixels, in this order.
struct Adjustments {
    double               blur = 0;                     // sigma in pixels of the result, 0..250
    double               sharpen = 0;                  // 0..10, 1 is usual after shrinking
    double               scale = 1;                    // every channel becomes scale * value + offset
    double               offset = 0;                   // -255..255
    double               gamma = 1;                    // value^(1/gamma): over 1 lightens
    double               saturation = 1;               // 0 is grey
    double               hue = 0;                      // degrees
    double               sepia = 0;                    // 0..1
    std::optional<Color> tint;                         // multiplied with the picture
    bool                 negate = false;
    bool                 normalize = false;            // stretched to the full range
    int                  threshold = 0;                // 1..255: black below, white from there; 0: none

    bool operator==(const Adjustments &) const = default;
};

enum class Metadata { none, copyright, keep };         // of JPEG; where it was taken never stays

// 1..100; or decided from format and size when both are known (automatic),
// then `less`, and at most `cap`.
struct Quality {
    bool automatic = false;
    int  value = 85;
    int  less = 0;
    int  cap = 100;

    bool operator==(const Quality &) const = default;
};

// Formats that format=auto may choose for this client, most wanted first.
using Negotiated = std::vector<Format>;

// Which format the answer may have.
struct FormatChoice {
    enum class Kind {
        source,       // the source's own where it can be written
        exactly,      // formats[0]
        negotiated,   // the source's own if listed, else the first of formats that
                      // suits, else the nearest to the source that every client shows
    };

    Kind                kind = Kind::source;
    std::vector<Format> formats;

    bool operator==(const FormatChoice &) const = default;
};

// Where the picture comes from.
struct Source {
    std::string origin;                                // "https://img.example.com", or empty: this site
    std::string path;                                  // begins with '/', escaped as the client sent it
    std::string query;                                 // without '?'

    std::string uri() const { return query.empty() ? path : path + '?' + query; }
    bool operator==(const Source &) const = default;
};

enum class Device { mobile, tablet, desktop, print };  // named by the URL, never guessed

struct Options {
    std::optional<Length>                width;        // pixels: 1..max_side
    std::optional<Length>                height;
    std::optional<double>                dpr;          // 0 < dpr <= 10
    std::optional<bool>                  hinted_width; // width is what apply_hints() makes it,
                                                       // in device pixels
    std::optional<bool>                  hinted_dpr;   // the same of dpr
    std::optional<Fit>                   fit;
    std::optional<bool>                  enlarge;      // overrides what the fit does of itself
    std::optional<Gravity>               gravity;

    std::optional<Sides>                 trim;         // cut off the upright source's edges
    std::optional<Region>                region;       // cut out of what trim left
    std::optional<bool>                  flip_horizontal;   // left becomes right
    std::optional<bool>                  flip_vertical;
    std::optional<int>                   rotate;       // 0 90 180 270 clockwise, after the flips
    std::optional<Sides>                 extend;       // pixels added around the result, before dpr

    std::optional<double>                blur;         // as in Adjustments
    std::optional<double>                sharpen;
    std::optional<double>                brightness;   // factor
    std::optional<double>                lightness;    // -255..255, added
    std::optional<double>                contrast;     // factor around mid-grey
    std::optional<double>                gamma;
    std::optional<double>                saturation;
    std::optional<double>                hue;
    std::optional<double>                sepia;
    std::optional<Color>                 tint;
    std::optional<bool>                  negate;
    std::optional<bool>                  normalize;
    std::optional<int>                   threshold;

    std::optional<Quality>               quality;
    std::optional<Quality>               slow_quality; // instead, over a slow connection
    std::optional<std::optional<Format>> format;       // no value inside: auto
    std::optional<bool>                  plain_format; // over format: the nearest to the source
                                                       // that every client shows
    std::optional<bool>                  lossless;     // WebP and AVIF
    std::optional<bool>                  progressive;  // JPEG, else as the size suggests
    std::optional<bool>                  palette;      // PNG
    std::optional<bool>                  animate;      // false: the first frame
    std::optional<int>                   page;         // from 1
    std::optional<Metadata>              metadata;
    std::optional<Color>                 background;
    std::optional<int>                   max_bytes;    // of the result
    std::optional<bool>                  json;         // sizes and formats instead of a picture
    std::optional<bool>                  redirect;     // to the source, if no picture can be made
    std::optional<std::string>           preset;
    std::optional<Device>                device;

    // What these leave open is taken from `under`.
    void lay_over(const Options &under);
};

struct Request {
    Source               source;
    Sides                trim;
    Region               region;
    bool                 flip = false;                 // left becomes right, before the rotation
    int                  rotate = 0;                   // 0 90 180 270 clockwise
    Length               width;                        // device pixels, or a share; 0: not asked for
    Length               height;
    Fit                  fit = Fit::scale_down;
    bool                 shrink_only = false;          // of pad and squeeze; other fits say it themselves
    Gravity              gravity;
    Sides                extend;                       // device pixels
    Adjustments          adjust;
    std::optional<Color> background;                   // none: transparency stays where the format has it
    FormatChoice         format;
    Quality              quality;
    bool                 lossless = false;
    std::optional<bool>  progressive;
    bool                 palette = false;
    bool                 animate = true;
    int                  page = 1;
    Metadata             metadata = Metadata::none;
    int                  max_bytes = 0;                // of the result; 0: as it comes
    bool                 json = false;                 // sizes and formats instead of a picture

    bool operator==(const Request &) const = default;
};

// Fills in what nobody asked for, drops what has no effect: requests for the
// same picture become equal.
void simplify(Request &request);

// What the device would like, where nothing is said of it: a width, a format, a
// quality.
void lay_over_device(Options &options);

// Whether Accept decides the format.
bool leaves_format_open(const Options &options);

// The formats to choose from, the device's favourite first.
Negotiated preferred(Negotiated formats, std::optional<Device> device);

// Multiplies by the density, caps the quality for the device, and simplifies.
Result<Request> resolve(const Options &options, Source source, const Negotiated &negotiated);

// The quality an encoder gets: `automatic` by format and the sides asked for.
int quality_for(const Request &request, Format format);

}  // namespace cdn::image

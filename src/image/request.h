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
    aspect_crop,  // cut to the box's proportions, never enlarged
    pad,          // inside the box, the rest filled with the background
    squeeze,      // exactly the box, proportions lost
    scale_up,     // inside the box, never shrunk
    outside,      // as small as covers the box, nothing cut
};

// Which part survives a cut, or where on its box a padded picture lies.
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

// Where along one axis a part lies, of what is around it.
struct Place {
    enum class Kind {
        corner,   // begins at `at`
        centre,   // has its middle at `at`, as far as there is room
        rest,     // that share of what it leaves over comes before it
    };

    Kind   kind = Kind::centre;
    Length at{0.5, true};

    bool operator==(const Place &) const = default;
};

inline Place corner(Length at) { return {Place::Kind::corner, at}; }
inline Place centre(Length at) { return {Place::Kind::centre, at}; }
inline Place rest(double share) { return {Place::Kind::rest, Length(share, true)}; }

// A part of a picture; or a canvas of which the picture is a part.
struct Region {
    Length width;                                      // 0: the whole side
    Length height;
    double aspect = 0;                                 // width / height: the largest such part; 0: none
    double zoom = 1;                                   // a part so many times smaller than the largest
    Place  x;
    Place  y;
    bool   smart = false;                              // placed where the eye goes instead
    bool   strict = false;                             // refused where it sticks out, else cut short

    bool operator==(const Region &) const = default;
};

// Edges of one colour, as much as there is of them.
struct PlainEdges {
    double               threshold = 10;               // 0..255: how far a channel may be off
    std::optional<Color> color;                        // none: that of the left top corner
    double               keep = 0;                     // pixels of each edge that stay

    bool operator==(const PlainEdges &) const = default;
};

enum class Kernel { nearest, linear, cubic, lanczos2, lanczos3 };

// Sharpens by what a blur takes away.
struct UnsharpMask {
    double amount = 1;                                 // 0..10
    double sigma = 1;                                  // pixels of the result, 0.1..250
    double threshold = 0;                              // 0..255: smaller differences stay

    bool operator==(const UnsharpMask &) const = default;
};

// Changes of the resized picture's pixels, in this order.
struct Adjustments {
    Length                     blur;                   // sigma, 0..250 pixels of the result, or of its width
    double                     sharpen = 0;            // 0..10, 1 is usual after shrinking
    std::optional<UnsharpMask> unsharp;
    double                     scale = 1;              // every channel becomes scale * value + offset
    double                     offset = 0;             // -255..255
    double                     gamma = 1;              // value^(1/gamma): over 1 lightens
    double                     saturation = 1;         // 0 is grey
    double                     hue = 0;                // degrees
    double                     sepia = 0;              // 0..1
    std::optional<Color>       tint;                   // multiplied with the picture
    std::optional<Color>       colorize;               // its hue; the picture's lightness
    bool                       negate = false;
    bool                       normalize = false;      // stretched to the full range
    int                        threshold = 0;          // 1..255: black below, white from there; 0: none
    bool                       dither = false;         // black and white by Atkinson's error diffusion
    bool                       colors_first = false;   // then sharpened, then blurred

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
    int  webp = 0;                                     // of a WebP that was negotiated; 0: the same

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
    // What no other source has on this host: "/https://img.example.com/a.jpg".
    std::string local_uri() const { return origin.empty() ? uri() : '/' + origin + uri(); }
    bool operator==(const Source &) const = default;
};

// Another picture, laid on the finished one.
struct Overlay {
    static constexpr int max_shift = 2000;

    Source source;
    double x = 0.5;                                    // 0 at the left edge .. 1 at the right one
    double y = 0.5;                                    // 0 at the top .. 1 at the bottom
    int    shift_x = 0;                                // pixels away from that edge; of the middle: right, down
    int    shift_y = 0;
    Length width;                                      // shares are of the finished picture; 0: not asked for
    Length height;                                     // with both, inside that box
    int    opacity = 100;                              // percent
    bool   repeats = false;                            // in both directions, all over

    bool operator==(const Overlay &) const = default;
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

    std::optional<Gravity>               position;     // of the picture on a pad
    std::optional<Kernel>                kernel;

    std::optional<Region>                precut;       // cut out of the upright source
    std::optional<Sides>                 trim;         // then cut off its edges
    std::optional<PlainEdges>            edges;        // then plain ones cut off
    std::optional<Region>                region;       // cut out of what they left
    std::optional<bool>                  dense_cuts;   // pixels of these three times dpr
    std::optional<bool>                  flip_horizontal;   // left becomes right
    std::optional<bool>                  flip_vertical;
    std::optional<int>                   rotate;       // degrees clockwise: quarters after the flips,
                                                       // other angles after the resize
    std::optional<Region>                canvas;       // under the result, whose share it measures
    std::optional<Sides>                 extend;       // added around the result

    std::optional<Length>                blur;         // as in Adjustments
    std::optional<double>                sharpen;
    std::optional<UnsharpMask>           unsharp;
    std::optional<double>                brightness;   // factor
    std::optional<double>                lightness;    // -255..255, added
    std::optional<double>                contrast;     // factor around mid-grey
    std::optional<double>                gamma;
    std::optional<double>                saturation;
    std::optional<double>                hue;
    std::optional<double>                sepia;
    std::optional<Color>                 tint;
    std::optional<Color>                 colorize;
    std::optional<bool>                  negate;
    std::optional<bool>                  normalize;
    std::optional<int>                   threshold;
    std::optional<bool>                  dither;
    std::optional<bool>                  colors_first;

    std::optional<Quality>               quality;
    std::optional<Quality>               slow_quality; // instead, over a slow connection
    std::optional<std::optional<Format>> format;       // no value inside: auto
    std::optional<FormatSet>             auto_formats; // of those that may be negotiated, these alone
    std::optional<bool>                  plain_format; // over format: the nearest to the source
                                                       // that every client shows
    std::optional<bool>                  lossless;     // WebP and AVIF
    std::optional<bool>                  near_lossless;     // WebP
    std::optional<int>                   alpha_quality;     // WebP, 0..100
    std::optional<bool>                  progressive;  // JPEG, else as the size suggests; PNG, else not
    std::optional<bool>                  palette;      // PNG
    std::optional<int>                   compression;  // PNG, 0..9
    std::optional<bool>                  filter;       // PNG: rows, adaptively
    std::optional<bool>                  animate;      // false: the first frame
    std::optional<int>                   page;         // from 1
    std::optional<Metadata>              metadata;
    std::optional<Color>                 background;
    std::optional<int>                   max_bytes;    // of the result
    std::optional<bool>                  json;         // sizes and formats instead of a picture
    std::optional<bool>                  redirect;     // to the source, if no picture can be made
    std::optional<Overlay>               overlay;
    std::optional<std::string>           preset;
    std::optional<Device>                device;

    // What these leave open is taken from `under`.
    void lay_over(const Options &under);
};

struct Request {
    Source                    source;
    Region                    precut;                  // these four cuts in this order
    Sides                     trim;
    std::optional<PlainEdges> edges;
    Region                    region;
    bool                      flip = false;            // left becomes right, before the rotation
    int                       rotate = 0;              // 0 90 180 270 clockwise
    Length                    width;                   // device pixels, or a share; 0: not asked for
    Length                    height;
    Fit                       fit = Fit::scale_down;
    bool                      shrink_only = false;     // of pad, squeeze, outside; other fits say it themselves
    Gravity                   gravity;
    Kernel                    kernel = Kernel::lanczos3;
    int                       tilt = 0;                // degrees clockwise of the resized picture, no quarter
    Region                    canvas;                  // under it; shares are of what was made so far
    Sides                     extend;                  // or around it
    Adjustments               adjust;
    std::optional<Color>      background;              // none: transparency stays where the format has it
    FormatChoice              format;
    Quality                   quality;
    bool                      lossless = false;
    bool                      near_lossless = false;
    int                       alpha_quality = 100;
    std::optional<bool>       progressive;
    bool                      palette = false;
    int                       compression = 6;
    bool                      filter = false;
    bool                      animate = true;
    int                       page = 1;
    Metadata                  metadata = Metadata::none;
    int                       max_bytes = 0;           // of the result; 0: as it comes
    std::optional<Overlay>    overlay;
    bool                      json = false;            // sizes and formats instead of a picture

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

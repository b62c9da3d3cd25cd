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
};

// Which part survives a cut.
struct Gravity {
    enum class Kind { point, attention, entropy };

    Kind   kind = Kind::point;
    double x = 0.5;                                    // 0 left .. 1 right, of the picture
    double y = 0.5;                                    // 0 top .. 1 bottom

    bool operator==(const Gravity &) const = default;
};

// 1..100; or decided from format and size when both are known (automatic).
struct Quality {
    bool automatic = false;
    int  value = 85;

    bool operator==(const Quality &) const = default;
};

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

struct Options {
    std::optional<int>                   width;        // 1..max_side
    std::optional<int>                   height;
    std::optional<double>                dpr;          // 0 < dpr <= 10
    std::optional<Fit>                   fit;
    std::optional<Gravity>               gravity;
    std::optional<Quality>               quality;
    std::optional<std::optional<Format>> format;       // no value inside: auto
    std::optional<Color>                 background;
    std::optional<std::string>           preset;

    // What these leave open is taken from `under`.
    void lay_over(const Options &under);
};

struct Request {
    Source               source;
    int                  width = 0;                    // device pixels, 0: not asked for
    int                  height = 0;
    Fit                  fit = Fit::scale_down;
    Gravity              gravity;
    std::optional<Color> background;                   // none: transparency stays where the format has it
    FormatChoice         format;
    Quality              quality;

    bool operator==(const Request &) const = default;
};

// Formats that format=auto may choose for this client, most wanted first.
using Negotiated = std::vector<Format>;

// Fills in what nobody asked for, drops what has no effect: requests for the
// same picture become equal.
void simplify(Request &request);

// Multiplies by the density, and simplifies.
Result<Request> resolve(const Options &options, Source source, const Negotiated &negotiated);

// The quality an encoder gets: `automatic` by format and the sides asked for.
int quality_for(const Request &request, Format format);

}  // namespace cdn::image

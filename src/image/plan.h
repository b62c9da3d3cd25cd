// From what is asked, what the source is and what is allowed, to what will be
// done: arithmetic only, in 64 bits.

#pragma once

#include "core/result.h"
#include "image/request.h"

#include <cstdint>
#include <memory>

namespace cdn::image {

struct Limits {
    std::uint64_t max_bytes = 32U << 20;               // of the source
    std::uint64_t max_pixels = 50'000'000;             // of the source, all its frames together
    std::uint64_t max_frames = 256;
    std::uint64_t max_output_pixels = 25'000'000;      // of the result, all frames together
    std::uint64_t max_avif_pixels = 3'000'000;         // a larger result takes the next format
};

// What drawing a page may take besides its pixels.
inline constexpr std::uint64_t document_memory = 256U << 20;

// What a header tells.
struct SourceInfo {
    Format        format = Format::jpeg;
    std::uint64_t bytes = 0;
    int           width = 0;                           // as stored
    int           height = 0;                          // of one frame
    int           frames = 1;
    int           orientation = 1;                     // EXIF, 1..8; 5 and more swap the sides
    bool          alpha = false;
    int           pixel_bytes = 4;                     // of a decoded one
    bool          whole_in_memory = false;             // interlaced, or a codec without scan lines
    bool          quarter_chroma = false;              // an AVIF or HEIF: 4:2:0
    std::uint64_t block_memory = 0;                    // a TIFF: what is held of tiles and strips
    bool          ends_early = false;                  // a JPEG that lacks but the marker of its end
    bool          drawn = false;                       // it has no pixels: made in the size asked for
    double        exact_width = 0;                     // then, in pixels that need not be whole
    double        exact_height = 0;
};

// A rectangle in the resized picture.
struct Cut {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;

    bool operator==(const Cut &) const = default;
};

struct OverlayPlan;

struct Plan {
    Format  format = Format::jpeg;                     // of the result
    int     quality = 85;
    int     frames = 1;                                // decoded, and kept
    int     page = 1;                                  // of a document, from 1
    Cut     region;                                    // of the source as stored: what is used
    bool    whole = true;                              // that is all of it
    double  scale = 1;                                 // in which a source without pixels is drawn
    int     resized_width = 0;                         // the region, upright, flipped and rotated
    int     resized_height = 0;
    bool    sides_swap = false;                        // between stored and resized
    bool    flip = false;
    int     rotate = 0;
    Kernel  kernel = Kernel::lanczos3;
    Cut     cut;                                       // what stays of it
    Gravity gravity;                                   // who places the cut, if the content does
    int     tilt = 0;                                  // degrees; of what then lies on the canvas
    Cut     box;                                       // if it is tilted: its size before, and where
                                                       // on that the cut lies
    int     tilted_width = 0;
    int     tilted_height = 0;
    int     canvas_width = 0;                          // of the result
    int     canvas_height = 0;
    int     cut_x = 0;                                 // where on it the cut lies, or what was tilted;
    int     cut_y = 0;                                 // less than 0: it sticks out and is cut off
    Adjustments adjust;                                // the blur in pixels
    bool        lossless = false;
    bool        near_lossless = false;
    int         alpha_quality = 100;
    bool        progressive = true;
    bool        palette = false;
    int         compression = 6;
    bool        filter = false;
    Metadata    metadata = Metadata::none;

    std::optional<Color> background;                   // laid under it, and around it;
                                                       // opaque where the format has no alpha

    std::shared_ptr<const OverlayPlan> overlay;        // laid on the result, if any of it is seen

    int  max_bytes = 0;                                // of the result; 0: as it comes
    bool json = false;                                 // no picture: its sizes and formats
    std::optional<Format> skipped;                     // wanted, but the result is too large for it
    bool small = false;                                // not enlarged to what was asked for

    std::uint64_t memory = 0;                          // bytes of pixels held at once, estimated
    bool          same_pixels = false;                 // nothing is done to them
    bool          is_final = true;                     // false: what its pixels tell is not in it
};

struct OverlayPlan {
    Plan plan;                                         // of the overlay itself
    int  x = 0;                                        // where on the result; may stick out
    int  y = 0;
    int  opacity = 100;
    bool repeats = false;
    std::uint64_t decoded = 0;                         // pixels of its file
};

inline constexpr int look_side = 1500;                 // the longest, of a copy to look at

// What only the pixels tell, in those of the upright source.
class Scout {
public:
    virtual ~Scout() = default;
    virtual Cut without_edges(Cut within, const PlainEdges &edges) = 0;
    virtual Cut where_the_eye_goes(Cut within, int width, int height) = 0;
};

// Refuses a source over a limit (413): before any pixel is decoded.
std::optional<Error> check_limits(const SourceInfo &source, const Limits &limits);

// check_limits(), and a result over a limit (400).  Without a scout, where one
// is needed, nothing is cut off and what it would place is in the middle.
Result<Plan> make_plan(const Request &request, const SourceInfo &source, const Limits &limits,
                       Scout *scout = nullptr);

// Adds the overlay that is asked for, whose file is `overlay`.  Refused: with
// it, bytes, pixels or frames are over a limit (413).
std::optional<Error> plan_overlay(const Overlay &asked, const SourceInfo &overlay, const SourceInfo &picture,
                                  const Limits &limits, Plan &plan);

// After an attempt that came out as more than plan.max_bytes: a lower quality
// where that may do, else a smaller picture.  False: there is none smaller.
bool make_smaller(Plan &plan, std::uint64_t bytes);

// A rectangle of the upright picture in the stored one's pixels; width and
// height are the stored picture's.  EXIF 2.32 section 4.6.4, Orientation.
Cut to_stored(Cut upright, int orientation, int width, int height);

// How far a JPEG decoder may shrink while it decodes, 1 2 4 or 8: the full
// step that still leaves at least the wanted pixels.
int shrink_on_load(int stored_width, int stored_height, int wanted_width, int wanted_height);
int shrink_on_load(const SourceInfo &source, const Plan &plan);

}  // namespace cdn::image

// What only the pixels of a source tell its plan, seen by libvips in a copy of
// moderate size.

#pragma once

#include "image/vips_picture.h"

#include <string_view>

namespace cdn::image {

class VipsScout : public Scout {
public:
    // Of the plan, frames and page.
    VipsScout(std::string_view bytes, const SourceInfo &source, const Plan &plan, Stop &stop);

    Cut without_edges(Cut within, const PlainEdges &edges) override;
    Cut where_the_eye_goes(Cut within, int width, int height) override;

private:
    Cut to_copy(Cut source) const;
    Cut to_source(Cut copy, Cut within) const;
    Picture part(Cut part, int frame) const;

    Picture copy_;                                     // upright, frames below each other
    int     frames_;
    int     height_;                                   // of a frame of the copy
    double  scale_;                                    // of the copy, at most 1
};

}  // namespace cdn::image

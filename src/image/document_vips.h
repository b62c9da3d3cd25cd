// SVG and PDF.  A few bytes of either can ask for hours and for all memory, and
// their libraries cannot be stopped: they are read and drawn by helper processes.

#pragma once

#include "image/vips_picture.h"

#include <string_view>

namespace cdn::image {

// Before libvips starts, and before this process has threads that work.
bool start_documents();

struct DocumentInfo {
    double width = 0;                                  // in its own units, a pixel each
    double height = 0;
    int    pages = 1;
    bool   alpha = false;
};

// Throw VipsFailure where the file is no good; pages count from 1.
DocumentInfo read_document(std::string_view bytes, Format format, int page, const Stop *stop);
Picture draw_document(std::string_view bytes, const SourceInfo &source, const Plan &plan, Stop &stop);

}  // namespace cdn::image

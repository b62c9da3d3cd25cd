// Requests for the same picture become equal.

#include "image/request.h"

#include <algorithm>
#include <cmath>

namespace cdn::image {

namespace {

// Nothing is nothing in either unit.
Length simple(Length length)
{
    return length.value > 0 ? length : Length();
}

Sides simple(const Sides &sides)
{
    return {simple(sides.top), simple(sides.right), simple(sides.bottom), simple(sides.left)};
}

// Equal places in one spelling.
Place simple(Place place)
{
    const bool is_share = place.kind == Place::Kind::rest || place.at.is_share;

    if (place.at.value <= 0) {
        return corner(0);
    }
    if (place.kind != Place::Kind::corner && is_share && (place.at.value == 0.5 || place.at.value >= 1)) {
        return {Place::Kind::centre, Length(std::min(place.at.value, 1.0), true)};
    }

    return place;
}

bool moves(const Place &place)
{
    return place.kind == Place::Kind::corner && place.at.value > 0;
}

Region simple(Region region)
{
    for (Length *side : {&region.width, &region.height}) {
        const bool whole = side->is_share && side->value == 1;
        *side = region.aspect > 0 || whole ? Length() : simple(*side);
    }
    if (region.aspect == 0) {
        region.zoom = 1;
    }
    if (region.smart) {
        region.x = region.y = {};
    }
    region.x = simple(region.x);
    region.y = simple(region.y);

    const auto may_stick_out = [](Length side, const Place &place) {
        return (side.value > 0 && (!side.is_share || side.value > 1)) || moves(place);
    };
    region.strict = region.strict && !region.smart
                    && (may_stick_out(region.width, region.x) || may_stick_out(region.height, region.y));

    const bool whole = region.aspect == 0 && region.width == Length{} && region.height == Length{};
    return whole && !moves(region.x) && !moves(region.y) ? Region{} : region;
}

void simplify_cuts(Request &request)
{
    request.precut = simple(request.precut);
    request.trim = simple(request.trim);
    request.region = simple(request.region);

    if (request.trim == Sides{} && !request.edges && request.region == Region{}) {
        request.region = std::exchange(request.precut, {});
    }
}

// A share that leaves a side as it is asks for nothing.
void simplify_sides(Request &request)
{
    const bool grows = request.fit != Fit::scale_down;
    Length &width = request.width;
    Length &height = request.height;
    const auto is_idle = [&](Length side) { return side.is_share && (grows ? side.value == 1 : side.value >= 1); };

    if (is_idle(width) && (!grows || height.value == 0 || is_idle(height))) {
        width = {};
    }
    if (is_idle(height) && (!grows || width.value == 0)) {
        height = {};
    }
}

// A fit that its box does not need is inside it.
void simplify_fit(Request &request)
{
    const bool has_box = request.width.value > 0 && request.height.value > 0;
    const bool has_side = request.width.value > 0 || request.height.value > 0;

    if (!has_side) {
        request.fit = Fit::scale_down;
    } else if (!has_box && request.fit != Fit::scale_up) {
        const bool enlarges = request.fit != Fit::scale_down && request.fit != Fit::crop
                              && request.fit != Fit::aspect_crop && !request.shrink_only;
        request.fit = enlarges ? Fit::contain : Fit::scale_down;
    }

    const Fit fit = request.fit;
    if (fit != Fit::pad && fit != Fit::squeeze && fit != Fit::outside) {
        request.shrink_only = false;
    }

    const bool pads = fit == Fit::pad && request.gravity.kind == Gravity::Kind::point;
    if (fit != Fit::cover && fit != Fit::crop && fit != Fit::aspect_crop && !pads) {
        request.gravity = {};
    }
    if (request.gravity.kind != Gravity::Kind::point) {
        request.gravity = {request.gravity.kind};
    }
    if (!has_side) {
        request.kernel = Kernel::lanczos3;
    }
}

// On a canvas the rest may be on either side of the picture: no centre there.
Place on_canvas(Place place)
{
    if (place.kind == Place::Kind::centre) {
        place = place.at.is_share ? rest(std::min(place.at.value, 1.0)) : Place{};
    }

    return place;
}

void simplify_canvas(Request &request)
{
    Region &canvas = request.canvas;
    canvas.zoom = 1;
    canvas.smart = canvas.strict = false;
    canvas.x = on_canvas(canvas.x);
    canvas.y = on_canvas(canvas.y);
    canvas = simple(canvas);

    request.extend = canvas != Region{} ? Sides{} : simple(request.extend);   // a canvas beats it
}

void simplify_adjustments(Adjustments &adjust)
{
    adjust.blur = simple(adjust.blur);
    if (adjust.unsharp && adjust.unsharp->amount <= 0) {
        adjust.unsharp.reset();
    }
    for (std::optional<Color> *color : {&adjust.tint, &adjust.colorize}) {
        if (*color) {
            (*color)->alpha = 255;
        }
    }
    if (adjust.tint == white) {
        adjust.tint.reset();
    }
    if (adjust.dither) {
        adjust.threshold = 0;
    }
    adjust.hue = std::fmod(adjust.hue, 360);

    const Adjustments none;
    Adjustments colors = adjust;
    colors.blur = none.blur;
    colors.sharpen = none.sharpen;
    colors.unsharp = none.unsharp;
    colors.colors_first = false;

    const bool blurs = adjust.blur.value > 0;
    const bool sharpens = adjust.sharpen > 0 || adjust.unsharp;
    if (static_cast<int>(blurs) + sharpens + (colors != none) < 2) {
        adjust.colors_first = false;
    }
}

void simplify_background(Request &request)
{
    std::optional<Color> &background = request.background;
    const bool adds_edges = request.fit == Fit::pad || request.extend != Sides{}
                            || request.canvas != Region{} || request.tilt != 0;

    if (adds_edges && !background) {
        background = white;
    }
    if (!background) {
        return;
    }

    const auto &format = request.format;
    if (format.kind == FormatChoice::Kind::exactly && !has_alpha(format.formats[0])) {
        background = over_white(*background);
        if (!adds_edges && background == white) {
            background.reset();
        }
    } else if (background->alpha == 0) {
        background = adds_edges ? std::optional(transparent) : std::nullopt;
    }
}

// What the format makes meaningless.
void simplify_output(Request &request)
{
    Quality &quality = request.quality;
    if (!quality.automatic) {
        quality = {false, std::min(quality.value, quality.cap), 0, 100,
                   quality.webp > 0 ? std::min(quality.webp, quality.cap) : 0};
    }
    if (quality.automatic || quality.webp == quality.value) {
        quality.webp = 0;
    }

    if (request.format.kind != FormatChoice::Kind::exactly) {
        return;
    }

    const Format format = request.format.formats[0];

    quality = {false, quality_for(request, format)};
    if (format != Format::webp) {
        request.near_lossless = false;
    }
    const bool can_be_lossless = format == Format::webp || format == Format::avif || format == Format::jxl
                                 || format == Format::tiff;
    if (!can_be_lossless || request.near_lossless) {
        request.lossless = false;
    }
    if (format != Format::webp || request.lossless) {
        request.alpha_quality = 100;
    }
    if (format == Format::gif || (format == Format::png && !request.palette) || request.lossless) {
        quality = {};
    }
    if (format != Format::jpeg) {
        request.metadata = Metadata::none;
    }
    if (format != Format::jpeg && !(format == Format::png && request.progressive == true)) {
        request.progressive.reset();
    }
    if (format != Format::png) {
        request.palette = false;
        request.compression = 6;
        request.filter = false;
    }
    if (!has_frames(format)) {
        request.animate = true;
    }
}

// Of a question for sizes and formats: only what those depend on.
void simplify_information(Request &request)
{
    Request sizes;
    sizes.source = std::move(request.source);
    sizes.precut = request.precut;
    sizes.trim = request.trim;
    sizes.edges = request.edges;
    sizes.region = request.region;
    sizes.rotate = request.rotate % 180;
    sizes.width = request.width;
    sizes.height = request.height;
    sizes.fit = request.fit;
    sizes.shrink_only = request.shrink_only;
    sizes.tilt = request.tilt;
    sizes.canvas = request.canvas;
    sizes.extend = request.extend;
    sizes.page = request.page;
    sizes.animate = request.animate;
    sizes.json = true;
    request = std::move(sizes);
}

}  // namespace

void simplify(Request &request)
{
    simplify_cuts(request);
    for (int i = 0; i < 2; i++) {                      // a side dropped may end a fit, and that another side
        simplify_sides(request);
        simplify_fit(request);
    }
    simplify_canvas(request);
    if (request.json) {
        simplify_information(request);
        return;
    }
    simplify_adjustments(request.adjust);
    simplify_background(request);
    simplify_output(request);
}

}  // namespace cdn::image

#include "image/scout_vips.h"

#include "image/load_vips.h"
#include "image/screen_vips.h"
#include "image/shape_vips.h"

#include <algorithm>
#include <cmath>

namespace cdn::image {

namespace {

// The bounding box of what is in neither.
Cut around(const Cut &a, const Cut &b)
{
    if (a.width == 0 || a.height == 0) {
        return b;
    }
    if (b.width == 0 || b.height == 0) {
        return a;
    }

    const int x = std::min(a.x, b.x);
    const int y = std::min(a.y, b.y);
    return {x, y, std::max(a.x + a.width, b.x + b.width) - x, std::max(a.y + a.height, b.y + b.height) - y};
}

Picture bands(const Picture &in, int first, int n)
{
    return step(in, [&](auto *i, auto **o) { return vips_extract_band(i, o, first, "n", n, nullptr); });
}

// Of a picture without alpha.
Cut find_trim(const Picture &in, const std::vector<double> &background, double threshold)
{
    // libvips looks through a window of three pixels
    if (in.width() < 3 || in.height() < 3) {
        const Picture wider = step(in, [&](auto *i, auto **o) {
            return vips_embed(i, o, 1, 1, in.width() + 2, in.height() + 2, "extend", VIPS_EXTEND_COPY, nullptr);
        });
        const Cut found = find_trim(wider, background, threshold);
        if (found.width == 0 || found.height == 0) {
            return {};
        }
        const int left = std::max(found.x - 1, 0);
        const int top = std::max(found.y - 1, 0);
        return {left, top, std::min(found.x + found.width - 1, in.width()) - left,
                std::min(found.y + found.height - 1, in.height()) - top};
    }

    const Array<double> array(background);
    Cut found;
    check(vips_find_trim(in.get(), &found.x, &found.y, &found.width, &found.height, "threshold",
                         threshold, "background", array.get(), nullptr));

    return found;
}

std::vector<double> as_bands(Color color, const Picture &in)
{
    if (in.bands() < 3) {
        return {std::round(0.2126 * color.red + 0.7152 * color.green + 0.0722 * color.blue)};
    }

    return {double(color.red), double(color.green), double(color.blue)};
}

// What differs from the edges: from a colour, laid on it; from the corner, also where
// transparency differs from opacity.
Cut inside(const Picture &in, const PlainEdges &edges)
{
    const int colors = in.bands() - (in.alpha() ? 1 : 0);
    const auto corner = pixel_at(in, 0, 0);
    auto background = edges.color ? as_bands(*edges.color, in) : corner;
    background.resize(colors);

    const auto of_alpha = [&](double alpha) { return find_trim(bands(in, colors, 1), {alpha}, edges.threshold); };
    if (edges.color && edges.color->alpha == 0) {
        return in.alpha() ? of_alpha(0) : Cut{0, 0, in.width(), in.height()};
    }
    if (!in.alpha()) {
        return find_trim(in, background, edges.threshold);
    }

    const Array<double> array(background);
    const Picture flat = step(in, [&](auto *i, auto **o) {
        return vips_flatten(i, o, "background", array.get(), nullptr);
    });
    const Cut by_color = find_trim(flat, background, edges.threshold);

    return edges.color ? by_color : around(by_color, of_alpha(corner.back()));
}

}  // namespace

VipsScout::VipsScout(std::string_view bytes, const SourceInfo &source, const Plan &plan, Stop &stop)
    : frames_(plan.frames)
{
    const bool turned = source.orientation >= 5;
    const int width = turned ? source.height : source.width;
    const int height = turned ? source.width : source.height;
    scale_ = std::min(1.0, static_cast<double>(look_side) / std::max(width, height));

    Plan look;
    look.region = {0, 0, source.width, source.height};
    look.resized_width = std::max(1, static_cast<int>(std::lround(width * scale_)));
    look.resized_height = height_ = std::max(1, static_cast<int>(std::lround(height * scale_)));
    look.sides_swap = turned;
    look.frames = plan.frames;
    look.page = plan.page;
    look.scale = std::max(scale_, 0.001);
    look.memory = plan.memory;

    copy_ = load_for(bytes, source, look, stop);
    copy_ = resize(std::move(copy_), look.frames, turned ? look.resized_height : look.resized_width,
                   (turned ? look.resized_width : look.resized_height) * look.frames, stop);
    copy_ = turn(std::move(copy_), source, look, stop);
    copy_ = in_memory(to_screen(std::move(copy_)), stop);
}

Cut VipsScout::without_edges(Cut within, const PlainEdges &edges)
{
    const Cut seen = to_copy(within);
    Cut found;
    for (int frame = 0; frame < frames_; frame++) {
        found = around(found, inside(part(seen, frame), edges));
    }

    if (found.width == 0 || found.height == 0) {
        return within;                                 // all of it is edge
    }

    found.x += seen.x;
    found.y += seen.y;
    return to_source(found, within);
}

Cut VipsScout::where_the_eye_goes(Cut within, int width, int height)
{
    const Cut seen = to_copy(within);
    const int small_width = std::clamp(static_cast<int>(std::lround(width * scale_)), 1, seen.width);
    const int small_height = std::clamp(static_cast<int>(std::lround(height * scale_)), 1, seen.height);
    const Picture found = step(part(seen, 0), [&](auto *i, auto **o) {
        return vips_smartcrop(i, o, small_width, small_height, "interesting", VIPS_INTERESTING_ATTENTION,
                              nullptr);
    });

    const auto start = [&](int offset, int from, int whole, int wanted) {
        const int at = from + static_cast<int>(std::lround(offset / scale_));
        return std::clamp(at, from, from + whole - wanted);
    };
    return {start(-vips_image_get_xoffset(found.get()), within.x, within.width, width),
            start(-vips_image_get_yoffset(found.get()), within.y, within.height, height), width, height};
}

Cut VipsScout::to_copy(Cut source) const
{
    const int x = std::min(static_cast<int>(source.x * scale_), copy_.width() - 1);
    const int y = std::min(static_cast<int>(source.y * scale_), height_ - 1);
    return {x, y, std::clamp(static_cast<int>(std::lround(source.width * scale_)), 1, copy_.width() - x),
            std::clamp(static_cast<int>(std::lround(source.height * scale_)), 1, height_ - y)};
}

// Outwards, so that nothing is cut that is not edge.
Cut VipsScout::to_source(Cut copy, Cut within) const
{
    const auto low = [&](int at, int from) {
        return std::max(static_cast<int>(std::floor(at / scale_)), from);
    };
    const auto high = [&](int at, int end) {
        return std::min(static_cast<int>(std::ceil(at / scale_)), end);
    };

    const int x = std::min(low(copy.x, within.x), within.x + within.width - 1);
    const int y = std::min(low(copy.y, within.y), within.y + within.height - 1);
    return {x, y, std::max(1, high(copy.x + copy.width, within.x + within.width) - x),
            std::max(1, high(copy.y + copy.height, within.y + within.height) - y)};
}

Picture VipsScout::part(Cut part, int frame) const
{
    return step(copy_, [&](auto *i, auto **o) {
        return vips_extract_area(i, o, part.x, frame * height_ + part.y, part.width, part.height, nullptr);
    });
}

}  // namespace cdn::image

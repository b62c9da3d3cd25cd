#include "image/overlay_vips.h"

#include <algorithm>

namespace cdn::image {

namespace {

Picture in_colour(Picture in)
{
    return step(in, [](auto *i, auto **o) { return vips_colourspace(i, o, VIPS_INTERPRETATION_sRGB, nullptr); });
}

Picture part(const Picture &in, const Cut &cut)
{
    return step(in, [&](auto *i, auto **o) {
        return vips_extract_area(i, o, cut.x, cut.y, cut.width, cut.height, nullptr);
    });
}

Picture faded(const Picture &in, int opacity)
{
    std::vector<double> factors(in.bands(), 1);
    factors.back() = opacity / 100.0;
    const std::vector<double> offsets(in.bands(), 0);
    const int bands = in.bands();

    return step(in, [&](auto *i, auto **o) {
        return vips_linear(i, o, factors.data(), offsets.data(), bands, "uchar", TRUE, nullptr);
    });
}

Picture without_alpha(const Picture &in)
{
    return step(in, [&](auto *i, auto **o) {
        return vips_extract_band(i, o, 0, "n", in.bands() - 1, nullptr);
    });
}

// The same pattern in tiles of some size: libvips takes its time for each.
Picture tiled(const Picture &in)
{
    constexpr int side = 64;
    const auto times = [](int pixels) { return (side + pixels - 1) / pixels; };

    return step(in, [&](auto *i, auto **o) {
        return vips_replicate(i, o, times(in.width()), times(in.height()), nullptr);
    });
}

// What it covers of the result.
Cut covered(const Picture &overlay, const OverlayPlan &laid, const Plan &plan)
{
    if (laid.repeats) {
        return {0, 0, plan.canvas_width, plan.canvas_height};
    }

    const int x = std::max(laid.x, 0);
    const int y = std::max(laid.y, 0);
    return {x, y, std::min(laid.x + overlay.width(), plan.canvas_width) - x,
            std::min(laid.y + overlay.height(), plan.canvas_height) - y};
}

}  // namespace

Picture lay_over(Picture picture, Picture overlay, const Plan &plan, Stop &stop)
{
    const OverlayPlan &laid = *plan.overlay;
    if (picture.bands() >= 3 || overlay.bands() >= 3) {
        picture = in_colour(std::move(picture));
        overlay = in_colour(std::move(overlay));
    }
    if (!overlay.alpha()) {
        overlay = step(overlay, [](auto *i, auto **o) { return vips_addalpha(i, o, nullptr); });
    }
    if (laid.opacity < 100) {
        overlay = faded(overlay, laid.opacity);
    }

    const Cut place = covered(overlay, laid, plan);
    overlay = in_memory(laid.repeats ? tiled(overlay) : std::move(overlay), stop);
    overlay = laid.repeats ? step(overlay, [&](auto *i, auto **o) {
        return vips_embed(i, o, laid.x, laid.y, plan.canvas_width, plan.canvas_height, "extend",
                          VIPS_EXTEND_REPEAT, nullptr);
    }) : part(overlay, {place.x - laid.x, place.y - laid.y, place.width, place.height});

    const bool alpha = picture.alpha();
    return each_frame(in_memory(picture, stop), plan.frames, [&](auto *i, auto **o) {
        g_object_ref(i);
        const Picture frame(i);
        Picture under = part(frame, place);
        under = step(under, [&](auto *u, auto **laid_on) {
            return vips_composite2(u, overlay.get(), laid_on, VIPS_BLEND_MODE_OVER, nullptr);
        });
        under = alpha ? std::move(under) : without_alpha(under);
        return vips_insert(i, under.get(), o, place.x, place.y, nullptr);
    });
}

}  // namespace cdn::image

#include "image/background_vips.h"

#include <memory>
#include <vector>

namespace cdn::image {

namespace {

bool is_grey(Color color)
{
    return color.red == color.green && color.green == color.blue;
}

// The colour in as many bands as the picture has.
std::vector<double> bands_of(Color color, const Picture &in)
{
    std::vector<double> bands{double(color.red)};
    if (in.bands() >= 3) {
        bands.push_back(color.green);
        bands.push_back(color.blue);
    }
    if (in.alpha()) {
        bands.push_back(color.alpha);
    }

    return bands;
}

Picture flatten(Picture in, Color color)
{
    std::vector<double> bands{double(color.red), double(color.green), double(color.blue)};
    if (in.bands() < 3) {
        bands.resize(1);
    }

    VipsArrayDouble *background =
        vips_array_double_new(bands.data(), static_cast<int>(bands.size()));
    VipsImage *out = nullptr;
    const int status = vips_flatten(in.get(), &out, "background", background, nullptr);
    vips_area_unref(VIPS_AREA(background));
    check(status);

    return Picture(out);
}

}  // namespace

Picture lay_background(Picture in, const Plan &plan)
{
    if (!plan.background) {
        return in;
    }

    const Color color = *plan.background;
    if (in.bands() < 3 && !is_grey(color)) {
        in = step(in, [](auto *i, auto **o) {
            return vips_colourspace(i, o, VIPS_INTERPRETATION_sRGB, nullptr);
        });
    }

    const bool pads = plan.canvas_width > plan.cut.width || plan.canvas_height > plan.cut.height;
    if (color.alpha < 255) {
        if (pads && !in.alpha()) {
            in = step(in, [](auto *i, auto **o) { return vips_addalpha(i, o, nullptr); });
        }
        return in;
    }

    return in.alpha() ? flatten(std::move(in), color) : std::move(in);
}

Picture pad(Picture in, const Plan &plan, Stop &stop)
{
    if (plan.canvas_width == plan.cut.width && plan.canvas_height == plan.cut.height) {
        return in;
    }

    if (plan.frames > 1) {
        in = in_memory(in, stop);
    }

    const auto bands = bands_of(plan.background.value_or(white), in);
    VipsArrayDouble *background =
        vips_array_double_new(bands.data(), static_cast<int>(bands.size()));
    const std::unique_ptr<VipsArrayDouble, void (*)(VipsArrayDouble *)> owner(
        background, [](VipsArrayDouble *array) { vips_area_unref(VIPS_AREA(array)); });

    return each_frame(in, plan.frames, [&](auto *i, auto **o) {
        return vips_embed(i, o, plan.cut_x, plan.cut_y, plan.canvas_width, plan.canvas_height, "extend",
                          VIPS_EXTEND_BACKGROUND, "background", background, nullptr);
    });
}

}  // namespace cdn::image

#include "image/background_vips.h"

#include "image/alpha_vips.h"

#include <cmath>
#include <memory>
#include <numbers>
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

    const Array<double> background(bands);
    return step(in, [&](auto *i, auto **o) {
        return vips_flatten(i, o, "background", background.get(), nullptr);
    });
}

// What shows through the picture shows the colour, which shows what is behind it in turn.
Picture lay_on_transparent(const Picture &in, Color color)
{
    const auto bands = bands_of(color, in);
    const Picture under([&] {
        VipsImage *plain = vips_image_new_from_image(in.get(), bands.data(), static_cast<int>(bands.size()));
        check(plain == nullptr ? -1 : 0);
        return plain;
    }());

    return step(under, [&](auto *i, auto **o) {
        return vips_composite2(i, in.get(), o, VIPS_BLEND_MODE_OVER, nullptr);
    });
}

// Each frame on a canvas of that size, at x, y of it.
Picture embed(Picture in, int frames, const Cut &canvas, const std::vector<double> &background,
              Stop &stop)
{
    if (in.width() == canvas.width && in.height() == canvas.height * frames) {
        return in;
    }

    if (frames > 1) {
        in = in_memory(in, stop);
    }

    const Array<double> colour(background);
    return each_frame(in, frames, [&](auto *i, auto **o) {
        return vips_embed(i, o, canvas.x, canvas.y, canvas.width, canvas.height, "extend",
                          VIPS_EXTEND_BACKGROUND, "background", colour.get(), nullptr);
    });
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

    const bool pads = plan.tilt != 0 || plan.canvas_width > plan.cut.width
                      || plan.canvas_height > plan.cut.height;
    if (color.alpha == 255) {
        return in.alpha() ? flatten(std::move(in), color) : std::move(in);
    }
    if (in.alpha()) {
        return color.alpha > 0 ? lay_on_transparent(in, color) : std::move(in);
    }

    return pads ? step(in, [](auto *i, auto **o) { return vips_addalpha(i, o, nullptr); }) : std::move(in);
}

Picture tilt(Picture in, const Plan &plan, Stop &stop)
{
    if (plan.tilt == 0) {
        return in;
    }

    const auto background = bands_of(plan.background.value_or(white), in);
    in = embed(std::move(in), plan.frames, plan.box, background, stop);

    const bool alpha = in.alpha();
    auto around = background;
    if (alpha) {
        in = premultiply(std::move(in));
        for (std::size_t i = 0; i + 1 < around.size(); i++) {
            around[i] *= around.back() / 255;
        }
    }
    in = in_memory(in, stop);

    const double angle = plan.tilt * std::numbers::pi / 180;
    const double c = std::cos(angle);
    const double s = std::sin(angle);

    // middle to middle, in the pixels' own centres
    const double from_x = (plan.box.width - 1) / 2.0;
    const double from_y = (plan.box.height - 1) / 2.0;
    const double x = (plan.tilted_width - 1) / 2.0 - c * from_x + s * from_y;
    const double y = (plan.tilted_height - 1) / 2.0 - s * from_x - c * from_y;

    const Array<int> area({0, 0, plan.tilted_width, plan.tilted_height});
    const Array<double> colour(around);
    const std::unique_ptr<VipsInterpolate, void (*)(void *)> bicubic(vips_interpolate_new("bicubic"),
                                                                     g_object_unref);
    in = each_frame(in, plan.frames, [&](auto *i, auto **o) {
        return vips_affine(i, o, c, -s, s, c, "oarea", area.get(), "odx", x, "ody", y, "interpolate",
                           bicubic.get(), "extend", VIPS_EXTEND_BACKGROUND, "background",
                           colour.get(), "premultiplied", TRUE, nullptr);
    });

    return alpha ? unpremultiply(std::move(in)) : std::move(in);
}

Picture pad(Picture in, const Plan &plan, Stop &stop)
{
    const auto background = bands_of(plan.background.value_or(white), in);
    const Cut canvas{plan.cut_x, plan.cut_y, plan.canvas_width, plan.canvas_height};
    return embed(std::move(in), plan.frames, canvas, background, stop);
}

}  // namespace cdn::image

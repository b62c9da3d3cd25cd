#include "image/adjust_vips.h"

#include "image/alpha_vips.h"

namespace cdn::image {

namespace {

// Runs change(colour) on the bands before alpha.
template <typename Change>
Picture on_colour(Picture in, Change change)
{
    if (!in.alpha()) {
        return change(std::move(in));
    }

    const int last = in.bands() - 1;
    const Picture alpha =
        step(in, [&](auto *i, auto **o) { return vips_extract_band(i, o, last, nullptr); });
    const Picture colour = change(step(in, [&](auto *i, auto **o) {
        return vips_extract_band(i, o, 0, "n", last, nullptr);
    }));

    return step(colour, [&](auto *i, auto **o) {
        return vips_bandjoin2(i, alpha.get(), o, nullptr);
    });
}

Picture to_bytes(Picture in)
{
    return step(in, [](auto *i, auto **o) { return vips_cast_uchar(i, o, nullptr); });
}

Picture in_space(Picture in, VipsInterpretation space)
{
    return step(in, [&](auto *i, auto **o) { return vips_colourspace(i, o, space, nullptr); });
}

Picture linear(const Picture &in, std::vector<double> scale, std::vector<double> offset)
{
    return to_bytes(step(in, [&](auto *i, auto **o) {
        return vips_linear(i, o, scale.data(), offset.data(), static_cast<int>(scale.size()), nullptr);
    }));
}

Picture saturate(Picture in, double saturation, double hue)
{
    in = in_space(std::move(in), VIPS_INTERPRETATION_LCH);
    double scale[] = {1, saturation, 1};
    double offset[] = {0, 0, hue};
    in = step(in, [&](auto *i, auto **o) { return vips_linear(i, o, scale, offset, 3, nullptr); });
    in = step(in, [](auto *i, auto **o) {
        return vips_copy(i, o, "interpretation", VIPS_INTERPRETATION_LCH, nullptr);
    });

    return in_space(std::move(in), VIPS_INTERPRETATION_sRGB);
}

// The W3C Filter Effects matrix: identity at 0, full sepia at 1.
Picture make_sepia(const Picture &in, double amount)
{
    static constexpr double full[] = {0.393, 0.769, 0.189, 0.349, 0.686, 0.168, 0.272, 0.534, 0.131};
    double matrix[9];
    for (int i = 0; i < 9; i++) {
        const double identity = i % 4 == 0 ? 1.0 : 0.0;
        matrix[i] = identity + amount * (full[i] - identity);
    }

    const Picture m(vips_image_new_matrix_from_array(3, 3, matrix, 9));
    return to_bytes(step(in, [&](auto *i, auto **o) { return vips_recomb(i, o, m.get(), nullptr); }));
}

// Stretches what lies between the darkest and the lightest percent.
Picture normalized(const Picture &in)
{
    const Picture grey = step(in, [](auto *i, auto **o) {
        return vips_colourspace(i, o, VIPS_INTERPRETATION_B_W, nullptr);
    });
    int low = 0;
    int high = 255;
    check(vips_percent(grey.get(), 1, &low, nullptr));
    check(vips_percent(grey.get(), 99, &high, nullptr));
    if (high <= low) {
        return step(in, [](auto *i, auto **o) { return vips_copy(i, o, nullptr); });
    }

    const double scale = 255.0 / (high - low);
    return linear(in, {scale}, {-low * scale});
}

Picture change_colours(Picture in, const Adjustments &adjust)
{
    const bool needs_colour = adjust.saturation != 1 || adjust.hue != 0 || adjust.sepia > 0 || adjust.tint;
    if (needs_colour && in.bands() < 3) {
        in = in_space(std::move(in), VIPS_INTERPRETATION_sRGB);
    }

    if (adjust.normalize) {
        in = normalized(in);
    }
    if (adjust.scale != 1 || adjust.offset != 0) {
        in = linear(in, {adjust.scale}, {adjust.offset});
    }
    if (adjust.gamma != 1) {
        in = to_bytes(step(in, [&](auto *i, auto **o) {
            return vips_gamma(i, o, "exponent", adjust.gamma, nullptr);
        }));
    }
    if (adjust.saturation != 1 || adjust.hue != 0) {
        in = saturate(std::move(in), adjust.saturation, adjust.hue);
    }
    if (adjust.sepia > 0) {
        in = make_sepia(in, adjust.sepia);
    }
    if (adjust.tint) {
        in = linear(in, {adjust.tint->red / 255.0, adjust.tint->green / 255.0, adjust.tint->blue / 255.0},
                    {0, 0, 0});
    }
    if (adjust.negate) {
        in = step(in, [](auto *i, auto **o) { return vips_invert(i, o, nullptr); });
    }
    if (adjust.threshold > 0) {
        in = in_space(std::move(in), VIPS_INTERPRETATION_B_W);
        in = step(in, [&](auto *i, auto **o) {
            return vips_moreeq_const1(i, o, adjust.threshold, nullptr);
        });
    }

    return in;
}

}  // namespace

Picture adjust(Picture in, const Adjustments &adjust, int frames, Stop &stop)
{
    if (adjust == Adjustments{}) {
        return in;
    }

    in = in_memory(in, stop);
    if (adjust.blur > 0) {
        const bool alpha = in.alpha();
        in = alpha ? premultiply(std::move(in)) : std::move(in);
        in = each_frame(in, frames, [&](auto *i, auto **o) {
            return vips_gaussblur(i, o, adjust.blur, nullptr);
        });
        in = alpha ? unpremultiply(std::move(in)) : std::move(in);
    }
    if (adjust.sharpen > 0) {
        in = on_colour(std::move(in), [&](Picture colour) {
            return each_frame(colour, frames, [&](auto *i, auto **o) {
                return vips_sharpen(i, o, "sigma", 1.0, "m1", 0.0, "m2", 3.0 * adjust.sharpen, nullptr);
            });
        });
    }

    return on_colour(std::move(in), [&](Picture colour) {
        return change_colours(std::move(colour), adjust);
    });
}

}  // namespace cdn::image

#include "image/adjust_vips.h"

#include "image/alpha_vips.h"
#include "image/shape_vips.h"

#include <algorithm>

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

// The picture's lightness with the colour's hue, as sharp tints.
Picture colorized(const Picture &in, Color color)
{
    const double scale[] = {1, 1, 1};
    const double offset[] = {double(color.red), double(color.green), double(color.blue)};
    VipsImage *out = nullptr;
    check(vips_black(&out, 1, 1, "bands", 3, nullptr));
    Picture dot = step(Picture(out), [&](auto *i, auto **o) {
        return vips_linear(i, o, scale, offset, 3, nullptr);
    });
    dot = step(dot, [](auto *i, auto **o) {
        return vips_copy(i, o, "interpretation", VIPS_INTERPRETATION_sRGB, nullptr);
    });
    const auto lab = pixel_at(in_space(to_bytes(std::move(dot)), VIPS_INTERPRETATION_LAB), 0, 0);

    Picture toned = step(in, [](auto *i, auto **o) {
        return vips_colourspace(i, o, VIPS_INTERPRETATION_LAB, nullptr);
    });
    toned = step(toned, [](auto *i, auto **o) { return vips_extract_band(i, o, 0, nullptr); });
    toned = step(toned, [&](auto *i, auto **o) {
        return vips_bandjoin_const(i, o, const_cast<double *>(&lab[1]), 2, nullptr);
    });
    toned = step(toned, [](auto *i, auto **o) {
        return vips_copy(i, o, "interpretation", VIPS_INTERPRETATION_LAB, nullptr);
    });
    return in_space(std::move(toned), VIPS_INTERPRETATION_sRGB);
}

// One frame of one band becomes black and white, where it lies: three quarters
// of each pixel's error go to six neighbours not yet seen (Bill Atkinson's).
void diffuse(VipsImage *image, int top, int height)
{
    const int width = vips_image_get_width(image);
    std::vector<int> rows[3];
    for (auto &row : rows) {
        row.assign(width + 4, 0);                      // room for the neighbours outside
    }

    for (int y = 0; y < height; y++) {
        VipsPel *line = VIPS_IMAGE_ADDR(image, 0, top + y);
        for (int x = 0; x < width; x++) {
            const int wanted = line[x] + rows[0][x + 1];
            line[x] = wanted >= 128 ? 255 : 0;

            const int error = (wanted - line[x]) / 8;
            for (int *neighbour : {&rows[0][x + 2], &rows[0][x + 3], &rows[1][x],
                                   &rows[1][x + 1], &rows[1][x + 2], &rows[2][x + 1]})
            {
                *neighbour += error;
            }
        }

        rows[0].swap(rows[1]);
        rows[1].swap(rows[2]);
        rows[2].assign(width + 4, 0);
    }
}

Picture dithered(const Picture &grey, int frames, Stop &stop)
{
    Picture out = in_memory(grey, stop);
    const int height = out.height() / frames;
    for (int frame = 0; frame < frames; frame++) {
        diffuse(out.get(), frame * height, height);
    }

    return out;
}

Picture change_colours(Picture in, const Adjustments &adjust, int frames, Stop &stop)
{
    const bool needs_colour = adjust.saturation != 1 || adjust.hue != 0 || adjust.sepia > 0 || adjust.tint
                              || adjust.colorize;
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
    if (adjust.colorize) {
        in = colorized(in, *adjust.colorize);
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
    if (adjust.dither) {
        in = dithered(in_space(std::move(in), VIPS_INTERPRETATION_B_W), frames, stop);
    }

    return in;
}

Picture gaussian(const Picture &in, double sigma, int frames)
{
    return each_frame(in, frames, [&](auto *i, auto **o) { return vips_gaussblur(i, o, sigma, nullptr); });
}

// A wide blur leaves nothing that a smaller picture would not hold: of a megapixel, one of
// 250 pixels takes ten seconds otherwise.
Picture blurred(Picture in, double sigma, int frames, Stop &stop)
{
    constexpr double enough = 8;

    if (const int factor = static_cast<int>(sigma / enough); factor > 1) {
        const int width = in.width();
        const int height = in.height() / frames;
        in = in_memory(resize(std::move(in), frames, std::max(1, width / factor),
                              std::max(1, height / factor) * frames, stop), stop);
        in = in_memory(blurred(std::move(in), sigma / factor, frames, stop), stop);
        return resize(std::move(in), frames, width, height * frames, stop);
    }
    if (!in.alpha()) {
        return gaussian(in, sigma, frames);
    }

    return unpremultiply(gaussian(premultiply(std::move(in)), sigma, frames));
}

// in + amount * (in - blurred), where they differ by the threshold or more.
Picture unsharp_masked(const Picture &in, const UnsharpMask &mask, int frames, Stop &stop)
{
    const Picture soft = blurred(step(in, [](auto *i, auto **o) { return vips_copy(i, o, nullptr); }), mask.sigma,
                                 frames, stop);
    const Picture difference = step(in, [&](auto *i, auto **o) {
        return vips_subtract(i, soft.get(), o, nullptr);
    });
    const Picture added = step(difference, [&](auto *i, auto **o) {
        return vips_linear1(i, o, mask.amount, 0, nullptr);
    });
    Picture sharp = to_bytes(step(in, [&](auto *i, auto **o) {
        return vips_add(i, added.get(), o, nullptr);
    }));
    if (mask.threshold <= 0) {
        return sharp;
    }

    const Picture size = step(difference, [](auto *i, auto **o) { return vips_abs(i, o, nullptr); });
    const Picture differs = step(size, [&](auto *i, auto **o) {
        return vips_moreeq_const1(i, o, mask.threshold, nullptr);
    });
    return step(differs, [&](auto *i, auto **o) {
        return vips_ifthenelse(i, sharp.get(), in.get(), o, nullptr);
    });
}

Picture sharpened(Picture in, const Adjustments &adjust, int frames, Stop &stop)
{
    return on_colour(std::move(in), [&](Picture colour) {
        if (adjust.sharpen > 0) {
            colour = each_frame(colour, frames, [&](auto *i, auto **o) {
                return vips_sharpen(i, o, "sigma", 1.0, "m1", 0.0, "m2", 3.0 * adjust.sharpen, nullptr);
            });
        }
        if (adjust.unsharp) {
            colour = unsharp_masked(colour, *adjust.unsharp, frames, stop);
        }
        return colour;
    });
}

}  // namespace

Picture adjust(Picture in, const Adjustments &adjust, int frames, Stop &stop)
{
    if (adjust == Adjustments{}) {
        return in;
    }

    in = in_memory(in, stop);

    const auto change_pixels = [&] {
        in = on_colour(std::move(in), [&](Picture colour) {
            return change_colours(std::move(colour), adjust, frames, stop);
        });
    };
    const auto blur = [&] {
        if (adjust.blur.value > 0) {
            in = blurred(std::move(in), adjust.blur.value, frames, stop);
        }
    };

    if (adjust.colors_first) {
        change_pixels();
        in = sharpened(std::move(in), adjust, frames, stop);
        blur();
    } else {
        blur();
        in = sharpened(std::move(in), adjust, frames, stop);
        change_pixels();
    }

    return in;
}

}  // namespace cdn::image

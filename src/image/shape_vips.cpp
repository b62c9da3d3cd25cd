#include "image/shape_vips.h"

#include "image/alpha_vips.h"

namespace cdn::image {

namespace {

// Where a cut goes that the content places: by the first frame.
Cut smart_cut(const Picture &in, const Plan &plan)
{
    const Picture first = step(in, [&](auto *i, auto **o) {
        return vips_extract_area(i, o, 0, 0, plan.resized_width, plan.resized_height, nullptr);
    });
    const auto interesting = plan.gravity.kind == Gravity::Kind::entropy
                                 ? VIPS_INTERESTING_ENTROPY
                                 : VIPS_INTERESTING_ATTENTION;
    const Picture found = step(first, [&](auto *i, auto **o) {
        return vips_smartcrop(i, o, plan.cut.width, plan.cut.height, "interesting", interesting,
                              nullptr);
    });

    return {-vips_image_get_xoffset(found.get()), -vips_image_get_yoffset(found.get()),
            plan.cut.width, plan.cut.height};
}

}  // namespace

// Colour under transparency must not bleed into what is seen: it is resized
// multiplied by its alpha.
Picture resize(Picture in, int frames, int width, int height)
{
    if (in.width() == width && in.height() == height) {
        return in;
    }

    const double horizontal = static_cast<double>(width) / in.width();
    const double vertical = static_cast<double>(height) / in.height();
    const bool alpha = in.alpha() && !(frames > 1 && is_opaque(in));

    if (alpha) {
        in = premultiply(std::move(in));
    }

    in = step(in, [&](auto *i, auto **o) {
        return vips_resize(i, o, horizontal, "vscale", vertical, nullptr);
    });

    return alpha ? unpremultiply(std::move(in)) : std::move(in);
}

Picture turn(Picture in, const SourceInfo &source, const Plan &plan, Stop &stop)
{
    if (source.orientation == 1 && !plan.flip && plan.rotate == 0) {
        return in;
    }

    in = in_memory(in, stop);
    if (source.orientation > 1) {
        in = step(in, [](auto *i, auto **o) { return vips_autorot(i, o, nullptr); });
    }
    if (plan.flip) {
        in = each_frame(in, plan.frames, [](auto *i, auto **o) {
            return vips_flip(i, o, VIPS_DIRECTION_HORIZONTAL, nullptr);
        });
    }
    if (plan.rotate != 0) {
        const auto angle = static_cast<VipsAngle>(plan.rotate / 90);
        in = each_frame(in, plan.frames, [&](auto *i, auto **o) {
            return vips_rot(i, o, angle, nullptr);
        });
    }

    return in;
}

Picture cut_out(Picture in, const Plan &plan, Stop &stop)
{
    if (plan.cut.width == plan.resized_width && plan.cut.height == plan.resized_height) {
        return in;
    }

    Cut cut = plan.cut;
    if (plan.gravity.kind != Gravity::Kind::point) {
        in = in_memory(in, stop);
        cut = smart_cut(in, plan);
    } else if (plan.frames > 1) {
        in = in_memory(in, stop);
    }

    return each_frame(in, plan.frames, [&](auto *i, auto **o) {
        return vips_extract_area(i, o, cut.x, cut.y, cut.width, cut.height, nullptr);
    });
}

}  // namespace cdn::image

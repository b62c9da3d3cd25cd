#include "image/shape_vips.h"

#include "image/alpha_vips.h"

#include <cstring>

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

VipsKernel vips_kernel(Kernel kernel)
{
    switch (kernel) {
    case Kernel::nearest:  return VIPS_KERNEL_NEAREST;
    case Kernel::linear:   return VIPS_KERNEL_LINEAR;
    case Kernel::cubic:    return VIPS_KERNEL_CUBIC;
    case Kernel::lanczos2: return VIPS_KERNEL_LANCZOS2;
    case Kernel::lanczos3: break;
    }

    return VIPS_KERNEL_LANCZOS3;
}

Picture scaled(const Picture &in, double horizontal, double vertical, VipsKernel kernel)
{
    return step(in, [&](auto *i, auto **o) {
        return vips_resize(i, o, horizontal, "vscale", vertical, "kernel", kernel, nullptr);
    });
}

// Frames below one another go side by side, or back; both in memory.
Picture rearranged(const Picture &in, int frames, bool to_side)
{
    const int width = to_side ? in.width() : in.width() / frames;
    const int height = to_side ? in.height() / frames : in.height();

    Picture out(vips_image_new_memory());
    check(vips_image_pipelinev(out.get(), VIPS_DEMAND_STYLE_ANY, in.get(), nullptr));
    out.get()->Xsize = to_side ? width * frames : width;
    out.get()->Ysize = to_side ? height : height * frames;
    check(vips_image_write_prepare(out.get()));

    const std::size_t line = VIPS_IMAGE_SIZEOF_PEL(in.get()) * static_cast<std::size_t>(width);
    for (int frame = 0; frame < frames; frame++) {
        for (int y = 0; y < height; y++) {
            const VipsPel *below = VIPS_IMAGE_ADDR(to_side ? in.get() : out.get(), 0, frame * height + y);
            const VipsPel *beside = VIPS_IMAGE_ADDR(to_side ? out.get() : in.get(), frame * width, y);
            std::memcpy(const_cast<VipsPel *>(to_side ? beside : below), to_side ? below : beside, line);
        }
    }

    return out;
}

// Each direction while the frames lie in the other one: a resize of its own for
// each of them costs twice as much.
Picture scale_frames(Picture in, int frames, double horizontal, double vertical, VipsKernel kernel, Stop &stop)
{
    if (horizontal > 1 || vertical > 1) {
        // libvips 8.14 moves a picture that it enlarges in one direction alone
        return each_frame(in_memory(in, stop), frames, [&](auto *i, auto **o) {
            return vips_resize(i, o, horizontal, "vscale", vertical, "kernel", kernel, nullptr);
        });
    }

    // step by step: each lets go of what it was made from
    in = in_memory(in, stop);
    in = rearranged(in, frames, true);
    in = in_memory(scaled(in, 1, vertical, kernel), stop);
    in = rearranged(in, frames, false);

    return scaled(in, horizontal, 1, kernel);
}

}  // namespace

// Colour under transparency must not bleed into what is seen: it is resized
// multiplied by its alpha.
Picture resize(Picture in, int frames, int width, int height, Stop &stop, Kernel kernel)
{
    if (in.width() == width && in.height() == height) {
        return in;
    }

    const double horizontal = static_cast<double>(width) / in.width();
    const double vertical = static_cast<double>(height) / in.height();
    const bool mixes = kernel != Kernel::nearest;
    const bool alpha = mixes && in.alpha() && !(frames > 1 && is_opaque(in));

    if (alpha) {
        in = premultiply(std::move(in));
    }

    in = frames > 1 ? scale_frames(std::move(in), frames, horizontal, vertical, vips_kernel(kernel), stop)
                    : scaled(in, horizontal, vertical, vips_kernel(kernel));

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

#include "image/vips_picture.h"

#include <algorithm>
#include <memory>

namespace cdn::image {

namespace {

struct Computation {
    VipsImage *from;
    VipsImage *to;
};

bool compute(const Computation &c)
{
    int tile_width = 0;
    int tile_height = 0;
    int lines = 0;
    vips_get_tile_size(c.from, &tile_width, &tile_height, &lines);

    const std::unique_ptr<VipsRegion, decltype(&g_object_unref)> from(vips_region_new(c.from), g_object_unref);
    const std::unique_ptr<VipsRegion, decltype(&g_object_unref)> to(vips_region_new(c.to), g_object_unref);
    for (int top = 0; top < c.from->Ysize; top += tile_height) {
        for (int left = 0; left < c.from->Xsize; left += tile_width) {
            const VipsRect area{left, top, std::min(tile_width, c.from->Xsize - left),
                                std::min(tile_height, c.from->Ysize - top)};
            if (vips_region_image(to.get(), &area) != 0
                || vips_region_prepare_to(from.get(), to.get(), &area, left, top) != 0)
            {
                return false;
            }
        }
    }

    return true;
}

}  // namespace

Picture in_memory(const Picture &in, Stop &stop)
{
    if (in.get()->data != nullptr) {
        g_object_ref(in.get());
        return Picture(in.get());
    }

    const StopScope scope(stop, in.get());
    check(vips_image_pio_input(in.get()));

    Picture out(vips_image_new_memory());
    check(vips_image_pipelinev(out.get(), VIPS_DEMAND_STYLE_ANY, in.get(), nullptr));
    check(vips_image_write_prepare(out.get()));

    // a thread of libvips': those keep their buffers, on others each strip clears new ones
    Computation all{in.get(), out.get()};
    const auto run = [](void *data) -> void * {
        return compute(*static_cast<Computation *>(data)) ? data : nullptr;
    };
    GThread *thread = vips_g_thread_new("in_memory", run, &all);
    check(thread != nullptr && g_thread_join(thread) != nullptr ? 0 : -1);
    return out;
}

}  // namespace cdn::image

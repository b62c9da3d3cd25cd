#include "image/vips_picture.h"

#include <algorithm>
#include <memory>

namespace cdn::image {

namespace {

struct Unref {
    void operator()(VipsRegion *region) const { g_object_unref(region); }
};
using Strip = std::unique_ptr<VipsRegion, Unref>;

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

    int tile_width = 0;
    int tile_height = 0;
    int lines = 0;
    vips_get_tile_size(in.get(), &tile_width, &tile_height, &lines);

    const Strip from(vips_region_new(in.get()));
    const Strip to(vips_region_new(out.get()));
    for (int top = 0; top < in.height(); top += tile_height) {
        for (int left = 0; left < in.width(); left += tile_width) {
            const VipsRect area{left, top, std::min(tile_width, in.width() - left),
                                std::min(tile_height, in.height() - top)};
            check(vips_region_image(to.get(), &area));
            check(vips_region_prepare_to(from.get(), to.get(), &area, left, top));
        }
    }

    return out;
}

}  // namespace cdn::image

#include "bytes.h"
#include "image/cost.h"
#include "image/plan.h"
#include "image/quarantine.h"
#include "targets.h"

#include <cmath>

namespace cdn::fuzz {

namespace {

using namespace image;

Length length(Bytes &in, int most)
{
    const bool share = in.flag();
    return {share ? in.between(0, 4000) / 1000.0 : in.between(0, most), share};
}

Gravity gravity(Bytes &in)
{
    return {static_cast<Gravity::Kind>(in.between(0, 2)), in.between(0, 1000) / 1000.0,
            in.between(0, 1000) / 1000.0};
}

Sides sides(Bytes &in, int most)
{
    return {length(in, most), length(in, most), length(in, most), length(in, most)};
}

Place place(Bytes &in)
{
    switch (in.between(0, 2)) {
    case 0:  return corner(length(in, 20'000));
    case 1:  return centre(length(in, 20'000));
    default: return rest(in.between(0, 100) / 100.0);
    }
}

Region region(Bytes &in)
{
    Region region;
    region.width = length(in, 20'000);
    region.height = length(in, 20'000);
    region.aspect = in.flag() ? in.between(1, 100'000) / 1000.0 : 0;
    region.zoom = in.flag() ? in.between(10, 1000) / 10.0 : 1;
    region.x = place(in);
    region.y = place(in);
    region.strict = in.flag();
    return region;
}

// Any request that a URL may come to.
Request request_of(Bytes &in)
{
    Request request;
    request.fit = static_cast<Fit>(in.between(0, 8));
    request.width = length(in, max_side);
    request.height = length(in, max_side);
    const bool box = request.fit != Fit::scale_down && request.fit != Fit::contain && request.fit != Fit::scale_up;
    if (box && (request.width.value == 0 || request.height.value == 0)) {
        request.width = 300;
        request.height = 200;
    }
    request.shrink_only = in.flag();
    request.gravity = gravity(in);
    request.rotate = in.between(0, 3) * 90;
    request.flip = in.flag();
    if (in.flag()) {
        request.trim = sides(in, 20'000);
    }
    if (in.flag()) {
        request.precut = region(in);
    }
    if (in.flag()) {
        request.region = region(in);
    }
    if (in.flag()) {
        request.extend = sides(in, 12'000);
    }
    request.animate = in.flag();
    request.quality.automatic = in.flag();
    request.format.kind = static_cast<FormatChoice::Kind>(in.between(0, 2));
    request.format.formats = {static_cast<Format>(in.between(0, 1) == 0 ? Format::avif : Format::webp)};
    return request;
}

SourceInfo source_of(Bytes &in)
{
    static constexpr Format formats[] = {Format::jpeg, Format::png, Format::webp, Format::gif,
                                         Format::avif, Format::heif, Format::tiff};
    SourceInfo source;
    source.format = formats[in.between(0, 6)];
    source.bytes = in.between<std::uint64_t>(0, 40'000'000);
    const bool wild = in.flag();
    source.width = in.between(1, wild ? 2'000'000'000 : 9000);
    source.height = in.between(1, wild ? 2'000'000'000 : 9000);
    source.frames = in.flag() ? in.between(1, 1000) : 1;
    source.orientation = source.frames > 1 ? 1 : in.between(1, 8);
    source.alpha = in.flag();
    source.whole_in_memory = in.flag();
    source.pixel_bytes = in.between(1, 16);
    return source;
}

bool lies_in(const Cut &cut, int width, int height)
{
    return cut.x >= 0 && cut.y >= 0 && cut.width > 0 && cut.height > 0 && cut.width <= width
           && cut.height <= height && cut.x <= width - cut.width && cut.y <= height - cut.height;
}

}  // namespace

void plans(std::string_view bytes)
{
    Bytes in(bytes);
    const Request request = request_of(in);
    const SourceInfo source = source_of(in);
    const Limits limits;

    const auto plan = make_plan(request, source, limits);
    if (!plan) {
        must(plan.error().code == ErrorCode::too_large || plan.error().code == ErrorCode::bad_request,
             "a plan fails by limits or by what was asked");
        return;
    }

    must(lies_in(plan->region, source.width, source.height), "the region lies in the source");
    must(plan->resized_width > 0 && plan->resized_height > 0, "what is resized has pixels");
    must(lies_in(plan->cut, plan->resized_width, plan->resized_height), "the cut lies in what was resized");
    must(plan->canvas_width >= plan->cut.width && plan->canvas_height >= plan->cut.height,
         "the canvas holds the cut");
    must(plan->cut_x >= 0 && plan->cut_y >= 0 && plan->cut_x <= plan->canvas_width - plan->cut.width
             && plan->cut_y <= plan->canvas_height - plan->cut.height,
         "the cut lies on the canvas");
    must(plan->frames == 1 || plan->frames == source.frames, "all frames or one");

    const auto pixels = [&](int width, int height) {
        return static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height)
               * static_cast<std::uint64_t>(plan->frames);
    };
    const std::uint64_t result = pixels(plan->canvas_width, plan->canvas_height);
    must(result <= limits.max_output_pixels, "the result is within limits");
    must(pixels(plan->resized_width, plan->resized_height)
             <= std::max(limits.max_output_pixels, limits.max_pixels),
         "nor is more resized");
    must(plan->memory >= source.bytes + result, "the estimate covers source and result");
    must(plan->memory < std::uint64_t{4} << 30, "the estimate is sane");
    must(plan->quality >= 1 && plan->quality <= 100, "quality is a percentage");

    const Overlay overlay{{"", "/l", ""}, in.between(0, 2) / 2.0, in.between(0, 2) / 2.0, in.between(0, 2000),
                          in.between(0, 2000), length(in, max_side), length(in, max_side), in.between(1, 100), in.flag()};
    Plan with = *plan;
    if (!plan_overlay(overlay, source_of(in), source, limits, with) && with.overlay) {
        const Plan &own = with.overlay->plan;
        must(with.memory > plan->memory, "an overlay costs memory");
        must(overlay.repeats || (with.overlay->x < plan->canvas_width && with.overlay->x > -own.canvas_width
                                 && with.overlay->y < plan->canvas_height && with.overlay->y > -own.canvas_height),
             "an overlay that is laid is seen");
        is_light(source, with);
    }

    is_light(source, *plan);
    source_is_to_blame(*plan);
}

}  // namespace cdn::fuzz

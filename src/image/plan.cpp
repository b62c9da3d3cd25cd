#include "image/plan.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

namespace cdn::image {

namespace {

// Encoders' own limits on a side.
int longest_side(Format format)
{
    switch (format) {
    case Format::webp: return 16383;
    case Format::avif: return 16384;
    case Format::jpeg: return 65500;
    case Format::gif:  return 65535;
    default:           return 1'000'000;
    }
}

// What has no pixels may be drawn as large as it is wanted.
constexpr double most_drawn = 1e6;

std::uint64_t area(int width, int height)
{
    return static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
}

int rounded(double pixels)
{
    return std::max(1, static_cast<int>(std::lround(std::min(pixels, 1e8))));
}

int pixels_of(Length length, double side)
{
    const double pixels = length.is_share ? length.value * side : length.value;
    return static_cast<int>(std::lround(std::min(pixels, 1e8)));
}

// Where a part goes whose centre is asked to be at `focus` of the whole.
int place(double focus, int whole, int part)
{
    const long start = std::lround(focus * whole - part / 2.0);
    return static_cast<int>(std::clamp(start, 0L, static_cast<long>(whole - part)));
}

// The part of the upright source that is used.
Result<Cut> choose_region(const Request &request, int width, int height)
{
    const Sides &trim = request.trim;
    Cut used;
    used.x = pixels_of(trim.left, width);
    used.y = pixels_of(trim.top, height);
    used.width = width - used.x - pixels_of(trim.right, width);
    used.height = height - used.y - pixels_of(trim.bottom, height);
    if (used.width < 1 || used.height < 1) {
        return bad_request("trim leaves nothing of a picture of " + std::to_string(width) + 'x'
                           + std::to_string(height));
    }

    const Region &region = request.region;
    if (region == Region{}) {
        return used;
    }

    Cut part = used;
    if (region.aspect > 0) {
        const double aspect = static_cast<double>(used.width) / used.height;
        if (aspect > region.aspect) {
            part.width = std::min(used.width, rounded(used.height * region.aspect));
        } else {
            part.height = std::min(used.height, rounded(used.width / region.aspect));
        }
    } else {
        const auto size = [](Length length, int side) {
            return length.value > 0 ? std::clamp(pixels_of(length, side), 1, side) : side;
        };
        part.width = size(region.width, used.width);
        part.height = size(region.height, used.height);
    }

    if (!region.by_corner) {
        part.x = used.x + place(region.focus.x, used.width, part.width);
        part.y = used.y + place(region.focus.y, used.height, part.height);
        return part;
    }

    const int x = pixels_of(region.x, used.width);
    const int y = pixels_of(region.y, used.height);
    if (x >= used.width || y >= used.height) {
        return bad_request("the crop lies outside the picture, which is " + std::to_string(used.width)
                           + 'x' + std::to_string(used.height));
    }

    part.x = used.x + x;
    part.y = used.y + y;
    part.width = std::min(part.width, used.width - x);
    part.height = std::min(part.height, used.height - y);
    return part;
}

// Sizes in the resized picture's own, upright pixels.  `most` is what pictures
// may grow by where a fit does not enlarge them.
void plan_geometry(const Request &request, double width, double height, double most, Plan &plan)
{
    const int asked_width = request.width.value > 0 ? std::max(1, pixels_of(request.width, width)) : 0;
    const int asked_height =
        request.height.value > 0 ? std::max(1, pixels_of(request.height, height)) : 0;
    const double by_width = asked_width / width;
    const double by_height = asked_height / height;
    const bool has_box = asked_width > 0 && asked_height > 0;

    double inside = has_box ? std::min(by_width, by_height) : std::max(by_width, by_height);
    if (inside == 0) {
        inside = 1;
    }

    plan.resized_width = rounded(width);
    plan.resized_height = rounded(height);
    const auto scale = [&](double factor) {
        plan.resized_width = rounded(width * factor);
        plan.resized_height = rounded(height * factor);
    };

    int kept_width = asked_width;
    int kept_height = asked_height;

    switch (request.fit) {
    case Fit::scale_down:
        scale(std::min(inside, most));
        plan.small = inside > most;
        break;
    case Fit::contain:
        scale(inside);
        break;
    case Fit::pad:
        scale(request.shrink_only ? std::min(inside, most) : inside);
        plan.small = request.shrink_only && inside > most;
        break;
    case Fit::squeeze:
        plan.resized_width = request.shrink_only ? std::min(asked_width, rounded(width * most)) : asked_width;
        plan.resized_height = request.shrink_only ? std::min(asked_height, rounded(height * most)) : asked_height;
        plan.small = request.shrink_only && (by_width > most || by_height > most);
        break;
    case Fit::cover:
        scale(std::max(by_width, by_height));
        break;
    case Fit::crop:
        scale(std::min(std::max(by_width, by_height), most));
        plan.small = by_width > most || by_height > most;
        break;
    case Fit::scale_up:
        scale(std::max(inside, 1.0));
        break;
    case Fit::aspect_crop: {
        // the box made small enough to lie within the picture, then as cover
        const double shrink = std::min({1.0, most / by_width, most / by_height});
        kept_width = rounded(asked_width * shrink);
        kept_height = rounded(asked_height * shrink);
        scale(std::max(static_cast<double>(kept_width) / width,
                       static_cast<double>(kept_height) / height));
        break;
    }
    }

    plan.cut = {0, 0, plan.resized_width, plan.resized_height};
    if (request.fit == Fit::cover || request.fit == Fit::crop || request.fit == Fit::aspect_crop) {
        plan.cut.width = std::min(kept_width, plan.resized_width);
        plan.cut.height = std::min(kept_height, plan.resized_height);
        plan.cut.x = place(request.gravity.x, plan.resized_width, plan.cut.width);
        plan.cut.y = place(request.gravity.y, plan.resized_height, plan.cut.height);
    }

    const bool cuts = plan.cut.width < plan.resized_width || plan.cut.height < plan.resized_height;
    plan.gravity = cuts ? request.gravity : Gravity{};

    const bool pads = request.fit == Fit::pad;
    const int box_width = pads ? asked_width : plan.cut.width;
    const int box_height = pads ? asked_height : plan.cut.height;
    const Sides &extend = request.extend;
    const int left = pixels_of(extend.left, box_width);
    const int top = pixels_of(extend.top, box_height);

    plan.canvas_width = left + box_width + pixels_of(extend.right, box_width);
    plan.canvas_height = top + box_height + pixels_of(extend.bottom, box_height);
    plan.cut_x = left + (box_width - plan.cut.width) / 2;
    plan.cut_y = top + (box_height - plan.cut.height) / 2;
}

// The nearest to the source among formats that every client shows.
Format plain_format(const SourceInfo &source)
{
    switch (source.format) {
    case Format::jpeg:
    case Format::png:
    case Format::gif:
        return source.format;
    case Format::webp:
        return source.frames > 1 ? Format::gif : source.alpha ? Format::png : Format::jpeg;
    default:
        return source.alpha ? Format::png : Format::jpeg;
    }
}

void choose_format(const FormatChoice &choice, bool animate, const SourceInfo &source,
                   const Limits &limits, Plan &plan)
{
    const auto pixels = area(plan.canvas_width, plan.canvas_height);
    const auto fits = [&](Format format) {
        return std::max(plan.canvas_width, plan.canvas_height) <= longest_side(format)
               && (format != Format::avif || pixels <= limits.max_avif_pixels);
    };
    const auto suits = [&](Format format) {
        return source.frames == 1 || !animate || has_frames(format);
    };

    // from the most wanted on
    std::vector<Format> candidates;
    switch (choice.kind) {
    case FormatChoice::Kind::source:
        candidates = {source.format};
        break;
    case FormatChoice::Kind::exactly:
        candidates = choice.formats;
        break;
    case FormatChoice::Kind::negotiated:
        std::copy_if(choice.formats.begin(), choice.formats.end(), std::back_inserter(candidates), suits);
        std::stable_partition(candidates.begin(), candidates.end(),
                              [&](Format format) { return format == source.format; });
        break;
    }
    candidates.push_back(plain_format(source));
    candidates.push_back(Format::png);

    std::erase_if(candidates, [](Format format) { return !can_write(format); });
    plan.format = *std::find_if(candidates.begin(), candidates.end(), fits);
    if (candidates[0] != plan.format) {
        plan.skipped = candidates[0];
    }
}

// Progressive JPEG shows early and is smaller; neither matters on tiny
// pictures, and its memory does on huge ones.
bool suits_progressive(const Plan &plan)
{
    const bool tiny = plan.canvas_width < 50 && plan.canvas_height < 50;
    const bool huge = plan.canvas_width > 3000 && plan.canvas_height > 3000;
    return !tiny && !huge;
}

Error too_many_pixels(std::uint64_t limit)
{
    return bad_request("the result would have more than " + std::to_string(limit)
                       + " pixels: ask for a smaller width or height");
}

Color over_white(Color color)
{
    const auto mixed = [&](std::uint8_t channel) {
        return static_cast<std::uint8_t>((channel * color.alpha + 255 * (255 - color.alpha)) / 255);
    };

    return {mixed(color.red), mixed(color.green), mixed(color.blue), 255};
}

// How large to draw for the part that is used; libvips draws no smaller than
// a thousandth.
double choose_scale(const SourceInfo &source, const Plan &plan)
{
    const int width = plan.sides_swap ? plan.resized_height : plan.resized_width;
    const int height = plan.sides_swap ? plan.resized_width : plan.resized_height;

    return std::max({width / (plan.whole ? source.exact_width : plan.region.width),
                     height / (plan.whole ? source.exact_height : plan.region.height), 0.001});
}

std::uint64_t drawn_pixels(const SourceInfo &source, double scale)
{
    return static_cast<std::uint64_t>(
        std::min(source.exact_width * scale * source.exact_height * scale, 1e18));
}

std::uint64_t estimate_memory(const SourceInfo &source, const Plan &plan)
{
    const std::uint64_t stored = area(source.width, source.height) * plan.frames;
    const std::uint64_t resized = area(plan.resized_width, plan.resized_height) * plan.frames;
    const std::uint64_t result = area(plan.canvas_width, plan.canvas_height) * plan.frames;

    // scan lines in flight where the decoder gives lines, all of it elsewhere;
    // what is drawn is drawn by a helper, and held here too
    const std::uint64_t decoding =
        source.drawn             ? document_memory + drawn_pixels(source, plan.scale) * 12
        : source.whole_in_memory ? stored * (source.format == Format::jxl ? 8 : 4)
                                 : std::uint64_t(source.width) * 4 * 256;
    const std::uint64_t encoding = result * (plan.format == Format::jxl ? 44 : plan.format == Format::avif ? 24 : 8);

    return source.bytes + decoding + resized * 4 + encoding;
}

}  // namespace

std::optional<Error> check_limits(const SourceInfo &source, const Limits &limits)
{
    const auto over = [](std::string_view what, std::uint64_t value, std::uint64_t limit) {
        return Error{ErrorCode::too_large, "the source has " + std::to_string(value) + ' '
                                               + std::string(what) + ", more than "
                                               + std::to_string(limit)};
    };

    if (source.bytes > limits.max_bytes) {
        return over("bytes", source.bytes, limits.max_bytes);
    }
    if (static_cast<std::uint64_t>(source.frames) > limits.max_frames) {
        return over("frames", source.frames, limits.max_frames);
    }

    const std::uint64_t pixels = area(source.width, source.height) * source.frames;
    if (pixels > limits.max_pixels && !source.drawn) {
        return over("pixels", pixels, limits.max_pixels);
    }

    return std::nullopt;
}

Result<Plan> make_plan(const Request &request, const SourceInfo &source, const Limits &limits)
{
    if (const auto error = check_limits(source, limits)) {
        return *error;
    }

    const bool turned = source.orientation >= 5;
    const auto region = choose_region(request, turned ? source.height : source.width,
                                      turned ? source.width : source.height);
    if (!region) {
        return region.error();
    }

    Plan plan;
    plan.region = to_stored(*region, source.orientation, source.width, source.height);
    plan.whole = plan.region == Cut{0, 0, source.width, source.height};
    plan.flip = request.flip;
    plan.rotate = request.rotate;

    const bool on_side = request.rotate % 180 != 0;
    const int width = on_side ? region->height : region->width;
    const int height = on_side ? region->width : region->height;
    plan.sides_swap = turned != on_side;

    if (source.drawn) {
        const bool exactly = plan.whole;
        const double exact_width = exactly ? source.exact_width : region->width;
        const double exact_height = exactly ? source.exact_height : region->height;
        plan_geometry(request, on_side ? exact_height : exact_width,
                      on_side ? exact_width : exact_height, most_drawn, plan);
        plan.scale = choose_scale(source, plan);

        const auto pixels = drawn_pixels(source, plan.scale);
        if (pixels > limits.max_pixels && plan.scale <= 1) {
            return Error{ErrorCode::too_large, "the source has " + std::to_string(pixels)
                                                   + " pixels in this size, more than "
                                                   + std::to_string(limits.max_pixels)};
        }
        if (pixels > limits.max_pixels) {
            return too_many_pixels(limits.max_pixels);
        }
    } else {
        plan_geometry(request, width, height, 1, plan);
    }

    choose_format(request.format, request.animate, source, limits, plan);
    plan.quality = quality_for(request, plan.format);
    plan.frames = request.animate && has_frames(plan.format) ? source.frames : 1;
    plan.page = request.page;
    plan.adjust = request.adjust;
    plan.background = request.background;
    plan.lossless = request.lossless;
    plan.palette = request.palette;
    plan.metadata = plan.format == Format::jpeg ? request.metadata : Metadata::none;
    plan.max_bytes = request.max_bytes;
    plan.json = request.json;
    plan.progressive = request.progressive.value_or(suits_progressive(plan));
    plan.same_pixels = plan.whole && plan.resized_width == width && plan.resized_height == height
                       && plan.cut == Cut{0, 0, width, height} && plan.canvas_width == width
                       && plan.canvas_height == height && source.orientation == 1 && !plan.flip
                       && plan.rotate == 0 && plan.adjust == Adjustments{};

    if (!has_alpha(plan.format)) {
        if (source.alpha && !plan.background) {
            plan.background = white;
        }
        if (plan.background) {
            plan.background = over_white(*plan.background);
        }
    }

    // a cover of an extreme source is enlarged far beyond what is kept of it
    const std::uint64_t result = area(plan.canvas_width, plan.canvas_height) * plan.frames;
    const std::uint64_t resized = area(plan.resized_width, plan.resized_height) * plan.frames;
    const bool enlarged = resized > area(width, height) * plan.frames;
    if (result > limits.max_output_pixels || (enlarged && resized > limits.max_output_pixels)) {
        return too_many_pixels(limits.max_output_pixels);
    }

    plan.memory = plan.json ? 0 : estimate_memory(source, plan);
    return plan;
}

bool make_smaller(Plan &plan, std::uint64_t bytes)
{
    constexpr int worst_quality = 15;
    constexpr int shrunk_quality = 40;

    const double excess = static_cast<double>(bytes) / plan.max_bytes;
    const bool has_quality = (plan.format == Format::jpeg || plan.format == Format::webp
                              || plan.format == Format::avif) && !plan.lossless;

    if (has_quality && excess <= 2 && plan.quality > worst_quality) {
        plan.quality = std::max(worst_quality, plan.quality * 2 / 3);
        return true;
    }
    if (plan.canvas_width <= 1 && plan.canvas_height <= 1) {
        return false;
    }

    // at once as far as it has to be, lest large ones are encoded many times
    const double shrink = std::max(1.25, std::sqrt(excess));
    plan.canvas_width = std::max(1, static_cast<int>(plan.canvas_width / shrink));
    plan.canvas_height = std::max(1, static_cast<int>(plan.canvas_height / shrink));
    plan.quality = std::min(plan.quality, shrunk_quality);
    return true;
}

Cut to_stored(Cut upright, int orientation, int width, int height)
{
    const auto [x, y, w, h] = upright;

    switch (orientation) {
    case 2:  return {width - x - w, y, w, h};
    case 3:  return {width - x - w, height - y - h, w, h};
    case 4:  return {x, height - y - h, w, h};
    case 5:  return {y, x, h, w};
    case 6:  return {y, height - x - w, h, w};
    case 7:  return {width - y - h, height - x - w, h, w};
    case 8:  return {width - y - h, x, h, w};
    default: return upright;
    }
}

int shrink_on_load(int stored_width, int stored_height, int wanted_width, int wanted_height)
{
    for (const int shrink : {8, 4, 2}) {
        // libvips cuts off what does not fill a pixel, and aborts if nothing is left
        if (stored_width / shrink >= wanted_width && stored_height / shrink >= wanted_height) {
            return shrink;
        }
    }

    return 1;
}

}  // namespace cdn::image

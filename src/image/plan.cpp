#include "image/plan.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <string>
#include <vector>

namespace cdn::image {

namespace {

// Encoders' own limits on a side.
int longest_side(Format format)
{
    switch (format) {
    case Format::webp: return 16383;
    case Format::avif: return 16384;
    case Format::jpeg:
    case Format::tiff: return 65500;                   // its JPEG's
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

// Where a part goes whose centre is asked to be at that pixel of the whole.
int centred(double centre, int whole, int part)
{
    const long start = std::lround(centre - part / 2.0);
    return static_cast<int>(std::clamp(start, 0L, std::max(0L, static_cast<long>(whole) - part)));
}

int start_of(const Place &place, int whole, int part)
{
    const double at = place.at.is_share ? place.at.value * whole : place.at.value;

    switch (place.kind) {
    case Place::Kind::corner: return pixels_of(place.at, whole);
    case Place::Kind::centre: return centred(at, whole, part);
    case Place::Kind::rest:   break;
    }

    return static_cast<int>(std::lround(place.at.value * (static_cast<double>(whole) - part)));
}

struct Size {
    int width;
    int height;
};

// The largest of that aspect within a picture, or the smallest around it.
Size of_aspect(double aspect, int width, int height, bool around)
{
    const bool is_wider = static_cast<double>(width) / height > aspect;
    return is_wider != around ? Size{rounded(height * aspect), height}
                              : Size{width, rounded(width / aspect)};
}

Size size_of(const Region &region, int width, int height)
{
    if (region.aspect > 0) {
        const Size largest = of_aspect(region.aspect, width, height, false);
        return {rounded(std::min(largest.width, width) / region.zoom),
                rounded(std::min(largest.height, height) / region.zoom)};
    }

    const auto side = [](Length length, int whole) {
        return length.value > 0 ? std::max(1, pixels_of(length, whole)) : whole;
    };
    return {side(region.width, width), side(region.height, height)};
}

std::string sides_of(const Cut &picture)
{
    return std::to_string(picture.width) + 'x' + std::to_string(picture.height);
}

// A part of a part of the source.
Result<Cut> part_of(const Cut &whole, const Region &region, Scout *scout)
{
    const Size size = size_of(region, whole.width, whole.height);
    if (region.smart && scout != nullptr) {
        return scout->where_the_eye_goes(whole, std::min(size.width, whole.width),
                                         std::min(size.height, whole.height));
    }

    const int left = start_of(region.x, whole.width, size.width);
    const int top = start_of(region.y, whole.height, size.height);
    const int right = std::min(left + size.width, whole.width);
    const int bottom = std::min(top + size.height, whole.height);

    const bool sticks_out = left < 0 || top < 0 || right < left + size.width || bottom < top + size.height;
    if (left >= whole.width || top >= whole.height || (region.strict && sticks_out)) {
        return bad_request("the crop lies outside the picture, which is " + sides_of(whole));
    }

    const int x = std::max(left, 0);
    const int y = std::max(top, 0);
    return Cut{whole.x + x, whole.y + y, right - x, bottom - y};
}

Cut without_edges(const Cut &within, const PlainEdges &edges, Scout &scout)
{
    const Cut inner = scout.without_edges(within, edges);
    const int keep = static_cast<int>(std::min(edges.keep, 1e6));

    const int left = std::max(inner.x - keep, within.x);
    const int top = std::max(inner.y - keep, within.y);
    return {left, top, std::min(inner.x + inner.width + keep, within.x + within.width) - left,
            std::min(inner.y + inner.height + keep, within.y + within.height) - top};
}

// The part of the upright source that is used.
Result<Cut> choose_region(const Request &request, int width, int height, Scout *scout)
{
    const auto precut = part_of({0, 0, width, height}, request.precut, scout);
    if (!precut) {
        return precut.error();
    }

    const Sides &trim = request.trim;
    const int left = pixels_of(trim.left, precut->width);
    const int top = pixels_of(trim.top, precut->height);
    const Cut trimmed{precut->x + left, precut->y + top,
                      precut->width - left - pixels_of(trim.right, precut->width),
                      precut->height - top - pixels_of(trim.bottom, precut->height)};
    if (trimmed.width < 1 || trimmed.height < 1) {
        return bad_request("trim leaves nothing of a picture of " + sides_of(*precut));
    }

    const bool looks = request.edges && scout != nullptr;
    return part_of(looks ? without_edges(trimmed, *request.edges, *scout) : trimmed, request.region, scout);
}

// Sizes in the resized picture's own, upright pixels.  `most` is what pictures
// may grow by where a fit does not enlarge them.
void plan_resize(const Request &request, double width, double height, double most, Plan &plan)
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
    const double around = std::max(by_width, by_height);

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
        scale(around);
        break;
    case Fit::crop:
        scale(std::min(around, most));
        plan.small = by_width > most || by_height > most;
        break;
    case Fit::outside:
        scale(request.shrink_only ? std::min(around, most) : around);
        plan.small = request.shrink_only && around > most;
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
        plan.cut.x = centred(request.gravity.x * plan.resized_width, plan.resized_width, plan.cut.width);
        plan.cut.y = centred(request.gravity.y * plan.resized_height, plan.resized_height, plan.cut.height);
    }

    const bool leaves_some = plan.cut.width < plan.resized_width || plan.cut.height < plan.resized_height;
    plan.gravity = leaves_some ? request.gravity : Gravity{};

    // what the cut lies on: itself, or the box it is padded to
    const bool pads = request.fit == Fit::pad;
    plan.box.width = pads ? asked_width : plan.cut.width;
    plan.box.height = pads ? asked_height : plan.cut.height;
    plan.box.x = static_cast<int>((plan.box.width - plan.cut.width) * request.gravity.x);
    plan.box.y = static_cast<int>((plan.box.height - plan.cut.height) * request.gravity.y);
    if (!pads) {
        plan.box.x = plan.box.y = 0;
    }
}

// Along one side: what of the region to read so that `kept` pixels from `cut` on are in it, with
// some more around them for the kernel.
struct Narrowed {
    int begin, size, resized, cut;
};

Narrowed narrowed(int side, int resized, int cut, int kept)
{
    constexpr int around = 4;
    const double factor = static_cast<double>(resized) / side;

    Narrowed out{};
    out.begin = std::clamp(static_cast<int>(cut / factor) - around, 0, side - 1);
    out.size = std::min(static_cast<int>(std::ceil((cut + kept) / factor)) + around, side) - out.begin;
    out.resized = std::max(rounded(out.size * factor), kept);
    out.cut = std::clamp(cut - rounded(out.begin * factor), 0, out.resized - kept);
    return out;
}

// Of what is enlarged far beyond what is kept of it, as a cover of a strip is, that part alone
// is read and enlarged.
void narrow(const SourceInfo &source, Cut region, Plan &plan)
{
    if (plan.rotate != 0 || plan.flip || plan.gravity.kind != Gravity::Kind::point) {
        return;
    }

    const auto across = narrowed(region.width, plan.resized_width, plan.cut.x, plan.cut.width);
    const auto down = narrowed(region.height, plan.resized_height, plan.cut.y, plan.cut.height);
    region = {region.x + across.begin, region.y + down.begin, across.size, down.size};
    plan.region = to_stored(region, source.orientation, source.width, source.height);
    plan.whole = false;
    plan.resized_width = across.resized;
    plan.resized_height = down.resized;
    plan.cut.x = across.cut;
    plan.cut.y = down.cut;
}

// Around a picture that is turned by no quarter.
void plan_tilt(const Request &request, Plan &plan)
{
    plan.tilt = request.tilt;
    plan.tilted_width = plan.box.width;
    plan.tilted_height = plan.box.height;

    if (request.tilt != 0) {
        const double angle = request.tilt * std::numbers::pi / 180;
        const double along = std::abs(std::cos(angle));
        const double across = std::abs(std::sin(angle));
        plan.tilted_width = rounded(plan.box.width * along + plan.box.height * across);
        plan.tilted_height = rounded(plan.box.width * across + plan.box.height * along);
    }
}

// What the result is, and where on it lies what was made so far.
std::optional<Error> plan_canvas(const Request &request, Plan &plan)
{
    const int width = plan.tilted_width;
    const int height = plan.tilted_height;

    if (request.canvas == Region{}) {
        const Sides &extend = request.extend;
        plan.cut_x = pixels_of(extend.left, width);
        plan.cut_y = pixels_of(extend.top, height);
        plan.canvas_width = plan.cut_x + width + pixels_of(extend.right, width);
        plan.canvas_height = plan.cut_y + height + pixels_of(extend.bottom, height);
    } else {
        const Region &canvas = request.canvas;
        const Size size = canvas.aspect > 0 ? of_aspect(canvas.aspect, width, height, true)
                                            : size_of(canvas, width, height);
        const auto start = [](const Place &place, int whole, int part) {
            return place.kind == Place::Kind::centre
                       ? start_of({Place::Kind::rest, place.at}, whole, part)
                       : start_of(place, whole, part);
        };
        plan.canvas_width = size.width;
        plan.canvas_height = size.height;
        plan.cut_x = start(canvas.x, size.width, width);
        plan.cut_y = start(canvas.y, size.height, height);

        if (plan.cut_x >= size.width || plan.cut_y >= size.height) {
            return bad_request("the picture would lie outside the canvas, which is "
                               + std::to_string(size.width) + 'x' + std::to_string(size.height));
        }
    }

    if (plan.tilt == 0) {
        plan.cut_x += plan.box.x;
        plan.cut_y += plan.box.y;
    }

    return std::nullopt;
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

Length sigma_in_pixels(Length sigma, int width)
{
    return std::min(sigma.is_share ? sigma.value * width : sigma.value, 250.0);
}

std::optional<Error> choose_format(const FormatChoice &choice, bool animate, const SourceInfo &source,
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
        if (shown_by_browsers(source.format)) {
            candidates = {source.format};
        }
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
    const auto chosen = std::find_if(candidates.begin(), candidates.end(), fits);
    if (chosen == candidates.end()) {
        return bad_request("no format holds a side of " + std::to_string(std::max(plan.canvas_width, plan.canvas_height))
                           + " pixels: ask for a smaller width or height");
    }
    plan.format = *chosen;
    if (candidates[0] != plan.format) {
        plan.skipped = candidates[0];
    }

    return std::nullopt;
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

std::uint64_t drawn_pixels(const SourceInfo &source, double scale)
{
    return static_cast<std::uint64_t>(
        std::min(source.exact_width * scale * source.exact_height * scale, 1e18));
}

// What a decoder keeps of each pixel until the last one is read, measured with libvips 8.14:
// a JPEG's coefficients have 16 bits; libheif converts planes, full chroma and more than 8 bits by
// way of further ones.
std::uint64_t decoder_bytes(const SourceInfo &source)
{
    if (!source.whole_in_memory) {
        return 0;
    }

    const auto bytes = static_cast<std::uint64_t>(source.pixel_bytes);
    switch (source.format) {
    case Format::jpeg: return 2 * bytes;
    case Format::jxl:  return 3 * bytes;
    case Format::avif:
    case Format::heif: return bytes > 4 ? (source.quarter_chroma ? 18 : 24) : (source.quarter_chroma ? 7 : 12);
    default:           return bytes;
    }
}

// And libvips of the lines that are being shrunk; frames are held once more to be shrunk
// together. What is drawn is drawn by a helper, and held here too.
std::uint64_t decoding_memory(const SourceInfo &source, int frames, int shrink, double scale)
{
    constexpr std::uint64_t lines_in_flight = 1750;

    if (source.drawn) {
        return document_memory + drawn_pixels(source, scale) * 12;
    }

    const std::uint64_t pixels = area(source.width, source.height) * frames;
    const std::uint64_t in_flight = frames > 1 ? pixels : std::min(area(source.width / shrink, source.height / shrink),
                                                                   source.width / shrink * lines_in_flight);
    return pixels * decoder_bytes(source) + source.block_memory + in_flight * source.pixel_bytes;
}

// The file; once more where its end is put to it.
std::uint64_t file_memory(const SourceInfo &source)
{
    return source.bytes * (source.ends_early ? 2 : 1);
}

// A scout's copy of all frames, and what it makes of one.
std::uint64_t looking_memory(const SourceInfo &source)
{
    const double scale = std::min(1.0, static_cast<double>(look_side) / std::max(source.width, source.height));
    const auto frame = static_cast<std::uint64_t>(
        static_cast<double>(area(source.width, source.height)) * scale * scale * 4);
    return file_memory(source) + decoding_memory(source, source.frames, 1, scale) + frame * (source.frames + 4ULL);
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

std::uint64_t estimate_memory(const SourceInfo &source, const Plan &plan)
{
    const std::uint64_t resized = area(plan.resized_width, plan.resized_height) * plan.frames;
    const std::uint64_t result = area(plan.canvas_width, plan.canvas_height) * plan.frames;

    const std::uint64_t encoding = result * (plan.format == Format::jxl ? 44 : plan.format == Format::avif ? 24 : 8);

    // turned about, a picture is held whole on either side; with alpha in floats
    const std::uint64_t tilting =
        plan.tilt != 0 ? (area(plan.box.width, plan.box.height) * 20 + result * 4) * plan.frames : 0;

    return file_memory(source) + decoding_memory(source, plan.frames, shrink_on_load(source, plan), plan.scale)
           + resized * std::max(source.pixel_bytes, 4) + tilting + encoding;
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

Result<Plan> make_plan(const Request &request, const SourceInfo &source, const Limits &limits,
                       Scout *scout)
{
    if (const auto error = check_limits(source, limits)) {
        return *error;
    }

    const bool turned = source.orientation >= 5;
    const auto region = choose_region(request, turned ? source.height : source.width,
                                      turned ? source.width : source.height, scout);
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
        plan_resize(request, on_side ? exact_height : exact_width, on_side ? exact_width : exact_height,
                    most_drawn, plan);
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
        plan_resize(request, width, height, 1, plan);

        const std::uint64_t resized = area(plan.resized_width, plan.resized_height);
        if (resized > area(width, height) && resized * static_cast<std::uint64_t>(source.frames) > limits.max_output_pixels) {
            narrow(source, *region, plan);
        }
    }

    plan.kernel = request.kernel;
    plan.is_final = scout != nullptr || !(request.edges || request.precut.smart || request.region.smart);
    plan_tilt(request, plan);
    if (const auto error = plan_canvas(request, plan)) {
        return *error;
    }

    if (const auto error = choose_format(request.format, request.animate, source, limits, plan)) {
        return *error;
    }
    plan.quality = quality_for(request, plan.format);
    plan.frames = request.animate && has_frames(plan.format) ? source.frames : 1;
    plan.page = request.page;
    plan.adjust = request.adjust;
    plan.adjust.blur = sigma_in_pixels(request.adjust.blur, plan.cut.width);
    plan.background = request.background;
    plan.lossless = request.lossless;
    plan.near_lossless = request.near_lossless;
    plan.alpha_quality = request.alpha_quality;
    plan.palette = request.palette;
    plan.compression = request.compression;
    plan.filter = request.filter;
    plan.metadata = plan.format == Format::jpeg ? request.metadata : Metadata::none;
    plan.max_bytes = request.max_bytes;
    plan.json = request.json;
    plan.progressive =
        request.progressive.value_or(plan.format == Format::jpeg && suits_progressive(plan));
    plan.same_pixels = plan.whole && plan.resized_width == width && plan.resized_height == height
                       && plan.cut == Cut{0, 0, width, height} && plan.canvas_width == width
                       && plan.canvas_height == height && source.orientation == 1 && !plan.flip
                       && plan.rotate == 0 && plan.tilt == 0 && plan.adjust == Adjustments{};

    if (!has_alpha(plan.format)) {
        if (source.alpha && !plan.background) {
            plan.background = white;
        }
        if (plan.background) {
            plan.background = over_white(*plan.background);
        }
    }

    const std::uint64_t largest = std::max({area(plan.canvas_width, plan.canvas_height),
                                            area(plan.box.width, plan.box.height),
                                            area(plan.tilted_width, plan.tilted_height)});
    const std::uint64_t result = largest * plan.frames;
    const std::uint64_t resized = area(plan.resized_width, plan.resized_height) * plan.frames;
    const bool enlarged = resized > area(width, height) * plan.frames;
    if (result > limits.max_output_pixels || (enlarged && resized > limits.max_output_pixels)) {
        return too_many_pixels(limits.max_output_pixels);
    }

    const std::uint64_t making = plan.json ? 0 : estimate_memory(source, plan);
    plan.memory = plan.is_final ? making : std::max(making, looking_memory(source));
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

int shrink_on_load(const SourceInfo &source, const Plan &plan)
{
    // neighbours must not mix where none are asked to
    if (source.format != Format::jpeg || plan.kernel == Kernel::nearest) {
        return 1;
    }

    const int width = plan.sides_swap ? plan.resized_height : plan.resized_width;
    const int height = plan.sides_swap ? plan.resized_width : plan.resized_height;
    return shrink_on_load(plan.region.width, plan.region.height, width, height);
}

}  // namespace cdn::image

#include "image/plan.h"

#include <algorithm>
#include <cmath>

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

std::uint64_t area(int width, int height)
{
    return static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
}

int rounded(double pixels)
{
    return std::max(1, static_cast<int>(std::lround(std::min(pixels, 1e8))));
}

// Sizes in the resized picture's own, upright pixels.
void plan_geometry(const Request &request, int width, int height, Plan &plan)
{
    const double by_width = request.width > 0 ? static_cast<double>(request.width) / width : 0;
    const double by_height = request.height > 0 ? static_cast<double>(request.height) / height : 0;
    const bool has_box = by_width > 0 && by_height > 0;

    double inside = has_box ? std::min(by_width, by_height) : std::max(by_width, by_height);
    if (inside == 0) {
        inside = 1;
    }

    plan.resized_width = width;
    plan.resized_height = height;
    const auto scale = [&](double factor) {
        plan.resized_width = rounded(width * factor);
        plan.resized_height = rounded(height * factor);
    };
    const auto keep_all = [&] { plan.cut = {0, 0, plan.resized_width, plan.resized_height}; };
    const auto canvas_is_cut = [&] {
        plan.canvas_width = plan.cut.width;
        plan.canvas_height = plan.cut.height;
    };

    switch (request.fit) {
    case Fit::scale_down:
        scale(std::min(inside, 1.0));
        keep_all();
        canvas_is_cut();
        break;

    case Fit::contain:
        scale(inside);
        keep_all();
        canvas_is_cut();
        break;

    case Fit::pad:
        scale(inside);
        keep_all();
        plan.canvas_width = request.width;
        plan.canvas_height = request.height;
        break;

    case Fit::squeeze:
        plan.resized_width = request.width;
        plan.resized_height = request.height;
        keep_all();
        canvas_is_cut();
        break;

    case Fit::cover:
    case Fit::crop: {
        double factor = std::max(by_width, by_height);
        if (request.fit == Fit::crop) {
            factor = std::min(factor, 1.0);
        }

        scale(factor);
        plan.cut.width = std::min(request.width, plan.resized_width);
        plan.cut.height = std::min(request.height, plan.resized_height);

        const auto place = [](double focus, int whole, int part) {
            const long start = std::lround(focus * whole - part / 2.0);
            return static_cast<int>(std::clamp(start, 0L, static_cast<long>(whole - part)));
        };
        plan.cut.x = place(request.gravity.x, plan.resized_width, plan.cut.width);
        plan.cut.y = place(request.gravity.y, plan.resized_height, plan.cut.height);
        canvas_is_cut();
        break;
    }
    }

    const bool cuts = plan.cut.width < plan.resized_width || plan.cut.height < plan.resized_height;
    plan.gravity = cuts ? request.gravity : Gravity{};
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

Format choose_format(const FormatChoice &choice, const SourceInfo &source, const Plan &plan,
                     const Limits &limits)
{
    const auto pixels = area(plan.canvas_width, plan.canvas_height);
    const auto fits = [&](Format format) {
        return std::max(plan.canvas_width, plan.canvas_height) <= longest_side(format)
               && (format != Format::avif || pixels <= limits.max_avif_pixels);
    };
    const auto suits = [&](Format format) {
        return fits(format) && (source.frames == 1 || has_frames(format));
    };

    const Format plain = fits(plain_format(source)) ? plain_format(source) : Format::png;

    switch (choice.kind) {
    case FormatChoice::Kind::source:
        return can_write(source.format) && fits(source.format) ? source.format : plain;

    case FormatChoice::Kind::exactly:
        return fits(choice.formats[0]) ? choice.formats[0] : plain;

    case FormatChoice::Kind::negotiated:
        break;
    }

    const auto &formats = choice.formats;
    if (std::find(formats.begin(), formats.end(), source.format) != formats.end()
        && suits(source.format))
    {
        return source.format;
    }

    const auto first = std::find_if(formats.begin(), formats.end(), suits);
    return first != formats.end() ? *first : plain;
}

Color over_white(Color color)
{
    const auto mixed = [&](std::uint8_t channel) {
        return static_cast<std::uint8_t>((channel * color.alpha + 255 * (255 - color.alpha)) / 255);
    };

    return {mixed(color.red), mixed(color.green), mixed(color.blue), 255};
}

std::uint64_t estimate_memory(const SourceInfo &source, const Plan &plan)
{
    const std::uint64_t stored = area(source.width, source.height) * plan.frames;
    const std::uint64_t resized = area(plan.resized_width, plan.resized_height) * plan.frames;
    const std::uint64_t result = area(plan.canvas_width, plan.canvas_height) * plan.frames;

    // scan lines in flight where the decoder gives lines, all of it elsewhere
    const std::uint64_t decoding = source.whole_in_memory ? stored * 4
                                                          : std::uint64_t(source.width) * 4 * 256;
    const std::uint64_t encoding = result * (plan.format == Format::avif ? 24 : 8);

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
    if (pixels > limits.max_pixels) {
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
    const int width = turned ? source.height : source.width;
    const int height = turned ? source.width : source.height;

    Plan plan;
    plan_geometry(request, width, height, plan);
    plan.format = choose_format(request.format, source, plan, limits);
    plan.quality = quality_for(request, plan.format);
    plan.frames = has_frames(plan.format) ? source.frames : 1;
    plan.background = request.background;
    plan.same_pixels = plan.resized_width == width && plan.resized_height == height
                       && plan.cut == Cut{0, 0, width, height} && plan.canvas_width == width
                       && plan.canvas_height == height && source.orientation == 1;

    if (!has_alpha(plan.format)) {
        if (source.alpha && !plan.background) {
            plan.background = white;
        }
        if (plan.background) {
            plan.background = over_white(*plan.background);
        }
    }

    // a cover of an extreme source is enlarged far beyond what is kept of it
    const std::uint64_t pixels = std::max(area(plan.canvas_width, plan.canvas_height),
                                          area(plan.resized_width, plan.resized_height))
                                 * plan.frames;
    const bool enlarged = pixels > area(width, height) * plan.frames;
    if (enlarged && pixels > limits.max_output_pixels) {
        return bad_request("the result would have " + std::to_string(pixels)
                           + " pixels, more than " + std::to_string(limits.max_output_pixels));
    }
    if (area(plan.canvas_width, plan.canvas_height) * plan.frames > limits.max_output_pixels) {
        return bad_request("the result would be larger than "
                           + std::to_string(limits.max_output_pixels)
                           + " pixels: ask for a smaller width or height");
    }

    plan.memory = estimate_memory(source, plan);
    return plan;
}

int shrink_on_load(int stored_width, int stored_height, int wanted_width, int wanted_height)
{
    for (const int shrink : {8, 4, 2}) {
        const auto left = [&](int stored) { return (stored + shrink - 1) / shrink; };
        if (left(stored_width) >= wanted_width && left(stored_height) >= wanted_height) {
            return shrink;
        }
    }

    return 1;
}

}  // namespace cdn::image

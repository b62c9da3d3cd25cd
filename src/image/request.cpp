#include "image/request.h"

#include <algorithm>
#include <cmath>

namespace cdn::image {

namespace {

template <typename T>
void take(std::optional<T> &value, const std::optional<T> &under)
{
    if (!value) {
        value = under;
    }
}

// As exact as it is printed: shares are percents with six places.
Length exact(Length length)
{
    const double places = length.is_share ? 1e8 : 1e6;
    length.value = std::round(length.value * places) / places;
    return length;
}

Sides exact(const Sides &sides)
{
    return {exact(sides.top), exact(sides.right), exact(sides.bottom), exact(sides.left)};
}

Region exact(Region region)
{
    for (Length *length : {&region.width, &region.height, &region.x, &region.y}) {
        *length = exact(*length);
    }
    region.aspect = exact(Length{region.aspect}).value;

    return region;
}

Result<Length> scaled(std::optional<Length> side, double density, std::string_view what)
{
    if (!side) {
        return Length{};
    }

    Length length = exact(Length{side->value * density, side->is_share});
    if (!length.is_share) {
        length.value = std::round(length.value);
    }
    if (length.value <= 0 || length.value > max_side || (!length.is_share && length.value < 1)) {
        return bad_request(std::string(what) + " times dpr must stay within 1 to "
                           + std::to_string(max_side));
    }

    return length;
}

Sides scaled(Sides sides, double density)
{
    for (Length *side : {&sides.top, &sides.right, &sides.bottom, &sides.left}) {
        side->value = side->is_share ? side->value : std::round(side->value * density);
    }

    return sides;
}

FormatChoice choose(const std::optional<std::optional<Format>> &asked, const Negotiated &negotiated)
{
    if (!asked) {
        return {FormatChoice::Kind::source, {}};
    }
    if (*asked) {
        return {FormatChoice::Kind::exactly, {**asked}};
    }

    // A client that shows WebP alone gets WebP of everything: the same picture
    // as one asked for by name, animations included.
    if (negotiated == Negotiated{Format::webp}) {
        return {FormatChoice::Kind::exactly, negotiated};
    }

    return {FormatChoice::Kind::negotiated, negotiated};
}

// What a fit does of itself, overruled.
void apply_enlarge(Request &request, std::optional<bool> enlarge)
{
    if (!enlarge) {
        return;
    }

    switch (request.fit) {
    case Fit::scale_down:
    case Fit::contain:
        request.fit = *enlarge ? Fit::contain : Fit::scale_down;
        break;
    case Fit::cover:
    case Fit::crop:
        request.fit = *enlarge ? Fit::cover : Fit::crop;
        break;
    case Fit::pad:
    case Fit::squeeze:
        request.shrink_only = !*enlarge;
        break;
    case Fit::scale_up:
    case Fit::aspect_crop:
        break;
    }
}

Adjustments adjustments(const Options &options)
{
    Adjustments adjust;
    const double contrast = options.contrast.value_or(1);

    adjust.blur = options.blur.value_or(0);
    adjust.sharpen = options.sharpen.value_or(0);
    adjust.scale = options.brightness.value_or(1) * contrast;
    adjust.offset = options.lightness.value_or(0) * contrast + 128 * (1 - contrast);
    adjust.gamma = options.gamma.value_or(1);
    adjust.saturation = options.saturation.value_or(1);
    adjust.hue = options.hue.value_or(0);
    adjust.sepia = options.sepia.value_or(0);
    adjust.tint = options.tint;
    adjust.negate = options.negate.value_or(false);
    adjust.normalize = options.normalize.value_or(false);
    adjust.threshold = options.threshold.value_or(0);

    // as exact as they are printed
    for (double *value : {&adjust.blur, &adjust.sharpen, &adjust.scale, &adjust.offset,
                          &adjust.gamma, &adjust.saturation, &adjust.hue, &adjust.sepia})
    {
        *value = std::round(*value * 1e6) / 1e6;
    }

    return adjust;
}

void simplify_geometry(Request &request)
{
    const bool has_box = request.width.value > 0 && request.height.value > 0;
    const bool has_side = request.width.value > 0 || request.height.value > 0;

    if (!has_side) {
        request.fit = Fit::scale_down;
    } else if (!has_box && request.fit != Fit::scale_up) {
        const bool enlarges = request.fit != Fit::scale_down && request.fit != Fit::crop
                              && request.fit != Fit::aspect_crop && !request.shrink_only;
        request.fit = enlarges ? Fit::contain : Fit::scale_down;
    }

    if (request.fit != Fit::pad && request.fit != Fit::squeeze) {
        request.shrink_only = false;
    }
    if (request.fit != Fit::cover && request.fit != Fit::crop && request.fit != Fit::aspect_crop) {
        request.gravity = {};
    }
    if (request.gravity.kind != Gravity::Kind::point) {
        request.gravity = {request.gravity.kind};
    }

    Region &region = request.region;
    if (region.aspect > 0) {
        region.width = {};
        region.height = {};
        region.by_corner = false;
    }
    if (region.by_corner) {
        region.focus = {};
    } else {
        region.x = {};
        region.y = {};
    }
    if (region.aspect == 0 && region.width == Length{} && region.height == Length{}) {
        region = {};
    }
}

// A device's limits come last, over what URL and preset say.
Quality limited(Quality quality, std::optional<Device> device)
{
    if (!device) {
        return quality;
    }

    switch (*device) {
    case Device::mobile:
        quality.cap = 80;
        quality.less = quality.automatic ? 5 : 0;
        break;
    case Device::tablet:
        quality.cap = 85;
        break;
    case Device::desktop:
        break;
    case Device::print:
        return {false, 95};
    }

    return quality;
}

// What the format makes meaningless.
void simplify_output(Request &request)
{
    if (!request.quality.automatic) {
        request.quality = {false, std::min(request.quality.value, request.quality.cap)};
    }

    if (request.format.kind != FormatChoice::Kind::exactly) {
        return;
    }

    const Format format = request.format.formats[0];

    if (request.quality.automatic) {
        request.quality = {false, quality_for(request, format)};
    }
    if (format != Format::webp && format != Format::avif && format != Format::jxl) {
        request.lossless = false;
    }
    if (format == Format::gif || (format == Format::png && !request.palette) || request.lossless) {
        request.quality = {};
    }
    if (format != Format::jpeg) {
        request.progressive.reset();
        request.metadata = Metadata::none;
    }
    if (format != Format::png) {
        request.palette = false;
    }
    if (!has_frames(format)) {
        request.animate = true;
    }
}

}  // namespace

void Options::lay_over(const Options &under)
{
    if (!hinted_width) {
        take(width, under.width);
    }
    if (!width) {
        take(hinted_width, under.hinted_width);
    }
    take(height, under.height);
    if (!hinted_dpr) {
        take(dpr, under.dpr);
    }
    if (!dpr) {
        take(hinted_dpr, under.hinted_dpr);
    }
    take(fit, under.fit);
    take(enlarge, under.enlarge);
    take(gravity, under.gravity);
    take(trim, under.trim);
    take(region, under.region);
    take(flip_horizontal, under.flip_horizontal);
    take(flip_vertical, under.flip_vertical);
    take(rotate, under.rotate);
    take(extend, under.extend);
    take(blur, under.blur);
    take(sharpen, under.sharpen);
    take(brightness, under.brightness);
    take(lightness, under.lightness);
    take(contrast, under.contrast);
    take(gamma, under.gamma);
    take(saturation, under.saturation);
    take(hue, under.hue);
    take(sepia, under.sepia);
    take(tint, under.tint);
    take(negate, under.negate);
    take(normalize, under.normalize);
    take(threshold, under.threshold);
    take(quality, under.quality);
    take(slow_quality, under.slow_quality);
    take(format, under.format);
    take(plain_format, under.plain_format);
    take(lossless, under.lossless);
    take(progressive, under.progressive);
    take(palette, under.palette);
    take(animate, under.animate);
    take(page, under.page);
    take(metadata, under.metadata);
    take(background, under.background);
    take(max_bytes, under.max_bytes);
    take(json, under.json);
    take(redirect, under.redirect);
    take(preset, under.preset);
    take(device, under.device);
}

void lay_over_device(Options &options)
{
    if (!options.device) {
        return;
    }

    const bool sized = options.width || options.height || options.hinted_width;
    Options wishes;
    wishes.format.emplace();                           // auto; preferred() knows the favourite

    switch (*options.device) {
    case Device::mobile:
        wishes.width = sized ? std::nullopt : std::optional<Length>(768);
        break;
    case Device::tablet:
        wishes.width = sized ? std::nullopt : std::optional<Length>(1024);
        break;
    case Device::desktop:
        wishes.quality = Quality{false, 90};
        break;
    case Device::print:
        wishes.format = std::optional(Format::png);
        break;
    }

    options.lay_over(wishes);
}

bool leaves_format_open(const Options &options)
{
    return options.format && !*options.format && !options.plain_format && !options.json;
}

Negotiated preferred(Negotiated formats, std::optional<Device> device)
{
    if (device) {
        const Format favourite = *device == Device::desktop ? Format::avif : Format::webp;
        std::stable_partition(formats.begin(), formats.end(),
                              [&](Format format) { return format == favourite; });
    }

    return formats;
}

void simplify(Request &request)
{
    simplify_geometry(request);

    if (request.json) {
        // only what sizes depend on
        Request sizes;
        sizes.source = std::move(request.source);
        sizes.trim = request.trim;
        sizes.region = request.region;
        sizes.rotate = request.rotate % 180;
        sizes.width = request.width;
        sizes.height = request.height;
        sizes.fit = request.fit;
        sizes.shrink_only = request.shrink_only;
        sizes.extend = request.extend;
        sizes.page = request.page;
        sizes.animate = request.animate;
        sizes.json = true;
        request = std::move(sizes);
        return;
    }

    const bool adds_edges = request.fit == Fit::pad || request.extend != Sides{};
    if (adds_edges && !request.background) {
        request.background = white;
    }

    simplify_output(request);
}

Result<Request> resolve(const Options &options, Source source, const Negotiated &negotiated)
{
    const double density = options.dpr.value_or(1.0);

    const auto width = scaled(options.width, options.hinted_width ? 1.0 : density, "width");
    if (!width) {
        return width.error();
    }

    const auto height = scaled(options.height, density, "height");
    if (!height) {
        return height.error();
    }

    Request request;
    request.source = std::move(source);
    request.trim = exact(options.trim.value_or(Sides{}));
    request.region = exact(options.region.value_or(Region{}));
    request.width = *width;
    request.height = *height;
    request.fit = options.fit.value_or(Fit::scale_down);
    apply_enlarge(request, options.enlarge);
    request.gravity = options.gravity.value_or(Gravity{});
    request.extend = exact(scaled(options.extend.value_or(Sides{}), density));
    request.adjust = adjustments(options);
    request.background = options.background;
    request.format = options.plain_format ? FormatChoice{FormatChoice::Kind::negotiated, {}}
                                          : choose(options.format, negotiated);
    request.quality = limited(options.quality.value_or(Quality{}), options.device);
    request.lossless = options.lossless.value_or(false);
    request.progressive = options.progressive;
    request.palette = options.palette.value_or(false);
    request.animate = options.animate.value_or(true);
    request.page = options.page.value_or(1);
    request.metadata = options.metadata.value_or(Metadata::none);
    request.max_bytes = options.max_bytes.value_or(0);
    request.json = options.json.value_or(false);

    // top to bottom is left to right, turned upside down
    const bool vertical = options.flip_vertical.value_or(false);
    request.flip = options.flip_horizontal.value_or(false) != vertical;
    request.rotate = (options.rotate.value_or(0) + (vertical ? 180 : 0)) % 360;

    simplify(request);
    return request;
}

int quality_for(const Request &request, Format format)
{
    if (!request.quality.automatic) {
        return request.quality.value;
    }

    const int base = format == Format::png    ? 95
                     : format == Format::avif ? 75
                     : format == Format::webp ? 80
                                              : 85;

    const auto is_small = [](Length side) {
        return !side.is_share && side.value > 0 && side.value <= 300;
    };
    const auto is_large = [](Length side) { return !side.is_share && side.value >= 1200; };

    int value = base;
    if (is_small(request.width) || is_small(request.height)) {
        value = std::min(base + 10, 95);
    } else if (is_large(request.width) || is_large(request.height)) {
        value = std::max(base - 5, 70);
    }

    if (request.quality.less > 0) {
        value = std::max(value - request.quality.less, 70);
    }

    return std::min(value, request.quality.cap);
}

}  // namespace cdn::image

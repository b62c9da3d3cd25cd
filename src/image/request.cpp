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

double exact(double number)
{
    return exact(Length(number)).value;
}

Region exact(Region region)
{
    for (Length *length : {&region.width, &region.height, &region.x.at, &region.y.at}) {
        *length = exact(*length);
    }
    region.aspect = exact(region.aspect);
    region.zoom = exact(region.zoom);

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

// Pixels of the source, which stay whole ones and more than none.
Length times(Length length, double density)
{
    if (!length.is_share && length.value > 0) {
        length.value = std::max(1.0, std::round(length.value * density));
    }

    return length;
}

void multiply_cuts(Request &request, double density)
{
    Sides &trim = request.trim;
    Region &region = request.region;
    for (Length *length : {&trim.top, &trim.right, &trim.bottom, &trim.left, &region.width, &region.height,
                           &region.x.at, &region.y.at})
    {
        *length = times(*length, density);
    }
    if (request.edges) {
        request.edges->keep = times(request.edges->keep, density).value;
    }
}

FormatChoice choose(const Options &options, Negotiated negotiated)
{
    const auto &asked = options.format;
    if (!asked) {
        return {FormatChoice::Kind::source, {}};
    }
    if (*asked) {
        return {FormatChoice::Kind::exactly, {**asked}};
    }
    if (options.auto_formats) {
        std::erase_if(negotiated, [&](Format format) { return !options.auto_formats->has(format); });
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
    case Fit::outside:
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

    adjust.blur = exact(options.blur.value_or(Length()));
    adjust.sharpen = options.sharpen.value_or(0);
    adjust.unsharp = options.unsharp;
    if (adjust.unsharp) {
        adjust.unsharp = UnsharpMask{exact(adjust.unsharp->amount), exact(adjust.unsharp->sigma),
                                     exact(adjust.unsharp->threshold)};
    }
    adjust.scale = options.brightness.value_or(1) * contrast;
    adjust.offset = options.lightness.value_or(0) * contrast + 128 * (1 - contrast);
    adjust.gamma = options.gamma.value_or(1);
    adjust.saturation = options.saturation.value_or(1);
    adjust.hue = options.hue.value_or(0);
    adjust.sepia = options.sepia.value_or(0);
    adjust.tint = options.tint;
    adjust.colorize = options.colorize;
    adjust.negate = options.negate.value_or(false);
    adjust.normalize = options.normalize.value_or(false);
    adjust.threshold = options.threshold.value_or(0);
    adjust.dither = options.dither.value_or(false);
    adjust.colors_first = options.colors_first.value_or(false);

    for (double *value : {&adjust.sharpen, &adjust.scale, &adjust.offset, &adjust.gamma,
                          &adjust.saturation, &adjust.hue, &adjust.sepia})
    {
        *value = exact(*value);
    }

    return adjust;
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

void set_turns(Request &request, const Options &options)
{
    const int degrees = (options.rotate.value_or(0) % 360 + 360) % 360;
    const bool quarters = degrees % 90 == 0;

    // top to bottom is left to right, turned upside down
    const bool vertical = options.flip_vertical.value_or(false);
    request.flip = options.flip_horizontal.value_or(false) != vertical;
    request.rotate = ((quarters ? degrees : 0) + (vertical ? 180 : 0)) % 360;
    request.tilt = quarters ? 0 : degrees;
}

// A quality of its own is for a WebP that the client was found to accept.
void settle_negotiated_quality(Request &request, bool was_negotiated)
{
    const auto &[kind, formats] = request.format;
    if (!was_negotiated || std::find(formats.begin(), formats.end(), Format::webp) == formats.end()) {
        request.quality.webp = 0;
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
    take(position, under.position);
    take(kernel, under.kernel);
    take(precut, under.precut);
    take(trim, under.trim);
    take(edges, under.edges);
    take(region, under.region);
    take(dense_cuts, under.dense_cuts);
    take(flip_horizontal, under.flip_horizontal);
    take(flip_vertical, under.flip_vertical);
    take(rotate, under.rotate);
    take(canvas, under.canvas);
    take(extend, under.extend);
    take(blur, under.blur);
    take(sharpen, under.sharpen);
    take(unsharp, under.unsharp);
    take(brightness, under.brightness);
    take(lightness, under.lightness);
    take(contrast, under.contrast);
    take(gamma, under.gamma);
    take(saturation, under.saturation);
    take(hue, under.hue);
    take(sepia, under.sepia);
    take(tint, under.tint);
    take(colorize, under.colorize);
    take(negate, under.negate);
    take(normalize, under.normalize);
    take(threshold, under.threshold);
    take(dither, under.dither);
    take(colors_first, under.colors_first);
    take(quality, under.quality);
    take(slow_quality, under.slow_quality);
    take(format, under.format);
    take(plain_format, under.plain_format);
    take(lossless, under.lossless);
    take(near_lossless, under.near_lossless);
    take(alpha_quality, under.alpha_quality);
    take(progressive, under.progressive);
    take(palette, under.palette);
    take(compression, under.compression);
    take(filter, under.filter);
    take(animate, under.animate);
    take(page, under.page);
    take(metadata, under.metadata);
    take(background, under.background);
    take(max_bytes, under.max_bytes);
    take(json, under.json);
    take(redirect, under.redirect);
    take(overlay, under.overlay);
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
    request.precut = exact(options.precut.value_or(Region{}));
    request.trim = exact(options.trim.value_or(Sides{}));
    request.edges = options.edges;
    if (request.edges) {
        request.edges->threshold = exact(request.edges->threshold);
    }
    request.region = exact(options.region.value_or(Region{}));
    if (options.dense_cuts) {
        multiply_cuts(request, density);
    }
    request.width = *width;
    request.height = *height;
    request.fit = options.fit.value_or(Fit::scale_down);
    apply_enlarge(request, options.enlarge);
    request.gravity = (request.fit == Fit::pad ? options.position : options.gravity).value_or(Gravity{});
    request.kernel = options.kernel.value_or(Kernel::lanczos3);
    request.canvas = exact(options.canvas.value_or(Region{}));
    request.extend = exact(options.extend.value_or(Sides{}));
    request.adjust = adjustments(options);
    request.background = options.background;
    request.format = options.plain_format ? FormatChoice{FormatChoice::Kind::negotiated, {}}
                                          : choose(options, negotiated);
    request.quality = limited(options.quality.value_or(Quality{}), options.device);
    request.lossless = options.lossless.value_or(false);
    request.near_lossless = options.near_lossless.value_or(false);
    request.alpha_quality = options.alpha_quality.value_or(100);
    request.progressive = options.progressive;
    request.palette = options.palette.value_or(false);
    request.compression = options.compression.value_or(6);
    request.filter = options.filter.value_or(false);
    request.animate = options.animate.value_or(true);
    request.page = options.page.value_or(1);
    request.metadata = options.metadata.value_or(Metadata::none);
    request.max_bytes = options.max_bytes.value_or(0);
    request.overlay = options.overlay;
    request.json = options.json.value_or(false);

    set_turns(request, options);
    settle_negotiated_quality(request, options.format && !*options.format);

    simplify(request);
    return request;
}

int quality_for(const Request &request, Format format)
{
    if (!request.quality.automatic) {
        const bool own = format == Format::webp && request.quality.webp > 0;
        return own ? request.quality.webp : request.quality.value;
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

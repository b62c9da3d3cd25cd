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

Result<int> scaled(std::optional<int> side, double density, std::string_view what)
{
    if (!side) {
        return 0;
    }

    const double pixels = std::round(*side * density);
    if (pixels < 1 || pixels > max_side) {
        return bad_request(std::string(what) + " times dpr must stay within 1 to "
                           + std::to_string(max_side));
    }

    return static_cast<int>(pixels);
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

}  // namespace

void Options::lay_over(const Options &under)
{
    take(width, under.width);
    take(height, under.height);
    take(dpr, under.dpr);
    take(fit, under.fit);
    take(gravity, under.gravity);
    take(quality, under.quality);
    take(format, under.format);
    take(background, under.background);
    take(preset, under.preset);
}

void simplify(Request &request)
{
    const bool has_box = request.width > 0 && request.height > 0;
    const bool has_side = request.width > 0 || request.height > 0;

    if (!has_side) {
        request.fit = Fit::scale_down;
    } else if (!has_box) {
        const bool enlarges = request.fit != Fit::scale_down && request.fit != Fit::crop;
        request.fit = enlarges ? Fit::contain : Fit::scale_down;
    }

    if (request.fit != Fit::cover && request.fit != Fit::crop) {
        request.gravity = {};
    }

    if (request.fit == Fit::pad && !request.background) {
        request.background = white;
    }

    if (request.quality.automatic && request.format.kind == FormatChoice::Kind::exactly) {
        request.quality = {false, quality_for(request, request.format.formats[0])};
    }
}

Result<Request> resolve(const Options &options, Source source, const Negotiated &negotiated)
{
    const double density = options.dpr.value_or(1.0);

    const auto width = scaled(options.width, density, "width");
    if (!width) {
        return width.error();
    }

    const auto height = scaled(options.height, density, "height");
    if (!height) {
        return height.error();
    }

    Request request;
    request.source = std::move(source);
    request.width = *width;
    request.height = *height;
    request.fit = options.fit.value_or(Fit::scale_down);
    request.gravity = options.gravity.value_or(Gravity{});
    request.background = options.background;
    request.format = choose(options.format, negotiated);
    request.quality = options.quality.value_or(Quality{});
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

    const auto is_small = [](int side) { return side > 0 && side <= 300; };
    if (is_small(request.width) || is_small(request.height)) {
        return std::min(base + 10, 95);
    }

    if (request.width >= 1200 || request.height >= 1200) {
        return std::max(base - 5, 70);
    }

    return base;
}

}  // namespace cdn::image

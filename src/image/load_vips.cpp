#include "image/load_vips.h"

#include <algorithm>

namespace cdn::image {

namespace {

struct LoadOptions {
    int    shrink = 1;                                 // JPEG: 1 2 4 8
    double scale = 1.0;                                // WebP: at most 1
    int    frames = 1;
    int    page = 1;
};

Picture load(std::string_view bytes, Format format, const LoadOptions &options)
{
    const auto data = const_cast<char *>(bytes.data());
    const auto size = bytes.size();
    VipsImage *out = nullptr;

#define CDN_LOADER_OPTIONS "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR
    switch (format) {
    case Format::jpeg:
        check(vips_jpegload_buffer(data, size, &out, "shrink", options.shrink,
                                   CDN_LOADER_OPTIONS, nullptr));
        break;
    case Format::png:
        check(vips_pngload_buffer(data, size, &out, CDN_LOADER_OPTIONS, nullptr));
        break;
    case Format::webp:
        check(vips_webpload_buffer(data, size, &out, "scale", options.scale, "n",
                                   options.frames > 1 ? -1 : 1, CDN_LOADER_OPTIONS, nullptr));
        break;
    case Format::gif:
        check(vips_gifload_buffer(data, size, &out, "n", options.frames > 1 ? -1 : 1,
                                  CDN_LOADER_OPTIONS, nullptr));
        break;
    case Format::avif:
    case Format::heif:
        check(vips_heifload_buffer(data, size, &out, CDN_LOADER_OPTIONS, nullptr));
        break;
    case Format::tiff:
        check(vips_tiffload_buffer(data, size, &out, "page", options.page - 1,
                                   CDN_LOADER_OPTIONS, nullptr));
        break;
    case Format::svg:
    case Format::pdf:
        vips_error("ngx_cdn", "no loader");
        throw VipsFailure();
    }
#undef CDN_LOADER_OPTIONS

    return Picture(out);
}

bool needs_whole_picture(Format format, const Picture &header)
{
    switch (format) {
    case Format::jpeg: return header.number("jpeg-multiscan", 0) != 0;
    case Format::png:  return header.number("interlaced", 0) != 0;
    default:           return true;
    }
}

}  // namespace

SourceInfo read_header(std::string_view bytes, Format format, int page)
{
    LoadOptions options;
    options.page = page;
    const Picture header = load(bytes, format, options);

    SourceInfo info;
    info.format = format;
    info.bytes = bytes.size();
    info.width = header.width();
    info.height = header.height();
    info.frames = has_frames(format) ? std::max(1, header.number(VIPS_META_N_PAGES, 1)) : 1;
    // browsers do not turn animations
    info.orientation = info.frames > 1 ? 1 : vips_image_get_orientation(header.get());
    info.alpha = header.alpha();
    info.whole_in_memory = needs_whole_picture(format, header);

    return info;
}

Picture load_for(std::string_view bytes, const SourceInfo &source, const Plan &plan, Stop &stop)
{
    const int wanted_width = plan.sides_swap ? plan.resized_height : plan.resized_width;
    const int wanted_height = plan.sides_swap ? plan.resized_width : plan.resized_height;
    const Cut &region = plan.region;

    LoadOptions options;
    options.frames = plan.frames;
    options.page = plan.page;

    if (source.format == Format::jpeg) {
        options.shrink = shrink_on_load(region.width, region.height, wanted_width, wanted_height);
    }
    if (source.format == Format::webp && source.frames == 1 && plan.whole) {
        options.scale = std::min(1.0, std::max(static_cast<double>(wanted_width) / source.width,
                                               static_cast<double>(wanted_height) / source.height));
    }

    Picture in = load(bytes, source.format, options);
    if (plan.frames > 1) {
        in = in_memory(in, stop);
    }
    if (plan.whole) {
        return in;
    }

    // in the pixels of what was loaded
    const int s = options.shrink;
    const int x = std::min(region.x / s, in.width() - 1);
    const int y = std::min(region.y / s, in.height() / plan.frames - 1);
    const int width = std::clamp((region.width + s / 2) / s, 1, in.width() - x);
    const int height = std::clamp((region.height + s / 2) / s, 1, in.height() / plan.frames - y);

    return each_frame(in, plan.frames, [&](auto *i, auto **o) {
        return vips_extract_area(i, o, x, y, width, height, nullptr);
    });
}

}  // namespace cdn::image

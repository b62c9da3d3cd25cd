#include "image/load_vips.h"

#include "image/document_vips.h"
#include "image/ending.h"
#include "image/layout.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

namespace cdn::image {

namespace {

using namespace std::string_view_literals;

struct LoadOptions {
    int    shrink = 1;                                 // JPEG: 1 2 4 8
    double scale = 1.0;                                // WebP: at most 1
    int    frames = 1;
    int    page = 1;
};

// Of a JPEG that lacks the marker of its end: such a picture, and no half of one.
Picture load_ended(std::string_view jpeg, int shrink, bool has_several_scans)
{
    // libjpeg decodes several scans, up to the marker, before it gives a line, and has warned by
    // then of what is missing.  Of a single one libvips would overlook a warning from the last
    // lines; there the 64 bits that libjpeg reads ahead follow instead of the marker, all ones and
    // so no code of anything: what needs more comes to the end of the file, which is an error.
    const std::string_view tail = has_several_scans ? "\xFF\xD9"sv
                                                    : "\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0"sv;
    const VipsFailOn fail_on = has_several_scans ? VIPS_FAIL_ON_WARNING : VIPS_FAIL_ON_ERROR;

    const std::size_t size = jpeg.size() + tail.size();
    auto *copy = static_cast<char *>(g_malloc(size));
    std::copy(tail.begin(), tail.end(), std::copy(jpeg.begin(), jpeg.end(), copy));

    // who reads holds the source, which holds the bytes
    const auto drop = [](void *bytes, void *) {
        g_free(bytes);
        return 0;
    };
    VipsBlob *blob = vips_blob_new(drop, copy, size);
    const std::unique_ptr<VipsSource, decltype(&g_object_unref)> source(vips_source_new_from_blob(blob),
                                                                        g_object_unref);
    vips_area_unref(VIPS_AREA(blob));

    VipsImage *out = nullptr;
    check(vips_jpegload_source(source.get(), &out, "shrink", shrink, "access", VIPS_ACCESS_SEQUENTIAL,
                               "fail_on", fail_on, nullptr));
    return Picture(out);
}

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
    case Format::jxl:
        check(vips_jxlload_buffer(data, size, &out, CDN_LOADER_OPTIONS, nullptr));
        break;
    default:
        vips_error("ngx_cdn", "no loader");
        throw VipsFailure();
    }
#undef CDN_LOADER_OPTIONS

    Picture loaded(out);
    if (vips_image_get_coding(out) == VIPS_CODING_NONE) {
        return loaded;
    }

    // Lab packed into words of its own, which operations do not unpack
    Picture unpacked = step(loaded, [](auto *i, auto **o) {
        return vips_colourspace(i, o, VIPS_INTERPRETATION_sRGB, nullptr);
    });
    vips_image_remove(unpacked.get(), VIPS_META_ICC_NAME);
    return unpacked;
}

bool needs_whole_picture(Format format, const Picture &header)
{
    switch (format) {
    case Format::jpeg: return header.number("jpeg-multiscan", 0) != 0;
    case Format::png:  return header.number("interlaced", 0) != 0;
    case Format::tiff: return false;
    default:           return true;
    }
}

// Drawn in the size that is wanted, but for rounding.
Picture drawn_for(std::string_view bytes, const SourceInfo &source, const Plan &plan, int wanted_width,
                  int wanted_height, Stop &stop)
{
    Picture page = draw_document(bytes, source, plan, stop);

    const auto at = [&](int place, int side) {
        return std::min(static_cast<int>(std::lround(place * plan.scale)), side - 1);
    };
    const int x = at(plan.region.x, page.width());
    const int y = at(plan.region.y, page.height());

    const auto nearly = [](double drawn, int wanted) { return std::abs(drawn - wanted) <= 1; };
    const double width = plan.whole ? page.width() : plan.region.width * plan.scale;
    const double height = plan.whole ? page.height() : plan.region.height * plan.scale;
    if (nearly(width, wanted_width) && nearly(height, wanted_height)) {
        return step(page, [&](auto *i, auto **o) {
            return vips_embed(i, o, -x, -y, wanted_width, wanted_height, "extend", VIPS_EXTEND_COPY,
                              nullptr);
        });
    }

    return step(page, [&](auto *i, auto **o) {
        return vips_extract_area(i, o, x, y,
                                 std::clamp(static_cast<int>(std::lround(width)), 1, page.width() - x),
                                 std::clamp(static_cast<int>(std::lround(height)), 1, page.height() - y),
                                 nullptr);
    });
}

Error no_such_page(int pages)
{
    return bad_request("the source has " + std::to_string(pages)
                       + (pages == 1 ? " page" : " pages"));
}

Result<SourceInfo> document_header(std::string_view bytes, Format format, int page, const Stop *stop)
{
    const DocumentInfo document = read_document(bytes, format, format == Format::pdf ? page : 1, stop);
    if (document.pages < page && format == Format::pdf) {
        return no_such_page(document.pages);
    }

    SourceInfo info;
    info.format = format;
    info.bytes = bytes.size();
    info.drawn = true;
    info.exact_width = document.width;
    info.exact_height = document.height;
    info.width = std::max(1, static_cast<int>(std::lround(document.width)));
    info.height = std::max(1, static_cast<int>(std::lround(document.height)));
    info.alpha = document.alpha;

    return info;
}

}  // namespace

Result<SourceInfo> read_header(std::string_view bytes, Format format, int page, const Stop *stop)
{
    if (is_drawn(format)) {
        return document_header(bytes, format, page, stop);
    }

    LoadOptions options;
    if (format == Format::tiff && page > 1) {
        const int pages = load(bytes, format, options).number(VIPS_META_N_PAGES, 1);
        if (page > pages) {
            return no_such_page(pages);
        }
        options.page = page;
    }
    const Picture header = load(bytes, format, options);

    SourceInfo info;
    info.format = format;
    info.bytes = bytes.size();
    info.width = header.width();
    info.height = header.height();
    info.frames = has_frames(format) ? std::max(1, header.number(VIPS_META_N_PAGES, 1)) : 1;
    // browsers do not turn animations, and a JPEG XL decoder has turned its picture
    const bool upright = info.frames > 1 || format == Format::jxl;
    info.orientation = upright ? 1 : vips_image_get_orientation(header.get());
    info.alpha = header.alpha();
    info.pixel_bytes = static_cast<int>(VIPS_IMAGE_SIZEOF_PEL(header.get()));
    info.whole_in_memory = needs_whole_picture(format, header);
    if (format == Format::tiff) {
        info.block_memory = tiff_block_memory(bytes, page, info.width, info.height, info.pixel_bytes);
    }
    // a picture's alpha is one more of the file, and decoded beside it
    info.quarter_chroma = (format == Format::avif || format == Format::heif) && !info.alpha && has_quarter_chroma(bytes);
    info.ends_early = format == Format::jpeg && lacks_end_marker(bytes);

    return info;
}

Picture load_for(std::string_view bytes, const SourceInfo &source, const Plan &plan, Stop &stop)
{
    const int wanted_width = plan.sides_swap ? plan.resized_height : plan.resized_width;
    const int wanted_height = plan.sides_swap ? plan.resized_width : plan.resized_height;
    const Cut &region = plan.region;

    if (source.drawn) {
        return drawn_for(bytes, source, plan, wanted_width, wanted_height, stop);
    }

    LoadOptions options;
    options.frames = plan.frames;
    options.page = plan.page;

    options.shrink = shrink_on_load(source, plan);
    if (source.format == Format::webp && plan.kernel != Kernel::nearest && source.frames == 1 && plan.whole) {
        options.scale = std::min(1.0, std::max(static_cast<double>(wanted_width) / source.width,
                                               static_cast<double>(wanted_height) / source.height));
    }

    Picture in = source.ends_early ? load_ended(bytes, options.shrink, source.whole_in_memory)
                                   : load(bytes, source.format, options);
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

#include "image/render.h"

#include "image/adjust_vips.h"
#include "image/alpha_vips.h"
#include "image/bare.h"
#include "image/sniff.h"
#include "image/vips_picture.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cdn::image {

void Stop::ask()
{
    const std::lock_guard lock(mutex_);
    asked_ = true;
    if (act_) {
        act_();
    }
}

bool Stop::asked() const
{
    const std::lock_guard lock(mutex_);
    return asked_;
}

namespace {

// From scripts/bench avif, against the libraries' own defaults: AVIF 5.5 times
// the rate of effort 4 for 1 % fewer bytes and 0.5 to 0.9 dB (effort 1 fails on
// some pictures); GIF 1.7 times that of effort 7 for 0.1 dB.
constexpr int avif_effort = 2;
constexpr int gif_effort = 5;

std::string take_vips_error()
{
    std::string text = vips_error_buffer();
    vips_error_clear();
    for (char &c : text) {
        if (c == '\n') {
            c = ' ';
        }
    }

    return text;
}

// ---- load

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

// The part of the stored picture that is used, at least as large as wanted.
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

// ---- resize

// Colour under transparency must not bleed into what is seen: it is resized
// multiplied by its alpha.
Picture resize(Picture in, int frames, int width, int height)
{
    if (in.width() == width && in.height() == height) {
        return in;
    }

    const double horizontal = static_cast<double>(width) / in.width();
    const double vertical = static_cast<double>(height) / in.height();
    const bool alpha = in.alpha() && !(frames > 1 && is_opaque(in));

    if (alpha) {
        in = premultiply(std::move(in));
    }

    in = step(in, [&](auto *i, auto **o) {
        return vips_resize(i, o, horizontal, "vscale", vertical, nullptr);
    });

    return alpha ? unpremultiply(std::move(in)) : std::move(in);
}

// Upright by its own orientation, then as asked; when small, since the large
// one streams through line by line.
Picture turn(Picture in, const SourceInfo &source, const Plan &plan, Stop &stop)
{
    if (source.orientation == 1 && !plan.flip && plan.rotate == 0) {
        return in;
    }

    in = in_memory(in, stop);
    if (source.orientation > 1) {
        in = step(in, [](auto *i, auto **o) { return vips_autorot(i, o, nullptr); });
    }
    if (plan.flip) {
        in = each_frame(in, plan.frames, [](auto *i, auto **o) {
            return vips_flip(i, o, VIPS_DIRECTION_HORIZONTAL, nullptr);
        });
    }
    if (plan.rotate != 0) {
        const auto angle = static_cast<VipsAngle>(plan.rotate / 90);
        in = each_frame(in, plan.frames, [&](auto *i, auto **o) {
            return vips_rot(i, o, angle, nullptr);
        });
    }

    return in;
}

// ---- colour

bool is_srgb_profile(const Picture &in)
{
    const void *data = nullptr;
    std::size_t size = 0;
    if (vips_image_get_blob(in.get(), VIPS_META_ICC_NAME, &data, &size) != 0) {
        vips_error_clear();
        return false;
    }

    // device manufacturer and model of the profile header, ICC.1:2022 section 7.2
    return size > 56 && std::string_view(static_cast<const char *>(data) + 48, 8) == "IEC sRGB";
}

// To 8-bit sRGB, or 8-bit grey.
Picture to_screen(Picture in)
{
    const VipsInterpretation space = vips_image_guess_interpretation(in.get());
    const bool cmyk = space == VIPS_INTERPRETATION_CMYK;
    const bool grey = in.bands() < 3;

    if ((in.has(VIPS_META_ICC_NAME) && !is_srgb_profile(in) && !grey) || cmyk) {
        VipsImage *out = nullptr;
        const int status = cmyk ? vips_icc_transform(in.get(), &out, "srgb", "embedded", TRUE,
                                                     "input_profile", "cmyk", nullptr)
                                : vips_icc_transform(in.get(), &out, "srgb", "embedded", TRUE,
                                                     nullptr);
        if (status == 0) {
            return Picture(out);
        }
        // a profile that does not fit its picture: the numbers stand for themselves
        vips_error_clear();
    }

    const auto wanted = grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
    if (space == wanted && vips_image_get_format(in.get()) == VIPS_FORMAT_UCHAR) {
        return in;
    }

    return step(in, [&](auto *i, auto **o) { return vips_colourspace(i, o, wanted, nullptr); });
}

bool is_grey(Color color)
{
    return color.red == color.green && color.green == color.blue;
}

// The colour in as many bands as the picture has.
std::vector<double> bands_of(Color color, const Picture &in)
{
    std::vector<double> bands{double(color.red)};
    if (in.bands() >= 3) {
        bands.push_back(color.green);
        bands.push_back(color.blue);
    }
    if (in.alpha()) {
        bands.push_back(color.alpha);
    }

    return bands;
}

Picture flatten(Picture in, Color color)
{
    std::vector<double> bands{double(color.red), double(color.green), double(color.blue)};
    if (in.bands() < 3) {
        bands.resize(1);
    }

    VipsArrayDouble *background =
        vips_array_double_new(bands.data(), static_cast<int>(bands.size()));
    VipsImage *out = nullptr;
    const int status = vips_flatten(in.get(), &out, "background", background, nullptr);
    vips_area_unref(VIPS_AREA(background));
    check(status);

    return Picture(out);
}

Picture lay_background(Picture in, const Plan &plan)
{
    if (!plan.background) {
        return in;
    }

    const Color color = *plan.background;
    if (in.bands() < 3 && !is_grey(color)) {
        in = step(in, [](auto *i, auto **o) {
            return vips_colourspace(i, o, VIPS_INTERPRETATION_sRGB, nullptr);
        });
    }

    const bool pads = plan.canvas_width > plan.cut.width || plan.canvas_height > plan.cut.height;
    if (color.alpha < 255) {
        if (pads && !in.alpha()) {
            in = step(in, [](auto *i, auto **o) { return vips_addalpha(i, o, nullptr); });
        }
        return in;
    }

    return in.alpha() ? flatten(std::move(in), color) : std::move(in);
}

// ---- cut and pad

// Where a cut goes that the content places: by the first frame.
Cut smart_cut(const Picture &in, const Plan &plan)
{
    const Picture first = step(in, [&](auto *i, auto **o) {
        return vips_extract_area(i, o, 0, 0, plan.resized_width, plan.resized_height, nullptr);
    });
    const auto interesting = plan.gravity.kind == Gravity::Kind::entropy
                                 ? VIPS_INTERESTING_ENTROPY
                                 : VIPS_INTERESTING_ATTENTION;
    const Picture found = step(first, [&](auto *i, auto **o) {
        return vips_smartcrop(i, o, plan.cut.width, plan.cut.height, "interesting", interesting,
                              nullptr);
    });

    return {-vips_image_get_xoffset(found.get()), -vips_image_get_yoffset(found.get()),
            plan.cut.width, plan.cut.height};
}

Picture cut_out(Picture in, const Plan &plan, Stop &stop)
{
    if (plan.cut.width == plan.resized_width && plan.cut.height == plan.resized_height) {
        return in;
    }

    Cut cut = plan.cut;
    if (plan.gravity.kind != Gravity::Kind::point) {
        in = in_memory(in, stop);
        cut = smart_cut(in, plan);
    } else if (plan.frames > 1) {
        in = in_memory(in, stop);
    }

    return each_frame(in, plan.frames, [&](auto *i, auto **o) {
        return vips_extract_area(i, o, cut.x, cut.y, cut.width, cut.height, nullptr);
    });
}

Picture pad(Picture in, const Plan &plan, Stop &stop)
{
    if (plan.canvas_width == plan.cut.width && plan.canvas_height == plan.cut.height) {
        return in;
    }

    if (plan.frames > 1) {
        in = in_memory(in, stop);
    }

    const auto bands = bands_of(plan.background.value_or(white), in);
    VipsArrayDouble *background =
        vips_array_double_new(bands.data(), static_cast<int>(bands.size()));
    const std::unique_ptr<VipsArrayDouble, void (*)(VipsArrayDouble *)> owner(
        background, [](VipsArrayDouble *array) { vips_area_unref(VIPS_AREA(array)); });

    return each_frame(in, plan.frames, [&](auto *i, auto **o) {
        return vips_embed(i, o, plan.cut_x, plan.cut_y, plan.canvas_width, plan.canvas_height, "extend",
                          VIPS_EXTEND_BACKGROUND, "background", background, nullptr);
    });
}

// ---- save

Image save(const Picture &in, const Plan &plan, Stop &stop)
{
    const StopScope scope(stop, in.get());
    void *data = nullptr;
    std::size_t size = 0;

    switch (plan.format) {
    case Format::jpeg:
        check(vips_jpegsave_buffer(in.get(), &data, &size, "Q", plan.quality, "strip",
                                   plan.metadata == Metadata::none, "optimize_coding", TRUE,
                                   "interlace", plan.progressive, nullptr));
        break;
    case Format::png:
        check(vips_pngsave_buffer(in.get(), &data, &size, "strip", TRUE, "palette",
                                  plan.palette, "Q", plan.quality, nullptr));
        break;
    case Format::webp:
        check(vips_webpsave_buffer(in.get(), &data, &size, "Q", plan.quality, "strip", TRUE,
                                   "lossless", plan.lossless, nullptr));
        break;
    case Format::gif:
        check(vips_gifsave_buffer(in.get(), &data, &size, "strip", TRUE, "effort", gif_effort,
                                  nullptr));
        break;
    case Format::avif:
        check(vips_heifsave_buffer(in.get(), &data, &size, "Q", plan.quality, "strip", TRUE,
                                   "compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "effort",
                                   avif_effort, "lossless", plan.lossless, nullptr));
        break;
    default:
        vips_error("ngx_cdn", "no saver");
        throw VipsFailure();
    }

    Image image;
    image.format = plan.format;
    image.width = plan.canvas_width;
    image.height = plan.canvas_height;
    image.frames = plan.frames;
    image.bytes = {static_cast<std::byte *>(data), g_free};
    image.size = size;
    return image;
}

std::optional<std::string> text_field(const Picture &in, const char *field)
{
    const char *text = nullptr;
    if (!in.has(field)) {
        return std::nullopt;
    }
    if (vips_image_get_string(in.get(), field, &text) != 0) {
        vips_error_clear();
        return std::nullopt;
    }

    return text;
}

// What may stay of a picture's metadata: who made it, or all but where.
bool may_stay(std::string_view field, Metadata metadata)
{
    if (!field.starts_with("exif-ifd")) {
        return false;                                  // XMP and IPTC may tell the place too
    }

    const bool owner = field == "exif-ifd0-Copyright" || field == "exif-ifd0-Artist";
    const bool place = field.starts_with("exif-ifd3-") || field.ends_with("MakerNote");
    return owner || (metadata == Metadata::keep && !place);
}

// Metadata and orientation gone as far as asked, the frame height in its place:
// a picture of our own, since operations share their input's fields.
Picture ready_to_save(const Picture &in, const Plan &plan)
{
    Picture out = step(in, [](auto *i, auto **o) { return vips_copy(i, o, nullptr); });

    std::map<std::string, std::string> kept;
    gchar **fields = vips_image_get_fields(out.get());
    for (gchar **field = fields; *field != nullptr; field++) {
        const std::string_view name = *field;
        if (!name.starts_with("exif-") && name != VIPS_META_XMP_NAME && name != VIPS_META_IPTC_NAME
            && name != VIPS_META_ICC_NAME && name != VIPS_META_ORIENTATION
            && name != VIPS_META_PAGE_HEIGHT)
        {
            continue;
        }
        if (const auto text = text_field(out, *field);
            text && plan.metadata != Metadata::none && may_stay(name, plan.metadata))
        {
            kept.emplace(name, *text);
        }
        vips_image_remove(out.get(), *field);
    }
    g_strfreev(fields);

    for (const auto &[name, text] : kept) {
        vips_image_set_string(out.get(), name.c_str(), text.c_str());
    }
    if (plan.frames > 1) {
        vips_image_set_int(out.get(), VIPS_META_PAGE_HEIGHT, plan.canvas_height);
    }

    return out;
}

Image run(std::string_view bytes, const SourceInfo &source, const Plan &plan, Stop &stop)
{
    Picture picture = load_for(bytes, source, plan, stop);

    picture = resize(std::move(picture), plan.frames,
                     plan.sides_swap ? plan.resized_height : plan.resized_width,
                     (plan.sides_swap ? plan.resized_width : plan.resized_height) * plan.frames);
    picture = turn(std::move(picture), source, plan, stop);
    picture = to_screen(std::move(picture));
    picture = cut_out(std::move(picture), plan, stop);
    picture = adjust(std::move(picture), plan.adjust, plan.frames, stop);
    picture = lay_background(std::move(picture), plan);
    picture = pad(std::move(picture), plan, stop);

    picture = ready_to_save(picture, plan);
    if (plan.format == Format::webp) {
        // the saver wants all of it, and leaks it where a damaged source breaks off
        picture = in_memory(picture, stop);
    }

    return save(picture, plan, stop);
}

// A result that is larger than a source of the same pixels and format helps
// nobody, if the source carries nothing else.
bool source_is_better(const Image &image, std::string_view bytes, const SourceInfo &source,
                      const Plan &plan)
{
    return plan.same_pixels && image.format == source.format
           && !(plan.background && source.alpha) && image.frames == source.frames
           && image.size >= bytes.size() && is_bare(bytes, source.format);
}

Image copy_of(std::string_view bytes, const SourceInfo &source)
{
    void *copy = g_malloc(bytes.size());
    std::copy(bytes.begin(), bytes.end(), static_cast<char *>(copy));

    Image image;
    image.format = source.format;
    image.width = source.width;
    image.height = source.height;
    image.frames = source.frames;
    image.bytes = {static_cast<std::byte *>(copy), g_free};
    image.size = bytes.size();
    return image;
}

}  // namespace

bool render_start()
{
    if (vips_init("ngx_cdn") != 0) {
        return false;
    }

    // what libraries say of damaged files is no matter for the server's log
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING,
                      [](const gchar *, GLogLevelFlags, const gchar *, gpointer) {}, nullptr);

    // several pictures at once, each on one thread; nothing is remembered
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    vips_block_untrusted_set(TRUE);

    return true;
}

void render_stop_thread()
{
    vips_thread_shutdown();
}

const char *render_library()
{
    return vips_version_string();
}

std::size_t render_memory()
{
    return vips_tracked_get_mem();
}

Result<Prepared> prepare(std::string_view bytes, const Request &request, FormatSet inputs,
                         const Limits &limits)
{
    const auto format = sniff(bytes);
    if (!format) {
        return Error{ErrorCode::unsupported, "the source is not an image"};
    }
    if (!inputs.has(*format)) {
        return Error{ErrorCode::unsupported,
                     "the source is " + std::string(name(*format)) + ", which is not accepted"};
    }

    vips_error_clear();
    Prepared prepared;
    try {
        prepared.source = read_header(bytes, *format, request.page);
    } catch (const VipsFailure &) {
        return Error{ErrorCode::unsupported,
                     "the source is not a readable " + std::string(name(*format)),
                     take_vips_error()};
    }

    const auto plan = make_plan(request, prepared.source, limits);
    if (!plan) {
        return plan.error();
    }

    prepared.plan = *plan;
    return prepared;
}

Result<Image> render(std::string_view bytes, const Prepared &prepared, Stop &stop)
{
    try {
        Image image = run(bytes, prepared.source, prepared.plan, stop);
        if (source_is_better(image, bytes, prepared.source, prepared.plan)) {
            return copy_of(bytes, prepared.source);
        }
        return image;
    } catch (const VipsFailure &) {
        const std::string detail = take_vips_error();
        if (stop.asked()) {
            return Error{ErrorCode::cancelled, "the transformation was stopped", detail};
        }
        return Error{ErrorCode::unsupported,
                     "the source is damaged, or not a "
                         + std::string(name(prepared.source.format)),
                     detail};
    }
}

}  // namespace cdn::image

#include "image/render.h"

#include "image/bare.h"
#include "image/sniff.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <vips/vips.h>

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

// While it lives, asking the Stop kills this picture's computation.
class StopScope {
public:
    StopScope(Stop &stop, VipsImage *image) : stop_(stop)
    {
        const std::lock_guard lock(stop_.mutex_);
        stop_.act_ = [image] { vips_image_set_kill(image, TRUE); };
        if (stop_.asked_) {
            stop_.act_();
        }
    }

    ~StopScope()
    {
        const std::lock_guard lock(stop_.mutex_);
        stop_.act_ = nullptr;
    }

    StopScope(const StopScope &) = delete;
    StopScope &operator=(const StopScope &) = delete;

private:
    Stop &stop_;
};

namespace {

// Chosen from scripts/bench avif: a third of effort 4's time for the same bytes.
constexpr int avif_effort = 1;

// libvips said no; its words are in its error buffer.
struct VipsFailure {};

void check(int status)
{
    if (status != 0) {
        throw VipsFailure();
    }
}

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

// One reference to a VipsImage.
class Picture {
public:
    Picture() = default;
    explicit Picture(VipsImage *image) : image_(image) {}
    Picture(Picture &&other) noexcept : image_(std::exchange(other.image_, nullptr)) {}
    Picture &operator=(Picture &&other) noexcept
    {
        std::swap(image_, other.image_);
        return *this;
    }
    ~Picture()
    {
        if (image_ != nullptr) {
            g_object_unref(image_);
        }
    }

    VipsImage *get() const { return image_; }
    int width() const { return vips_image_get_width(image_); }
    int height() const { return vips_image_get_height(image_); }
    int bands() const { return vips_image_get_bands(image_); }
    bool alpha() const { return vips_image_hasalpha(image_) != 0; }
    bool has(const char *field) const { return vips_image_get_typeof(image_, field) != 0; }

    int number(const char *field, int otherwise) const
    {
        int value = otherwise;
        if (has(field) && vips_image_get_int(image_, field, &value) != 0) {
            vips_error_clear();
        }
        return value;
    }

private:
    VipsImage *image_ = nullptr;
};

// Applies one operation: step(in, [&](VipsImage *in, VipsImage **out) {...}).
template <typename Operation>
Picture step(const Picture &in, Operation operation)
{
    VipsImage *out = nullptr;
    check(operation(in.get(), &out));
    return Picture(out);
}

Picture in_memory(const Picture &in, Stop &stop)
{
    const StopScope scope(stop, in.get());
    return Picture([&] {
        VipsImage *copy = vips_image_copy_memory(in.get());
        check(copy == nullptr ? -1 : 0);
        return copy;
    }());
}

// ---- load

struct LoadOptions {
    int    shrink = 1;                                 // JPEG: 1 2 4 8
    double scale = 1.0;                                // WebP: at most 1
    int    frames = 1;
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
        check(vips_tiffload_buffer(data, size, &out, CDN_LOADER_OPTIONS, nullptr));
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

SourceInfo read_header(std::string_view bytes, Format format)
{
    const Picture header = load(bytes, format, {});

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

// The picture as stored, at least as large as the plan needs it.
Picture load_for(std::string_view bytes, const SourceInfo &source, const Plan &plan)
{
    const bool turned = source.orientation >= 5;
    const int wanted_width = turned ? plan.resized_height : plan.resized_width;
    const int wanted_height = turned ? plan.resized_width : plan.resized_height;

    LoadOptions options;
    options.frames = plan.frames;

    if (source.format == Format::jpeg) {
        options.shrink = shrink_on_load(source.width, source.height, wanted_width, wanted_height);
    }
    if (source.format == Format::webp && source.frames == 1) {
        options.scale = std::min(1.0, std::max(static_cast<double>(wanted_width) / source.width,
                                               static_cast<double>(wanted_height) / source.height));
    }

    return load(bytes, source.format, options);
}

// ---- resize

// Colour under transparency must not bleed into what is seen: it is resized
// multiplied by its alpha.
Picture resize(Picture in, int width, int height)
{
    if (in.width() == width && in.height() == height) {
        return in;
    }

    const double horizontal = static_cast<double>(width) / in.width();
    const double vertical = static_cast<double>(height) / in.height();
    const bool alpha = in.alpha();
    const VipsBandFormat format = vips_image_get_format(in.get());

    if (alpha) {
        in = step(in, [](auto *i, auto **o) { return vips_premultiply(i, o, nullptr); });
        in = step(in, [&](auto *i, auto **o) { return vips_cast(i, o, format, nullptr); });
    }

    in = step(in, [&](auto *i, auto **o) {
        return vips_resize(i, o, horizontal, "vscale", vertical, nullptr);
    });

    if (alpha) {
        in = step(in, [](auto *i, auto **o) { return vips_unpremultiply(i, o, nullptr); });
        in = step(in, [&](auto *i, auto **o) { return vips_cast(i, o, format, nullptr); });
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

// ---- cut and pad, frame by frame

template <typename Operation>
Picture each_frame(const Picture &in, int frames, Operation operation)
{
    if (frames == 1) {
        return step(in, operation);
    }

    const int height = in.height() / frames;
    std::vector<Picture> parts;
    std::vector<VipsImage *> images;

    for (int i = 0; i < frames; i++) {
        const Picture frame = step(in, [&](auto *image, auto **out) {
            return vips_extract_area(image, out, 0, i * height, in.width(), height, nullptr);
        });
        parts.push_back(step(frame, operation));
        images.push_back(parts.back().get());
    }

    VipsImage *joined = nullptr;
    check(vips_arrayjoin(images.data(), &joined, frames, "across", 1, nullptr));
    return Picture(joined);
}

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

    const int x = (plan.canvas_width - plan.cut.width) / 2;
    const int y = (plan.canvas_height - plan.cut.height) / 2;
    const auto bands = bands_of(plan.background.value_or(white), in);
    VipsArrayDouble *background =
        vips_array_double_new(bands.data(), static_cast<int>(bands.size()));
    const std::unique_ptr<VipsArrayDouble, void (*)(VipsArrayDouble *)> owner(
        background, [](VipsArrayDouble *array) { vips_area_unref(VIPS_AREA(array)); });

    return each_frame(in, plan.frames, [&](auto *i, auto **o) {
        return vips_embed(i, o, x, y, plan.canvas_width, plan.canvas_height, "extend",
                          VIPS_EXTEND_BACKGROUND, "background", background, nullptr);
    });
}

// ---- save

// Progressive JPEG shows early and is smaller; neither matters on tiny
// pictures, and its memory does on huge ones.
bool progressive(const Plan &plan)
{
    const bool tiny = plan.canvas_width < 50 && plan.canvas_height < 50;
    const bool huge = plan.canvas_width > 3000 && plan.canvas_height > 3000;
    return !tiny && !huge;
}

Image save(const Picture &in, const Plan &plan, Stop &stop)
{
    const StopScope scope(stop, in.get());
    void *data = nullptr;
    std::size_t size = 0;

    switch (plan.format) {
    case Format::jpeg:
        check(vips_jpegsave_buffer(in.get(), &data, &size, "Q", plan.quality, "strip", TRUE,
                                   "optimize_coding", TRUE, "interlace", progressive(plan),
                                   nullptr));
        break;
    case Format::png:
        check(vips_pngsave_buffer(in.get(), &data, &size, "strip", TRUE, nullptr));
        break;
    case Format::webp:
        check(vips_webpsave_buffer(in.get(), &data, &size, "Q", plan.quality, "strip", TRUE,
                                   nullptr));
        break;
    case Format::gif:
        check(vips_gifsave_buffer(in.get(), &data, &size, "strip", TRUE, nullptr));
        break;
    case Format::avif:
        check(vips_heifsave_buffer(in.get(), &data, &size, "Q", plan.quality, "strip", TRUE,
                                   "compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "effort",
                                   avif_effort, nullptr));
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

// Metadata and orientation gone, the frame height in its place: a picture of
// our own, since operations share their input's fields.
Picture ready_to_save(const Picture &in, const Plan &plan)
{
    Picture out = step(in, [](auto *i, auto **o) { return vips_copy(i, o, nullptr); });
    for (const char *field : {VIPS_META_EXIF_NAME, VIPS_META_XMP_NAME, VIPS_META_IPTC_NAME,
                              VIPS_META_ICC_NAME, VIPS_META_ORIENTATION})
    {
        vips_image_remove(out.get(), field);
    }

    vips_image_remove(out.get(), VIPS_META_PAGE_HEIGHT);
    if (plan.frames > 1) {
        vips_image_set_int(out.get(), VIPS_META_PAGE_HEIGHT, plan.canvas_height);
    }

    return out;
}

Image run(std::string_view bytes, const SourceInfo &source, const Plan &plan, Stop &stop)
{
    Picture picture = load_for(bytes, source, plan);

    const bool turned = source.orientation >= 5;
    picture = resize(std::move(picture), turned ? plan.resized_height : plan.resized_width,
                     (turned ? plan.resized_width : plan.resized_height) * plan.frames);

    if (source.orientation > 1) {
        // turned when small: the large one streams through line by line
        picture = in_memory(picture, stop);
        picture = step(picture, [](auto *i, auto **o) { return vips_autorot(i, o, nullptr); });
    }

    picture = to_screen(std::move(picture));
    picture = cut_out(std::move(picture), plan, stop);
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

    Prepared prepared;
    try {
        prepared.source = read_header(bytes, *format);
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

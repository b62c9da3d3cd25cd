#include "image/save_vips.h"

#include "image/encode.h"
#include "image/iptc.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cdn::image {

namespace {

// From scripts/bench quality and avif, against the libraries' own defaults: AVIF
// seven to eight times the rate of effort 4 for 2 to 4 % fewer bytes and 0.4 to
// 0.8 dB (effort 1 writes more bytes of some pictures); GIF 1.7 times that of
// effort 7 for 0.1 dB.  WebP stays at 4: 2 is twice as fast for 6 % more bytes
// of the same PSNR, and a picture is made once and sent often.
constexpr int avif_effort = 2;
constexpr int gif_effort = 5;

// What Q is where nothing may be lost. Of a photograph of 6 megapixels: half the time of
// 75 and a quarter of that of 100, for 0.4 % more bytes.
constexpr int lossless_webp_effort = 50;

// Five times the rate of effort 5 for as many bytes, of photographs.
constexpr int jxl_effort = 3;

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
        return false;                                  // XMP may tell the place in many ways
    }

    const bool owner = field == "exif-ifd0-Copyright" || field == "exif-ifd0-Artist";
    const bool place = field.starts_with("exif-ifd3-") || field.ends_with("MakerNote");
    return owner || (metadata == Metadata::keep && !place);
}

std::string_view iptc_of(const Picture &in)
{
    const void *data = nullptr;
    std::size_t size = 0;
    if (!in.has(VIPS_META_IPTC_NAME) || vips_image_get_blob(in.get(), VIPS_META_IPTC_NAME, &data, &size) != 0) {
        vips_error_clear();
        return {};
    }

    return {static_cast<const char *>(data), size};
}

// Metadata and orientation gone as far as asked, the frame height in its place:
// a picture of our own, since operations share their input's fields.
Picture ready_to_save(const Picture &in, const Plan &plan)
{
    Picture out = step(in, [](auto *i, auto **o) { return vips_copy(i, o, nullptr); });

    const std::string iptc = kept_iptc(iptc_of(in), plan.metadata);
    std::map<std::string, std::string> kept;
    gchar **fields = vips_image_get_fields(out.get());
    for (gchar **field = fields; *field != nullptr; field++) {
        const std::string_view name = *field;
        if (!name.starts_with("exif-") && name != VIPS_META_XMP_NAME && name != VIPS_META_IPTC_NAME
            && name != VIPS_META_ICC_NAME && name != VIPS_META_ORIENTATION
            && name != VIPS_META_PAGE_HEIGHT
            && name != "jpeg-thumbnail-data")          // of the whole, uncut original
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
    if (!iptc.empty()) {
        vips_image_set_blob_copy(out.get(), VIPS_META_IPTC_NAME, iptc.data(), iptc.size());
    }
    if (plan.frames > 1) {
        vips_image_set_int(out.get(), VIPS_META_PAGE_HEIGHT, plan.canvas_height);
    }

    return out;
}

// As libjpeg takes it, with no metadata to keep.
bool is_plain_jpeg(const Picture &in, const Plan &plan)
{
    return plan.format == Format::jpeg && plan.metadata == Metadata::none && (in.bands() == 1 || in.bands() == 3)
           && vips_image_get_format(in.get()) == VIPS_FORMAT_UCHAR;
}

// As libwebp takes it, which has no grey.
Picture for_webp(const Picture &in)
{
    const Picture colour = step(in, [](auto *i, auto **o) {
        return vips_colourspace(i, o, VIPS_INTERPRETATION_sRGB, nullptr);
    });
    const Picture known = step(colour, [&](auto *i, auto **o) {
        return vips_extract_band(i, o, 0, "n", std::min(colour.bands(), 4), nullptr);
    });
    return step(known, [](auto *i, auto **o) { return vips_cast_uchar(i, o, nullptr); });
}

}  // namespace

Image save(const Picture &finished, const Plan &plan, Stop &stop)
{
    if (plan.format == Format::webp) {
        const bool exact = plan.lossless && !plan.near_lossless;
        const int quality = exact ? lossless_webp_effort : plan.quality;
        return encode_webp(in_memory(for_webp(finished), stop), plan, quality, stop);
    }
    if (is_plain_jpeg(finished, plan)) {
        return encode_jpeg(in_memory(finished, stop), plan, stop);
    }

    Picture in = ready_to_save(finished, plan);
    if (plan.format == Format::tiff) {
        in = in_memory(in, stop);                      // its saver does not hear of a stop
    }

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
                                  plan.palette, "Q", plan.quality, "interlace", plan.progressive,
                                  "compression", plan.compression, "filter",
                                  plan.filter ? VIPS_FOREIGN_PNG_FILTER_ALL
                                              : VIPS_FOREIGN_PNG_FILTER_NONE,
                                  nullptr));
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
    case Format::tiff: {
        // JPEG inside would blur the edges of what is transparent
        const bool exact = plan.lossless || vips_image_hasalpha(in.get());
        check(vips_tiffsave_buffer(in.get(), &data, &size, "strip", TRUE, "Q", plan.quality, "compression",
                                   exact ? VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE
                                         : VIPS_FOREIGN_TIFF_COMPRESSION_JPEG,
                                   "predictor", VIPS_FOREIGN_TIFF_PREDICTOR_HORIZONTAL, nullptr));
        break;
    }
    case Format::jxl:
        check(vips_jxlsave_buffer(in.get(), &data, &size, "Q", plan.quality, "strip", TRUE, "effort",
                                  jxl_effort, "lossless", plan.lossless, nullptr));
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

}  // namespace cdn::image

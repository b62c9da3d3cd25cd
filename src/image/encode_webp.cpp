#include "image/encode.h"

#include <memory>

#include <webp/encode.h>

namespace cdn::image {

namespace {

constexpr int effort = 4;                              // 0..6; libvips' default, see save_vips.cpp

// Into libvips' error buffer, where all that went wrong is looked for.
void check_webp(int fine, const char *what)
{
    if (fine == 0) {
        vips_error("libwebp", "%s", what);
        throw VipsFailure();
    }
}

WebPConfig config_of(const Plan &plan, int quality)
{
    WebPConfig config;
    const bool lossless = plan.lossless || plan.near_lossless;
    check_webp(lossless ? WebPConfigInit(&config)
                        : WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, static_cast<float>(quality)),
               "another version than it was built with");

    config.method = effort;
    config.alpha_quality = plan.alpha_quality;
    config.lossless = lossless ? 1 : 0;
    if (plan.lossless) {
        config.quality = static_cast<float>(quality);
    }
    if (plan.near_lossless) {
        config.near_lossless = quality;
    }

    check_webp(WebPValidateConfig(&config), "invalid configuration");
    return config;
}

}  // namespace

Image encode_webp(const Picture &in, const Plan &plan, int quality, Stop &stop)
{
    const WebPConfig config = config_of(plan, quality);

    WebPPicture picture;
    check_webp(WebPPictureInit(&picture), "another version than it was built with");
    const std::unique_ptr<WebPPicture, decltype(&WebPPictureFree)> free_picture(&picture, WebPPictureFree);
    WebPMemoryWriter writer;
    WebPMemoryWriterInit(&writer);
    const std::unique_ptr<WebPMemoryWriter, decltype(&WebPMemoryWriterClear)> free_writer(&writer,
                                                                                          WebPMemoryWriterClear);

    picture.width = in.width();
    picture.height = in.height();
    picture.use_argb = config.lossless;
    picture.writer = WebPMemoryWrite;
    picture.custom_ptr = &writer;
    picture.user_data = &stop;
    picture.progress_hook = [](int, const WebPPicture *p) {
        return static_cast<const Stop *>(p->user_data)->asked() ? 0 : 1;
    };

    const auto *pixels = static_cast<const std::uint8_t *>(vips_image_get_data(in.get()));
    const int stride = in.width() * in.bands();
    check_webp(in.alpha() ? WebPPictureImportRGBA(&picture, pixels, stride)
                          : WebPPictureImportRGB(&picture, pixels, stride),
               "no memory for the picture");
    check_webp(WebPEncode(&config, &picture), "unable to encode");

    Image image;
    image.format = Format::webp;
    image.width = in.width();
    image.height = in.height();
    image.bytes = {reinterpret_cast<std::byte *>(writer.mem), WebPFree};
    image.size = writer.size;
    WebPMemoryWriterInit(&writer);                     // its bytes are the image's now
    return image;
}

}  // namespace cdn::image

#include "image/encode.h"

#include <climits>
#include <memory>

#include <webp/encode.h>
#include <webp/mux.h>

namespace cdn::image {

namespace {

constexpr int effort = 4;                              // 0..6; libvips' default, see save_vips.cpp
constexpr auto other_version = "another version than it was built with";

// As libvips reads animations: what is shorter is shown so long.
constexpr int shortest_delay = 10;                     // ms
constexpr int usual_delay = 100;

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
               other_version);

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

// One of the frames below one another, for libwebp; it asks the Stop while it encodes.
class Frame {
public:
    Frame(const Picture &in, int index, int height, bool lossless, Stop &stop)
    {
        check_webp(WebPPictureInit(&picture), other_version);
        picture.width = in.width();
        picture.height = height;
        picture.use_argb = lossless;
        picture.user_data = &stop;
        picture.progress_hook = [](int, const WebPPicture *p) {
            return static_cast<const Stop *>(p->user_data)->asked() ? 0 : 1;
        };

        const auto *pixels = static_cast<const std::uint8_t *>(vips_image_get_data(in.get()));
        const auto stride = VIPS_IMAGE_SIZEOF_LINE(in.get());
        pixels += stride * static_cast<std::size_t>(height) * static_cast<std::size_t>(index);
        const auto import = in.bands() == 4 ? WebPPictureImportRGBA : WebPPictureImportRGB;
        check_webp(import(&picture, pixels, static_cast<int>(stride)), "no memory for the picture");
    }
    ~Frame() { WebPPictureFree(&picture); }
    Frame(const Frame &) = delete;
    Frame &operator=(const Frame &) = delete;

    WebPPicture picture;
};

void set_bytes(Image &image, std::uint8_t *bytes, std::size_t size)
{
    image.bytes = {reinterpret_cast<std::byte *>(bytes), WebPFree};
    image.size = size;
}

void encode_still(const Picture &in, const WebPConfig &config, Stop &stop, Image &image)
{
    WebPMemoryWriter writer;
    WebPMemoryWriterInit(&writer);
    Frame frame(in, 0, in.height(), config.lossless, stop);
    frame.picture.writer = WebPMemoryWrite;
    frame.picture.custom_ptr = &writer;

    const int encoded = WebPEncode(&config, &frame.picture);
    set_bytes(image, writer.mem, writer.size);
    check_webp(encoded, "unable to encode");
}

void encode_animation(const Picture &in, const Plan &plan, const WebPConfig &config, Stop &stop, Image &image)
{
    WebPAnimEncoderOptions options;
    check_webp(WebPAnimEncoderOptionsInit(&options), other_version);
    options.kmin = INT_MAX - 1;                        // no key frames but where they are smaller
    options.kmax = INT_MAX;
    options.anim_params.loop_count = in.number("loop", 0);

    int *delays = nullptr;
    int count = 0;
    if (in.has("delay")) {
        check(vips_image_get_array_int(in.get(), "delay", &delays, &count));
    }

    const int height = in.height() / plan.frames;
    const std::unique_ptr<WebPAnimEncoder, decltype(&WebPAnimEncoderDelete)> encoder(
        WebPAnimEncoderNew(in.width(), height, &options), WebPAnimEncoderDelete);
    check_webp(encoder != nullptr, "no memory for the animation");

    int time = 0;
    for (int i = 0; i < plan.frames; i++) {
        check_webp(!stop.asked(), "stopped");
        Frame frame(in, i, height, config.lossless, stop);
        check_webp(WebPAnimEncoderAdd(encoder.get(), &frame.picture, time, &config), "unable to encode");
        time += i < count && delays[i] > shortest_delay ? delays[i] : usual_delay;
    }
    check_webp(WebPAnimEncoderAdd(encoder.get(), nullptr, time, nullptr), "unable to encode");

    WebPData data;
    WebPDataInit(&data);
    check_webp(WebPAnimEncoderAssemble(encoder.get(), &data), "unable to encode");
    set_bytes(image, const_cast<std::uint8_t *>(data.bytes), data.size);
}

}  // namespace

Image encode_webp(const Picture &in, const Plan &plan, int quality, Stop &stop)
{
    const WebPConfig config = config_of(plan, quality);

    Image image;
    image.format = Format::webp;
    image.width = plan.canvas_width;
    image.height = plan.canvas_height;
    image.frames = plan.frames;
    if (plan.frames > 1) {
        encode_animation(in, plan, config, stop, image);
    } else {
        encode_still(in, config, stop, image);
    }

    return image;
}

}  // namespace cdn::image

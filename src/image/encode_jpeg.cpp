#include "image/encode.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <jpeglib.h>                                   // after <cstdio>, which it needs

namespace cdn::image {

namespace {

constexpr int all_colour_from = 90;                    // quality; below, a quarter of it

// libjpeg's structures, and where it goes when it gives up.
struct Encoder {
    jpeg_compress_struct info{};
    jpeg_error_mgr       errors{};
    jpeg_progress_mgr    progress{};
    std::jmp_buf         gave_up;
    const Stop          *stop = nullptr;
};

void give_up(j_common_ptr info)
{
    std::longjmp(static_cast<Encoder *>(info->client_data)->gave_up, 1);
}

// Nothing in here has a destructor: libjpeg leaves by longjmp().
bool compress(Encoder &encoder, std::FILE *file, const Picture &in, const Plan &plan)
{
    jpeg_compress_struct &info = encoder.info;
    info.client_data = &encoder;
    info.err = jpeg_std_error(&encoder.errors);
    encoder.errors.error_exit = give_up;
    encoder.errors.emit_message = [](j_common_ptr, int) {};
    if (setjmp(encoder.gave_up) != 0) {
        return false;
    }

    jpeg_create_compress(&info);
    jpeg_stdio_dest(&info, file);
    encoder.progress.progress_monitor = [](j_common_ptr common) {
        if (static_cast<const Encoder *>(common->client_data)->stop->asked()) {
            give_up(common);
        }
    };
    info.progress = &encoder.progress;

    info.image_width = static_cast<JDIMENSION>(in.width());
    info.image_height = static_cast<JDIMENSION>(in.height());
    info.input_components = in.bands();
    info.in_color_space = in.bands() == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, plan.quality, TRUE);
    info.optimize_coding = TRUE;
    info.write_JFIF_header = FALSE;                    // tells but a density that nobody uses
    if (plan.progressive) {
        jpeg_simple_progression(&info);
    }
    if (plan.quality >= all_colour_from) {
        info.comp_info[0].h_samp_factor = 1;
        info.comp_info[0].v_samp_factor = 1;
    }

    jpeg_start_compress(&info, TRUE);
    const std::size_t stride = VIPS_IMAGE_SIZEOF_LINE(in.get());
    auto *pixels = static_cast<JSAMPLE *>(const_cast<void *>(vips_image_get_data(in.get())));
    while (info.next_scanline < info.image_height) {
        JSAMPROW row = pixels + info.next_scanline * stride;
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    return true;
}

}  // namespace

Image encode_jpeg(const Picture &in, const Plan &plan, Stop &stop)
{
    char *bytes = nullptr;
    std::size_t size = 0;
    std::FILE *file = open_memstream(&bytes, &size);
    if (file == nullptr) {
        vips_error("libjpeg", "no memory");
        throw VipsFailure();
    }

    Encoder encoder;
    encoder.stop = &stop;
    bool done = compress(encoder, file, in, plan);
    jpeg_destroy_compress(&encoder.info);
    done = std::fclose(file) == 0 && done;

    Image image;
    image.bytes = {reinterpret_cast<std::byte *>(bytes), std::free};
    if (!done) {
        char text[JMSG_LENGTH_MAX];
        encoder.errors.format_message(reinterpret_cast<j_common_ptr>(&encoder.info), text);
        vips_error("libjpeg", "%s", text);
        throw VipsFailure();
    }

    image.format = Format::jpeg;
    image.width = in.width();
    image.height = in.height();
    image.size = size;
    return image;
}

}  // namespace cdn::image

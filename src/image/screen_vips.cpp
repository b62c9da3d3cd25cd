#include "image/screen_vips.h"

#include <string_view>

namespace cdn::image {

namespace {

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

}  // namespace

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

}  // namespace cdn::image

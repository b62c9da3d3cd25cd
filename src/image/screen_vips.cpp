#include "image/screen_vips.h"

#include <string_view>

namespace cdn::image {

namespace {

using namespace std::string_view_literals;

std::string_view profile_of(const Picture &in)
{
    const void *data = nullptr;
    std::size_t size = 0;
    if (!in.has(VIPS_META_ICC_NAME)) {
        return {};
    }
    if (vips_image_get_blob(in.get(), VIPS_META_ICC_NAME, &data, &size) != 0) {
        vips_error_clear();
        return {};
    }

    return {static_cast<const char *>(data), size};
}

// ICC.1:2022 section 7.2: the data colour space of the profile's header.
bool is_for(std::string_view profile, std::string_view colours)
{
    return profile.size() > 128 && profile.substr(16, 4) == colours;
}

// Device manufacturer and model, of the same header.
bool is_srgb_profile(std::string_view profile)
{
    return profile.size() > 128 && profile.substr(48, 8) == "IEC sRGB"sv;
}

Picture bands(const Picture &in, int first, int count)
{
    return step(in, [&](auto *i, auto **o) { return vips_extract_band(i, o, first, "n", count, nullptr); });
}

// Null: the profile does not work.
Picture by_profile(const Picture &in, bool cmyk)
{
    VipsImage *out = nullptr;
    const int status = cmyk ? vips_icc_transform(in.get(), &out, "srgb", "embedded", TRUE,
                                                 "input_profile", "cmyk", nullptr)
                            : vips_icc_transform(in.get(), &out, "srgb", "embedded", TRUE, nullptr);
    if (status != 0) {
        vips_error_clear();
    }

    return Picture(out);
}

// libvips 8.14 clips an alpha of 16 bits to eight instead of scaling it.
Picture by_profile_but_alpha(const Picture &in, bool cmyk)
{
    if (!in.alpha() || vips_image_get_format(in.get()) != VIPS_FORMAT_USHORT) {
        return by_profile(in, cmyk);
    }

    const int colours = in.bands() - 1;
    const Picture out = by_profile(bands(in, 0, colours), cmyk);
    if (out.get() == nullptr) {
        return {};
    }
    const Picture alpha = step(bands(in, colours, 1), [](auto *i, auto **o) {
        return vips_cast(i, o, VIPS_FORMAT_UCHAR, "shift", TRUE, nullptr);
    });

    return step(out, [&](auto *i, auto **o) { return vips_bandjoin2(i, alpha.get(), o, nullptr); });
}

}  // namespace

Picture to_screen(Picture in)
{
    const VipsInterpretation space = vips_image_guess_interpretation(in.get());
    const bool cmyk = space == VIPS_INTERPRETATION_CMYK;
    const bool grey = in.bands() < 3;
    const auto profile = profile_of(in);

    if (cmyk || (is_for(profile, grey ? "GRAY"sv : "RGB "sv) && !is_srgb_profile(profile))) {
        Picture out = by_profile_but_alpha(in, cmyk);
        if (out.get() != nullptr && !grey) {
            return out;
        }
        if (out.get() != nullptr) {
            return step(out, [](auto *i, auto **o) {
                return vips_colourspace(i, o, VIPS_INTERPRETATION_B_W, nullptr);
            });
        }
        // a profile that does not fit its picture: the numbers stand for themselves
    }

    const auto wanted = grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
    if (space == wanted && vips_image_get_format(in.get()) == VIPS_FORMAT_UCHAR) {
        return in;
    }

    return step(in, [&](auto *i, auto **o) { return vips_colourspace(i, o, wanted, nullptr); });
}

}  // namespace cdn::image

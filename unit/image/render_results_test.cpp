// What the encoders write: sampling, scans, palettes, metadata, nothing else.

#include "pictures.h"

#include <chrono>
#include <optional>
#include <thread>

namespace cdn::image {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

struct JpegFrame {
    int marker = 0;                                    // 0xC0 baseline, 0xC2 progressive
    int sampling = 0;                                  // of the first component, 0x22 is 4:2:0
};

// ITU-T T.81 annex B.
std::optional<JpegFrame> frame_of(std::string_view jpeg)
{
    for (std::size_t at = 2; at + 12 < jpeg.size();) {
        const int marker = static_cast<unsigned char>(jpeg[at + 1]);
        const auto length = static_cast<unsigned char>(jpeg[at + 2]) << 8 | static_cast<unsigned char>(jpeg[at + 3]);
        if (marker >= 0xC0 && marker <= 0xC2) {
            return JpegFrame{marker, static_cast<unsigned char>(jpeg[at + 11])};
        }
        at += 2 + static_cast<std::size_t>(length);
    }

    return std::nullopt;
}

// TIFF 6.0: tag 259 of the first directory of a little-endian file.
int tiff_compression(std::string_view tiff)
{
    const auto number = [&](std::size_t at, int bytes) {
        std::size_t value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | static_cast<unsigned char>(tiff.at(at + static_cast<std::size_t>(i)));
        }
        return value;
    };

    const std::size_t directory = number(4, 4);
    for (std::size_t i = 0; i < number(directory, 2); i++) {
        const std::size_t entry = directory + 2 + 12 * i;
        if (number(entry, 2) == 259) {
            return static_cast<int>(number(entry + 8, 2));
        }
    }

    return 1;
}

class Results : public testing::Test {
protected:
    static void SetUpTestSuite() { start(); }
};

TEST_F(Results, OfJpegAreProgressiveUnlessTinyOrToldNot)
{
    const auto source = encoded(noise(200, 200), ".png");
    const auto marker = [&](Request request) {
        return frame_of(bytes_of(rendered(source, request)))->marker;
    };

    EXPECT_EQ(marker(as(Format::jpeg)), 0xC2);
    EXPECT_EQ(marker(as(Format::jpeg, asked(49, 49))), 0xC0);

    Request request = as(Format::jpeg);
    request.progressive = false;
    EXPECT_EQ(marker(request), 0xC0);
    request = as(Format::jpeg, asked(40, 40));
    request.progressive = true;
    EXPECT_EQ(marker(request), 0xC2);
}

TEST_F(Results, OfJpegKeepAllColourFromQuality90)
{
    const auto source = encoded(noise(100, 100), ".png");
    for (const auto &[quality, sampling] : {std::pair{89, 0x22}, {90, 0x11}, {100, 0x11}}) {
        Request request = as(Format::jpeg);
        request.quality = {false, quality};
        EXPECT_EQ(frame_of(bytes_of(rendered(source, request)))->sampling, sampling) << quality;
    }
}

TEST_F(Results, OfAPaletteAreNotLargerThanInFullColour)
{
    for (const auto &source : {quarters(200, 150), noise(60, 60)}) {
        const auto png = encoded(source, ".png");
        Request request = as(Format::png, asked(50, 0));
        const auto full = rendered(png, request);
        request.palette = true;
        const auto few = rendered(png, request);
        EXPECT_LE(few.size, full.size);
        EXPECT_EQ(bytes_of(few)[25], 3);               // the colour type of IHDR: indexed
    }
}

// What pixels are in: libvips says in a header of its own that there is an Exif block behind.
std::string_view webp_pixels(std::string_view webp)
{
    return webp.substr(webp.substr(12, 4) == "VP8X"sv ? 30 : 12);
}

TEST_F(Results, OfStillWebpAreThoseOfLibvips)
{
    const auto opaque = encoded(noise(100, 70), ".png");
    const auto half = encoded(draw(90, 100, [](int x, int y) { return Pixel{x, y, 200, 50 + x}; }), ".png");
    const auto grey = encoded(draw(80, 60, [](int x, int y) { return Pixel{x + y}; }), ".png");
    for (const auto &source : {opaque, half, grey}) {
        const auto pixels = decoded(source);
        Request request = as(Format::webp);
        request.quality = {false, 33};

        const auto expect_of = [&](const char *suffix) {
            const auto image = rendered(source, request);
            EXPECT_TRUE(webp_pixels(encoded(pixels, suffix)).starts_with(webp_pixels(bytes_of(image)))) << suffix;
            EXPECT_EQ(outcome(image).substr(0, 4), "webp");
        };
        expect_of(".webp[Q=33,strip]");
        request.near_lossless = true;
        expect_of(".webp[Q=33,near_lossless,strip]");
        request.near_lossless = false;
        request.lossless = true;
        expect_of(".webp[Q=50,lossless,strip]");
    }
}

TEST_F(Results, OfMovingWebpAreThoseOfLibvips)
{
    const auto gif = encoded(film(60, 40, {{red, green}, {blue, yellow}, {green, red}}), ".gif");
    const auto frames = decoded(gif, "n=-1");
    for (const bool lossless : {false, true}) {
        Request request = as(Format::webp);
        request.quality = {false, 70};
        request.lossless = lossless;
        const auto image = rendered(gif, request);
        const auto by_libvips = encoded(frames, lossless ? ".webp[Q=50,lossless,strip]" : ".webp[Q=70,strip]");
        EXPECT_TRUE(webp_pixels(by_libvips).starts_with(webp_pixels(bytes_of(image)))) << lossless;
        EXPECT_EQ(outcome(image), "webp 60x40*3");
    }
}

TEST_F(Results, OfJpegAreThoseOfLibvips)
{
    const auto color = encoded(noise(150, 130), ".png");
    const auto grey = encoded(draw(180, 160, [](int x, int y) { return Pixel{x + y / 4}; }), ".png");
    for (const auto &source : {color, grey}) {
        const auto pixels = decoded(source);
        for (const int quality : {1, 33, 89, 90, 100}) {
            for (const bool progressive : {true, false}) {
                Request request = as(Format::jpeg);
                request.quality = {false, quality};
                request.progressive = progressive;
                const auto suffix = ".jpg[optimize_coding,strip,Q=" + std::to_string(quality)
                                    + (progressive ? ",interlace]" : "]");
                EXPECT_EQ(bytes_of(rendered(source, request)), encoded(pixels, suffix)) << suffix;
            }
        }
    }
}

// At whatever moment: nothing is left behind, and nothing half comes out.
TEST_F(Results, AreWholeOrStopped)
{
    const auto still = encoded(noise(100, 100), ".png");
    const auto moving = encoded(film(100, 100, {{red, green}, {blue, yellow}, {green, red}}), ".gif");
    for (const auto &[source, format] : {std::pair(still, Format::jpeg), std::pair(still, Format::webp),
                                         std::pair(moving, Format::webp)}) {
        const auto prepared = prepare(source, as(format, asked(1200, 1200, Fit::cover)), all_inputs, {});
        ASSERT_TRUE(prepared);

        int stopped = 0;
        for (int delay = 0;; delay += 15 + delay / 2) {
            Stop stop;
            const std::jthread later([&] {
                std::this_thread::sleep_for(std::chrono::milliseconds(delay));
                stop.ask();
            });
            const auto image = render(source, *prepared, stop);
            if (image) {
                EXPECT_EQ(image->width, vips_image_get_width(decoded(bytes_of(*image)).get()));
                break;
            }
            ASSERT_EQ(image.error().code, ErrorCode::cancelled);
            stopped++;
        }
        EXPECT_GT(stopped, 0) << name(format);
    }
}

TEST_F(Results, OfTiffAreJpegInsideUnlessThatWouldHarm)
{
    Request request = as(Format::tiff, asked(50, 0));
    const auto opaque = encoded(noise(100, 100), ".png");
    const auto good = rendered(opaque, request);
    EXPECT_EQ(tiff_compression(bytes_of(good)), 7);  // JPEG
    request.quality = {false, 20};
    EXPECT_LT(rendered(opaque, request).size, good.size);

    request.lossless = true;
    EXPECT_EQ(tiff_compression(bytes_of(rendered(opaque, request))), 8);     // Deflate

    const auto half = encoded(draw(100, 100, [](int x, int y) { return Pixel{x, y, 200, 50 + x}; }), ".png");
    const auto image = rendered(half, as(Format::tiff));
    EXPECT_EQ(tiff_compression(bytes_of(image)), 8);
    const auto before = decoded(half);
    const auto after = decoded(bytes_of(image));
    ASSERT_EQ(vips_image_get_bands(after.get()), 4);
    for (const int x : {10, 50, 90}) {
        EXPECT_TRUE(near(pixel(after, x, 50), pixel(before, x, 50), 0)) << x;
    }
}

TEST_F(Results, HoldNothingButThePicture)
{
    const auto picture = noise(60, 60);
    vips_image_set_string(picture.get(), "exif-ifd0-Copyright", "A. Teacher");
    vips_image_set_string(picture.get(), "exif-ifd3-GPSLatitude", "48/1 8/1 30/1");
    const auto words = "<x:xmpmeta>secret place</x:xmpmeta>"s;
    vips_image_set_blob_copy(picture.get(), VIPS_META_XMP_NAME, words.data(), words.size());
    vips_image_set_int(picture.get(), VIPS_META_ORIENTATION, 3);

    for (const char *suffix : {".jpg", ".png", ".webp", ".tif"}) {
        const auto source = encoded(picture, suffix) + "<script>alert(1)</script>PK\3\4";
        for (const Format format :
             written)
        {
            for (const int width : {0, 30}) {
                const auto image = rendered(source, as(format, asked(width, 0)));
                const auto bytes = bytes_of(image);
                for (const auto what : {"<script"sv, "PK\3\4"sv, "Teacher"sv, "secret"sv, "Exif"sv, "GPS"sv}) {
                    EXPECT_EQ(bytes.find(what), bytes.npos) << suffix << ' ' << name(format) << ' ' << what;
                }
                const auto header = decoded(bytes);
                EXPECT_EQ(vips_image_get_orientation(header.get()), 1) << suffix << ' ' << name(format);
            }
        }
    }
}

TEST_F(Results, TellTheOwnerWhereAskedAndNeverThePlace)
{
    const auto picture = noise(60, 60);
    vips_image_set_string(picture.get(), "exif-ifd0-Copyright", "A. Teacher");
    vips_image_set_string(picture.get(), "exif-ifd0-Model", "A Camera");
    vips_image_set_string(picture.get(), "exif-ifd3-GPSLatitude", "48/1 8/1 30/1");
    const auto press = "Photoshop 3.0\0008BIM\x04\x04\0\0\0\0\0\x16\x1C\x02\x5A\0\6Secret\x1C\x02\x74\0\6Agency"s;
    vips_image_set_blob_copy(picture.get(), VIPS_META_IPTC_NAME, press.data(), press.size());
    vips_image_set_int(picture.get(), VIPS_META_ORIENTATION, 6);
    const auto source = encoded(picture, ".jpg");
    ASSERT_NE(source.find("Secret"), source.npos);

    for (const auto metadata : {Metadata::copyright, Metadata::keep}) {
        Request request = as(Format::jpeg, asked(30, 0));
        request.metadata = metadata;
        const auto image = rendered(source, request);
        EXPECT_NE(bytes_of(image).find("Agency"), std::string_view::npos);
        EXPECT_EQ(bytes_of(image).find("Secret"), std::string_view::npos);
        const auto kept = decoded(bytes_of(image));
        const auto has = [&](const char *field) {
            return vips_image_get_typeof(kept.get(), field) != 0;
        };
        EXPECT_TRUE(has("exif-ifd0-Copyright"));
        EXPECT_EQ(has("exif-ifd0-Model"), metadata == Metadata::keep);
        EXPECT_FALSE(has("exif-ifd3-GPSLatitude"));
        EXPECT_EQ(vips_image_get_orientation(kept.get()), 1);
    }
}

}  // namespace
}  // namespace cdn::image

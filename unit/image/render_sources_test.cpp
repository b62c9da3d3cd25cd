// What becomes of sources of every kind: upright once, in a screen's colours, in
// the size asked for.

#include "pictures.h"

namespace cdn::image {
namespace {

using namespace std::string_literals;

Picture converted(const Picture &in, VipsInterpretation space)
{
    VipsImage *out = nullptr;
    must(vips_colourspace(in.get(), &out, space, nullptr));
    return Picture(out);
}

Picture in_profile(const Picture &in, const char *profile)
{
    VipsImage *out = nullptr;
    must(vips_icc_transform(in.get(), &out, profile, "input_profile", "srgb", "embedded", FALSE, nullptr));
    return Picture(out);
}

// One colour, as it is seen; its bands are checked too.
Pixel seen(const std::string &source, Format format = Format::png)
{
    const auto picture = decoded(bytes_of(rendered(source, as(format, asked(20, 20)))));
    EXPECT_EQ(vips_image_get_format(picture.get()), VIPS_FORMAT_UCHAR);
    EXPECT_EQ(vips_image_get_typeof(picture.get(), VIPS_META_ICC_NAME), 0U);
    return pixel(picture, 10, 10);
}

Picture colours(const Picture &in)                     // without transparency
{
    VipsImage *out = nullptr;
    must(vips_extract_band(in.get(), &out, 0, "n", 3, nullptr));
    return Picture(out);
}

// The mean absolute difference of pictures of one size.
double difference(const Picture &one, const Picture &other)
{
    VipsImage *subtracted = nullptr;
    must(vips_subtract(one.get(), other.get(), &subtracted, nullptr));
    const Picture signs(subtracted);
    VipsImage *absolute = nullptr;
    must(vips_abs(signs.get(), &absolute, nullptr));
    const Picture values(absolute);
    double mean = 0;
    must(vips_avg(values.get(), &mean, nullptr));
    return mean;
}

class Sources : public testing::Test {
protected:
    static void SetUpTestSuite() { start(); }
};

TEST_F(Sources, AreTurnedUprightOnceWhateverTheirContainer)
{
    for (const char *suffix : {".jpg", ".webp[lossless]", ".tif", ".avif", ".heic", ".jxl[lossless]"}) {
        for (const int orientation : {3, 6, 8}) {
            const auto stored = quarters(60, 40);
            vips_image_set_int(stored.get(), VIPS_META_ORIENTATION, orientation);
            std::string source;
            try {
                source = encoded(stored, suffix);
            } catch (const std::runtime_error &) {
                continue;                              // libvips without this encoder
            }

            // AVIF, HEIC and JXL tell it in a property of their own, which the
            // encoders of libvips 8.14 do not write: what Exif says counts for nothing
            const bool by_exif = suffix == ".jpg"s || suffix == ".webp[lossless]"s || suffix == ".tif"s;
            const int turned = by_exif ? orientation : 1;
            const auto image = rendered(source, as(Format::png, asked(30, 30)));
            EXPECT_EQ(outcome(image), turned >= 5 ? "png 20x30" : "png 30x20") << suffix << orientation;

            const auto picture = decoded(bytes_of(image));
            const auto &top_left = turned == 3 ? yellow : turned == 6 ? blue : turned == 8 ? green : red;
            EXPECT_TRUE(near(pixel(picture, 3, 3), top_left, 25)) << suffix << orientation;
            EXPECT_EQ(vips_image_get_orientation(picture.get()), 1);
        }
    }
}

// One quarter turn to the left, as a property of the item: ISO/IEC 23008-12
// section 6.5.10.  The property is put after av1C, and takes part in the item.
std::string with_irot(std::string avif)
{
    const auto grow = [&](const char *box, std::uint32_t by) {
        const auto at = avif.find(box) - 4;
        std::uint32_t size = 0;
        for (int i = 0; i < 4; i++) {
            size = size << 8 | static_cast<unsigned char>(avif[at + i]);
        }
        avif.replace(at, 4, big_endian(size + by));
    };
    const auto size_of = [&](std::size_t at) {
        std::uint32_t size = 0;
        for (int i = 0; i < 4; i++) {
            size = size << 8 | static_cast<unsigned char>(avif[at + i]);
        }
        return size;
    };

    // the properties there are, to know the number of the new one
    const auto ipco = avif.find("ipco") - 4;
    int count = 0;
    for (auto at = ipco + 8; at < ipco + size_of(ipco); at += size_of(at)) {
        count++;
    }

    const auto ipma = avif.find("ipma");
    const auto associations = ipma + 4 + 4 + 4 + 2;    // version and flags, entries, item
    avif[associations]++;
    avif.insert(associations + 1 + static_cast<unsigned char>(avif[associations]) - 1,
                1, static_cast<char>(0x80 | (count + 1)));
    avif.insert(ipco + size_of(ipco), big_endian(9) + "irot" + "\x01");

    grow("ipma", 1);
    grow("ipco", 9);
    grow("iprp", 10);
    grow("meta", 10);

    // the data moved: base offsets in iloc, of items of 18 bytes
    const auto iloc = avif.find("iloc") - 4;
    for (auto item = iloc + 16; item < iloc + size_of(iloc); item += 18) {
        avif.replace(item + 4, 4, big_endian(size_of(item + 4) + 10));
    }
    return avif;
}

TEST_F(Sources, ObeyTheRotationOfAnAvifOnce)
{
    const auto source = with_irot(encoded(quarters(64, 32), ".avif[Q=90]"));
    const auto image = rendered(source, as(Format::png, asked(0, 0)));
    ASSERT_EQ(outcome(image), "png 32x64");

    const auto picture = decoded(bytes_of(image));
    EXPECT_TRUE(near(pixel(picture, 8, 8), green, 30));
    EXPECT_TRUE(near(pixel(picture, 8, 56), red, 30));

    Request part = as(Format::png, asked(0, 0));
    part.trim.bottom = 32;
    EXPECT_TRUE(near(pixel(decoded(bytes_of(rendered(source, part))), 8, 24), green, 30));
}

TEST_F(Sources, AreCutAfterTheyAreUpright)
{
    const auto upright = draw(60, 90, [](int x, int y) { return Pixel{4 * x, 2 * y, 128}; });
    const auto expected =
        decoded(bytes_of(rendered(encoded(upright, ".png"), as(Format::png, asked(30, 30, Fit::cover)))));

    VipsImage *turned = nullptr;                       // stored so that 6 turns it upright
    must(vips_rot(upright.get(), &turned, VIPS_ANGLE_D270, nullptr));
    const Picture stored(turned);
    vips_image_set_int(stored.get(), VIPS_META_ORIENTATION, 6);
    const auto got = decoded(bytes_of(
        rendered(encoded(stored, ".jpg[Q=100]"), as(Format::png, asked(30, 30, Fit::cover)))));

    EXPECT_LT(difference(expected, got), 3);
}

TEST_F(Sources, OfWideGamutBecomeSrgb)
{
    const Pixel color{200, 100, 50};
    const auto wide = in_profile(plain(40, 40, color), "p3");
    const auto stored = pixel(wide, 10, 10);
    ASSERT_FALSE(near(stored, color, 8));              // the same colour, other numbers

    for (const char *suffix : {".png", ".jpg[Q=100]", ".webp[lossless]", ".tif", ".avif[lossless]", ".jxl[lossless]"}) {
        EXPECT_TRUE(near(seen(encoded(wide, suffix)), color, 4)) << suffix;
    }

    // without its profile the numbers stand for themselves
    VipsImage *bare = nullptr;
    must(vips_copy(wide.get(), &bare, nullptr));
    const Picture untold(bare);
    vips_image_remove(untold.get(), VIPS_META_ICC_NAME);
    EXPECT_TRUE(near(seen(encoded(untold, ".png")), stored, 1));
}

TEST_F(Sources, KeepTheirNumbersWhereAProfileDoesNotFit)
{
    const auto picture = plain(40, 40, {200, 100, 50});
    const auto nonsense = "no profile at all, but of some length: 0123456789 0123456789 0123456789"s;
    vips_image_set_blob_copy(picture.get(), VIPS_META_ICC_NAME, nonsense.data(), nonsense.size());
    EXPECT_TRUE(near(seen(encoded(picture, ".tif")), {200, 100, 50}, 2));
}

// Of one curve, value^gamma, for grey alone: ICC.1:2022 sections 7 and 10.6.
std::string grey_profile(int gamma)
{
    const auto white = big_endian(0xF6D6) + big_endian(0x10000) + big_endian(0xD32D);
    const auto curve = "curv"s + big_endian(0) + big_endian(1) + static_cast<char>(gamma) + "\0\0\0"s;
    const std::string media = "XYZ "s + big_endian(0) + white;
    const std::uint32_t start = 128 + 4 + 2 * 12;
    const auto tags = big_endian(2) + "wtpt" + big_endian(start) + big_endian(20) + "kTRC"
                      + big_endian(start + 20) + big_endian(16) + media + curve;

    return big_endian(static_cast<std::uint32_t>(128 + tags.size())) + "test" + big_endian(0x02400000)
           + "mntrGRAYXYZ " + std::string(12, '\0') + "acsp" + std::string(28, '\0') + white
           + std::string(48, '\0') + tags;
}

std::string with_profile(std::string jpeg, const std::string &profile)
{
    const auto segment = "ICC_PROFILE\0\1\1"s + profile;
    return jpeg.insert(2, "\xFF\xE2" + big_endian(static_cast<std::uint32_t>(segment.size() + 2)).substr(2) + segment);
}

TEST_F(Sources, OfGreyObeyTheirProfile)
{
    const auto bare = encoded(plain(40, 40, {128}), ".jpg[Q=95]");
    EXPECT_TRUE(near(seen(bare), {128}, 1));

    const auto linear = seen(with_profile(bare, grey_profile(1)));      // 0.502 of the light
    ASSERT_EQ(linear.size(), 1U);
    EXPECT_TRUE(near(linear, {188}, 2));
}

TEST_F(Sources, OfColourIgnoreAProfileForGrey)
{
    const auto source = with_profile(encoded(plain(40, 40, {200, 100, 50}), ".jpg[Q=100]"), grey_profile(1));
    const auto got = seen(source);
    ASSERT_EQ(got.size(), 3U);
    EXPECT_TRUE(near(got, {200, 100, 50}, 3));
}

TEST_F(Sources, OfCmykBecomeSrgb)
{
    const Pixel color{180, 90, 60};
    const auto cmyk = in_profile(plain(40, 40, color), "cmyk");
    EXPECT_TRUE(near(seen(encoded(cmyk, ".jpg[Q=95]")), color, 25));
    EXPECT_TRUE(near(seen(encoded(cmyk, ".tif")), color, 25));

    // a JPEG stores the inverse, as Adobe does, also where no APP14 says so
    auto adobe = encoded(cmyk, ".jpg[Q=95]");
    const auto marker = adobe.find("\xFF\xEE");
    ASSERT_EQ(adobe.substr(marker + 4, 5), "Adobe");
    adobe.erase(marker, 16);
    EXPECT_TRUE(near(seen(adobe), color, 25));
}

TEST_F(Sources, OfManyBitsAndOfLabBecomeEightBitsOfSrgb)
{
    const Pixel color{200, 100, 50};
    const auto deep = converted(plain(40, 40, color), VIPS_INTERPRETATION_RGB16);
    EXPECT_EQ(prepare(encoded(deep, ".png"), asked(0, 0), all_inputs, {})->source.pixel_bytes, 6);
    for (const char *suffix : {".png", ".tif"}) {
        EXPECT_TRUE(near(seen(encoded(deep, suffix)), color, 1)) << suffix;
    }

    const auto grey = converted(plain(40, 40, {200}), VIPS_INTERPRETATION_GREY16);
    EXPECT_EQ(seen(encoded(grey, ".png")), Pixel{200});
    EXPECT_TRUE(near(seen(encoded(converted(plain(40, 40, color), VIPS_INTERPRETATION_LAB), ".tif")),
                     color, 3));
    EXPECT_TRUE(near(seen(encoded(converted(plain(40, 40, color), VIPS_INTERPRETATION_scRGB), ".tif")),
                     color, 3));
}

TEST_F(Sources, OfDeepTransparencyKeepIt)
{
    const auto deep = converted(plain(40, 40, {200, 100, 50, 128}), VIPS_INTERPRETATION_RGB16);
    const auto got = seen(encoded(deep, ".png"));
    ASSERT_EQ(got.size(), 4U);
    EXPECT_TRUE(near(got, {200, 100, 50, 128}, 2));
}

TEST_F(Sources, OfDeepTransparencyKeepItInAWideGamut)
{
    const Pixel color{200, 100, 50};
    VipsImage *out = nullptr;
    must(vips_icc_transform(plain(40, 40, color).get(), &out, "p3", "input_profile", "srgb", "embedded", FALSE,
                            "depth", 16, nullptr));
    const Picture wide(out);
    must(vips_bandjoin_const1(wide.get(), &out, 128 * 257, nullptr));
    const Picture source(out);

    const auto got = seen(encoded(source, ".png"));
    ASSERT_EQ(got.size(), 4U);
    EXPECT_TRUE(near(got, {200, 100, 50, 128}, 2));
}

// As image editors write it: three bytes for a pixel, that libvips packs into four.
TEST_F(Sources, OfLabInBytesAreUnpackedBeforeTheyAreResized)
{
    const auto lab = converted(quarters(64, 64), VIPS_INTERPRETATION_LAB);
    const auto source = encoded(converted(lab, VIPS_INTERPRETATION_LABQ), ".tif");
    ASSERT_EQ(vips_image_get_coding(decoded(source).get()), VIPS_CODING_LABQ);

    for (const int width : {0, 16}) {
        const auto picture = decoded(bytes_of(rendered(source, as(Format::png, asked(width, 0)))));
        ASSERT_EQ(vips_image_get_bands(picture.get()), 3);
        EXPECT_TRUE(near(pixel(picture, 3, 3), red, 25)) << width;
        EXPECT_TRUE(near(pixel(picture, 3, vips_image_get_height(picture.get()) - 4), blue, 25)) << width;
    }
}

TEST_F(Sources, MayBeBigTiff)
{
    const auto source = encoded(plain(40, 40, red), ".tif[bigtiff]");
    ASSERT_EQ(source.substr(0, 4), "II+\0"s);
    EXPECT_TRUE(near(seen(source), red, 1));
}

TEST_F(Sources, OfFewColoursAndOfGreyAreRead)
{
    EXPECT_TRUE(near(seen(encoded(plain(40, 40, {200, 100, 50}), ".png[palette]")), {200, 100, 50}, 2));
    EXPECT_EQ(seen(encoded(plain(40, 40, {255}), ".png[bitdepth=1]")), Pixel{255});

    const auto ghost = encoded(plain(40, 40, {200, 100}), ".png");      // grey, and its alpha
    EXPECT_TRUE(near(seen(ghost), {200, 100}, 3));
    EXPECT_TRUE(near(seen(ghost, Format::webp), {200, 200, 200, 100}, 4));
    EXPECT_TRUE(near(seen(ghost, Format::jpeg), {233}, 3));             // 255 - (255 - 200) * 100 / 255
    EXPECT_TRUE(near(seen(encoded(plain(40, 40, {200}), ".jpg"), Format::avif), {200, 200, 200}, 4));
}

TEST_F(Sources, OfOnePixelFitEveryBoxInEveryFormat)
{
    const auto dot = encoded(plain(1, 1, red), ".png");
    for (const Format format : written) {
        EXPECT_EQ(outcome(rendered(dot, as(format, asked(300, 300)))), std::string(name(format)) + " 1x1");
        EXPECT_EQ(outcome(rendered(dot, as(format, asked(30, 20, Fit::cover)))),
                  std::string(name(format)) + " 30x20");
        EXPECT_EQ(outcome(rendered(dot, as(format, asked(30, 20, Fit::pad)))),
                  std::string(name(format)) + " 30x20");
    }
    for (const char *suffix : {".jpg", ".webp", ".gif", ".tif", ".avif"}) {
        const auto image = rendered(encoded(plain(1, 1, red), suffix), as(Format::png, asked(8, 8, Fit::contain)));
        EXPECT_EQ(outcome(image), "png 8x8") << suffix;
        EXPECT_TRUE(near(pixel(decoded(bytes_of(image)), 4, 4), red, 8)) << suffix;
    }
}

TEST_F(Sources, MayBeVeryTallOrVeryWide)
{
    const auto wide = draw(9000, 3, [](int x, int) { return x < 4500 ? red : blue; });
    VipsImage *turned = nullptr;
    must(vips_rot(wide.get(), &turned, VIPS_ANGLE_D90, nullptr));
    const Picture tall(turned);

    for (const char *suffix : {".jpg[Q=95]", ".png", ".webp[lossless]"}) {
        const auto source = encoded(wide, suffix);
        const auto narrow = rendered(source, as(Format::png, asked(90, 90)));
        EXPECT_EQ(outcome(narrow), "png 90x1") << suffix;
        EXPECT_TRUE(near(pixel(decoded(bytes_of(narrow)), 10, 0), red)) << suffix;
        EXPECT_TRUE(near(pixel(decoded(bytes_of(narrow)), 80, 0), blue)) << suffix;

        EXPECT_EQ(outcome(rendered(encoded(tall, suffix), as(Format::png, asked(90, 90)))), "png 1x90")
            << suffix;
        Request end = as(Format::png, asked(3, 3, Fit::cover));
        end.gravity.x = 1;
        EXPECT_TRUE(near(pixel(decoded(bytes_of(rendered(source, end))), 1, 1), blue)) << suffix;
    }

    // enlarged a hundred times, and all but a thousandth cut off: red, blue, and where they meet
    const auto thread = encoded(draw(1, 9000, [](int, int y) { return y < 4500 ? red : blue; }), ".png");
    Request middle = as(Format::png, asked(100, 400, Fit::cover));
    const Picture seam = decoded(bytes_of(rendered(thread, middle)));
    EXPECT_EQ(std::pair(vips_image_get_width(seam.get()), vips_image_get_height(seam.get())), std::pair(100, 400));
    EXPECT_TRUE(near(pixel(seam, 50, 120), red, 3));
    EXPECT_TRUE(near(pixel(seam, 50, 280), blue, 3));
    middle.gravity.y = 0;
    EXPECT_TRUE(near(pixel(decoded(bytes_of(rendered(thread, middle))), 99, 399), red, 3));

    // longer than WebP or AVIF can be
    const auto scroll = encoded(plain(2, 17000, red), ".png");
    for (const Format format : {Format::webp, Format::avif}) {
        EXPECT_EQ(outcome(rendered(scroll, as(format))), "png 2x17000") << name(format);
    }
}

TEST_F(Sources, OfHeicAreRead)
{
    std::string source;
    try {
        source = encoded(quarters(64, 64), ".heic[Q=90]");
    } catch (const std::runtime_error &) {
        GTEST_SKIP() << "libheif has no HEVC encoder";
    }

    const auto image = rendered(source, asked(32, 0));
    EXPECT_EQ(outcome(image), "jpeg 32x32");           // what every client shows
    EXPECT_TRUE(near(pixel(decoded(bytes_of(image)), 5, 5), red, 25));
}

// Every frame as if it were alone: no neighbour shines over its edges.
TEST_F(Sources, ThatMoveAreResizedFrameByFrame)
{
    const auto frame = [](int number) {
        return draw(61, 47, [=](int x, int y) {
            return Pixel{number * 85, (x * 4) % 256, (y * 5) % 256};
        });
    };
    const Picture strip = draw(61, 47 * 4, [](int x, int y) {
        return Pixel{y / 47 * 85, (x * 4) % 256, (y % 47 * 5) % 256};
    });
    vips_image_set_int(strip.get(), VIPS_META_PAGE_HEIGHT, 47);
    const auto source = encoded(strip, ".webp[lossless]");

    for (const int width : {60, 40, 25, 10, 3, 122}) {
        Request request = as(Format::webp, asked(width, 0, Fit::contain));
        request.lossless = true;
        const auto film = colours(decoded(bytes_of(rendered(source, request)), "n=-1"));
        const int height = vips_image_get_height(film.get()) / 4;

        for (int i = 0; i < 4; i++) {
            const auto alone =
                colours(decoded(bytes_of(rendered(encoded(frame(i), ".webp[lossless]"), request))));
            VipsImage *cut = nullptr;
            must(vips_extract_area(film.get(), &cut, 0, i * height, vips_image_get_width(film.get()),
                                   height, nullptr));
            const Picture part(cut);
            ASSERT_EQ(vips_image_get_height(alone.get()), height);

            VipsImage *subtracted = nullptr;
            must(vips_subtract(alone.get(), part.get(), &subtracted, nullptr));
            const Picture signs(subtracted);
            double lowest = 0;
            double highest = 0;
            must(vips_min(signs.get(), &lowest, nullptr));
            must(vips_max(signs.get(), &highest, nullptr));
            // twice rounded instead of once, and a decoder that scales
            EXPECT_LE(std::max(-lowest, highest), 12) << width << ", frame " << i;
        }
    }
}

}  // namespace
}  // namespace cdn::image

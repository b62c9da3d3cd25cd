// Pictures are made through libvips, rendered, and read back through libvips.

#include "image/bare.h"
#include "pictures.h"

#include <atomic>
#include <thread>

namespace cdn::image {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

class Render : public testing::Test {
protected:
    static void SetUpTestSuite() { start(); }
};

TEST_F(Render, WritesEveryFormatInTheSizeAskedFor)
{
    const auto source = encoded(quarters(120, 80), ".png");
    for (const Format format : written) {
        const auto image = rendered(source, as(format, asked(60, 0)));
        EXPECT_EQ(outcome(image), std::string(name(format)) + " 60x40");
        if (format != Format::avif && format != Format::jxl) {    // the others: decoded without loss of place
            const auto picture = decoded(bytes_of(image));
            EXPECT_TRUE(near(pixel(picture, 5, 5), red)) << name(format);
            EXPECT_TRUE(near(pixel(picture, 54, 34), yellow)) << name(format);
        }
    }
}

TEST_F(Render, ReadsEveryFormat)
{
    for (const char *suffix : {".jpg", ".jpg[interlace]", ".png", ".png[interlace]", ".webp",
                               ".webp[lossless]", ".gif", ".tif", ".avif", ".jxl"})
    {
        const auto image = rendered(encoded(quarters(120, 80), suffix), as(Format::png, asked(60, 0)));
        EXPECT_EQ(outcome(image), "png 60x40") << suffix;

        const auto picture = decoded(bytes_of(image));
        EXPECT_TRUE(near(pixel(picture, 5, 5), red)) << suffix;
        EXPECT_TRUE(near(pixel(picture, 54, 34), yellow)) << suffix;
    }
}

TEST_F(Render, FitsAsPlanned)
{
    struct Row {
        Fit         fit;
        int         width;
        int         height;
        const char *outcome;
    };
    const auto source = encoded(quarters(108, 72), ".png");
    for (const auto &[fit, width, height, expected] :
         {Row{Fit::scale_down, 50, 50, "png 50x33"}, Row{Fit::scale_down, 200, 200, "png 108x72"},
          Row{Fit::contain, 216, 216, "png 216x144"}, Row{Fit::cover, 150, 150, "png 150x150"},
          Row{Fit::crop, 130, 130, "png 108x72"}, Row{Fit::crop, 50, 50, "png 50x50"},
          Row{Fit::pad, 50, 50, "png 50x50"}, Row{Fit::squeeze, 20, 90, "png 20x90"}})
    {
        EXPECT_EQ(outcome(rendered(source, asked(width, height, fit))), expected)
            << static_cast<int>(fit);
    }
}

TEST_F(Render, HitsOddSizesThroughEveryShrinkOnLoad)
{
    const auto jpeg = encoded(quarters(1001, 703), ".jpg");
    const auto webp = encoded(quarters(1001, 703), ".webp");
    for (const int width : {1000, 501, 500, 251, 250, 126, 125, 7, 1}) {
        const int height = std::max(1, static_cast<int>(std::lround(703.0 * width / 1001)));
        const auto size = std::to_string(width) + 'x' + std::to_string(height);
        EXPECT_EQ(outcome(rendered(jpeg, asked(width, 0))), "jpeg " + size);
        EXPECT_EQ(outcome(rendered(webp, asked(width, 0))), "webp " + size);
    }
}

// libvips 8.14 aborts where a shrinking decoder would leave no line.
TEST_F(Render, ShrinksAJpegOfFewLines)
{
    EXPECT_EQ(outcome(rendered(encoded(plain(9000, 3, red), ".jpg"), asked(90, 90))), "jpeg 90x1");
    EXPECT_EQ(outcome(rendered(encoded(plain(7, 9000, red), ".jpg"), asked(90, 90))), "jpeg 1x90");
}

TEST_F(Render, CutsWhereGravityPoints)
{
    const auto source = encoded(draw(90, 30, [](int x, int) { return x < 30 ? red
                                                                     : x < 60 ? green : blue; }),
                                ".png");
    for (const auto &[x, color] : {std::pair{0.0, red}, {0.5, green}, {1.0, blue}}) {
        Request request = asked(30, 30, Fit::cover);
        request.gravity.x = x;
        const auto picture = decoded(bytes_of(rendered(source, request)));
        EXPECT_TRUE(near(pixel(picture, 1, 15), color)) << x;
        EXPECT_TRUE(near(pixel(picture, 28, 15), color)) << x;
    }
}

TEST_F(Render, CutsWhereTheContentIs)
{
    const auto source = encoded(draw(300, 60, [](int x, int y) {
        return x >= 240 && (x / 4 + y / 4) % 2 == 0 ? red : Pixel{128, 128, 128};
    }), ".png");

    for (const auto kind : {Gravity::Kind::attention, Gravity::Kind::entropy}) {
        Request request = asked(60, 60, Fit::cover);
        request.gravity.kind = kind;
        const auto image = rendered(source, request);
        EXPECT_EQ(outcome(image), "png 60x60");
        EXPECT_TRUE(near(pixel(decoded(bytes_of(image)), 41, 2), red)
                    || near(pixel(decoded(bytes_of(image)), 45, 2), red));
    }
}

TEST_F(Render, PadsWithTheBackground)
{
    Request request = asked(40, 40, Fit::pad);
    request.background = Color{0, 0, 255, 255};

    for (const Format format : {Format::jpeg, Format::png}) {
        for (const auto &source : {plain(40, 20, red), plain(40, 20, {200})}) {    // grey takes colour too
            const auto picture = decoded(bytes_of(
                rendered(encoded(source, ".png"), as(format, request))));
            EXPECT_TRUE(near(pixel(picture, 20, 2), blue)) << name(format);
            EXPECT_TRUE(near(pixel(picture, 20, 37), blue)) << name(format);
            EXPECT_FALSE(near(pixel(picture, 20, 20), blue)) << name(format);
        }
    }
}

TEST_F(Render, PadsWithTransparencyWhereTheFormatHasIt)
{
    Request request = asked(40, 40, Fit::pad);
    request.background = Color{0, 0, 0, 0};
    const auto source = encoded(plain(40, 20, red), ".png");

    const auto png = decoded(bytes_of(rendered(source, as(Format::png, request))));
    EXPECT_EQ(pixel(png, 20, 2).at(3), 0);
    EXPECT_EQ(pixel(png, 20, 20).at(3), 255);

    const auto jpeg = decoded(bytes_of(rendered(source, as(Format::jpeg, request))));
    EXPECT_TRUE(near(pixel(jpeg, 20, 2), white_pixel));
    EXPECT_TRUE(near(pixel(jpeg, 20, 20), red));
}

TEST_F(Render, LaysTransparencyOnItsBackground)
{
    const auto source = encoded(plain(20, 20, {255, 0, 0, 0}), ".png");

    EXPECT_TRUE(near(pixel(decoded(bytes_of(rendered(source, as(Format::jpeg)))), 10, 10), white_pixel));

    Request request = as(Format::jpeg);
    request.background = Color{0, 0, 255, 255};
    EXPECT_TRUE(near(pixel(decoded(bytes_of(rendered(source, request))), 10, 10), blue));

    request.format.formats = {Format::png};
    EXPECT_TRUE(near(pixel(decoded(bytes_of(rendered(source, request))), 10, 10), blue));
    EXPECT_EQ(pixel(decoded(bytes_of(rendered(source, asked(0, 0)))), 10, 10).at(3), 0);
}

TEST_F(Render, LaysTransparencyOnAColourThatIsItselfHalfTransparent)
{
    const Pixel red_and_opaque{255, 0, 0, 255};
    Request request = as(Format::png, asked(40, 40, Fit::pad));
    request.background = Color{0, 0, 255, 102};

    const auto through = decoded(bytes_of(rendered(encoded(plain(40, 20, {255, 0, 0, 0}), ".png"), request)));
    EXPECT_TRUE(near(pixel(through, 20, 20), {0, 0, 255, 102}));
    EXPECT_TRUE(near(pixel(through, 20, 2), {0, 0, 255, 102})) << "around it the same";

    const auto half = decoded(bytes_of(rendered(encoded(plain(40, 20, {255, 0, 0, 128}), ".png"), request)));
    EXPECT_TRUE(near(pixel(half, 20, 20), {182, 0, 73, 179}));

    const auto whole = decoded(bytes_of(rendered(encoded(plain(40, 20, {255, 0, 0, 255}), ".png"), request)));
    EXPECT_TRUE(near(pixel(whole, 20, 20), {255, 0, 0, 255}));

    const auto grey = decoded(bytes_of(rendered(encoded(plain(40, 20, {200, 0}), ".png"), request)));
    EXPECT_TRUE(near(pixel(grey, 20, 20), {0, 0, 255, 102}));

    request.format.formats = {Format::webp};
    const auto film_of_two = film(40, 20, {{{255, 0, 0, 0}, red_and_opaque}, {red_and_opaque, {0, 0, 0, 0}}});
    const auto animated = decoded(bytes_of(rendered(encoded(film_of_two, ".webp[lossless]"), request)), "[n=-1]");
    EXPECT_EQ(animated.get() == nullptr ? 0 : vips_image_get_height(animated.get()), 80);
    EXPECT_TRUE(near(pixel(animated, 10, 20), {0, 0, 255, 102}));
    EXPECT_TRUE(near(pixel(animated, 10, 60), red_and_opaque));
}

TEST_F(Render, LeavesNoDarkFringeAroundTransparency)
{
    const auto disc = encoded(draw(90, 90, [](int x, int y) {
        return std::hypot(x - 45, y - 45) < 40 ? Pixel{255, 255, 255, 255} : Pixel{0, 0, 0, 0};
    }), ".png");

    const auto picture = decoded(bytes_of(rendered(disc, asked(31, 0))));
    int edge_pixels = 0;
    for (int y = 0; y < 31; y++) {
        for (int x = 0; x < 31; x++) {
            const auto p = pixel(picture, x, y);
            if (p.at(3) > 32 && p.at(3) < 224) {
                edge_pixels++;
                EXPECT_TRUE(near(p, white_pixel, 8)) << x << ',' << y;
            }
        }
    }
    EXPECT_GT(edge_pixels, 20);
}

TEST_F(Render, CutsEdgesOfAColourOffTransparentPicturesToo)
{
    const auto size = [](const Picture &picture, std::optional<Color> color) {
        Request request = asked(0, 0);
        request.edges = PlainEdges{10, color};
        const Image image = rendered(encoded(picture, ".png"), request);
        return std::to_string(image.width) + 'x' + std::to_string(image.height);
    };
    const auto framed = [](const Pixel &frame, const Pixel &inside) {
        return draw(40, 30, [=](int x, int y) { return x < 5 || x >= 30 || y < 5 || y >= 25 ? frame : inside; });
    };
    const Color blue_edges{0, 0, 255, 255};

    EXPECT_EQ(size(framed({0, 0, 255, 255}, {255, 0, 0, 255}), blue_edges), "25x20");
    EXPECT_EQ(size(framed({0, 0, 255, 255}, {255, 0, 0, 100}), blue_edges), "25x20");
    EXPECT_EQ(size(framed({9, 9, 9, 0}, {255, 0, 0, 255}), blue_edges), "25x20");
    EXPECT_EQ(size(framed({9, 9, 9, 255}, {255, 0, 0, 255}), blue_edges), "40x30");

    EXPECT_EQ(size(framed({9, 9, 9, 0}, {0, 0, 0, 255}), transparent), "25x20");
    EXPECT_EQ(size(framed({0, 0, 0, 255}, {9, 9, 9, 0}), transparent), "40x30");
    EXPECT_EQ(size(framed(blue, red), transparent), "40x30");
}

TEST_F(Render, CutsEdgesOffTheSmallestPictures)
{
    const auto size = [](const Picture &picture) {
        Request request = asked(0, 0);
        request.edges.emplace();
        const Image image = rendered(encoded(picture, ".png"), request);
        return std::to_string(image.width) + 'x' + std::to_string(image.height);
    };
    const auto band = [](int at) { return at >= 5 && at < 30 ? red : blue; };

    EXPECT_EQ(size(plain(1, 1, red)), "1x1");
    EXPECT_EQ(size(plain(2, 2, {255, 0, 0, 0})), "2x2");
    EXPECT_EQ(size(draw(40, 1, [&](int x, int) { return band(x); })), "25x1");
    EXPECT_EQ(size(draw(2, 40, [&](int, int y) { return band(y); })), "2x25");
    EXPECT_EQ(size(draw(2, 1, [&](int x, int) { return x == 0 ? blue : red; })), "1x1");
}

// An edge becomes the integral of a Gaussian, whatever the width of it.
TEST_F(Render, BlursAsWidelyAsAsked)
{
    const auto edge = encoded(draw(400, 100, [](int x, int) { return x < 200 ? black : white_pixel; }), ".png");
    for (const double sigma : {5.0, 15.0, 16.0, 40.0}) {
        Request request = as(Format::png);
        request.adjust.blur = sigma;
        const auto seen = decoded(bytes_of(rendered(edge, request)));
        ASSERT_EQ(vips_image_get_width(seen.get()), 400);
        ASSERT_EQ(vips_image_get_height(seen.get()), 100);
        for (int x = 0; x < 400; x += 7) {
            const double expected = 255 * (1 + std::erf((x + 0.5 - 200) / sigma / std::sqrt(2.0))) / 2;
            EXPECT_NEAR(pixel(seen, x, 50)[0], expected, 12) << sigma << " at " << x;   // libvips cuts its tails off
        }
    }
}

TEST_F(Render, BlursTransparencyFramesAndStripsWidely)
{
    const auto blurred = [](const Picture &picture, const char *suffix, Format format) {
        Request request = as(format);
        request.adjust.blur = 250;
        return decoded(bytes_of(rendered(encoded(picture, suffix), request)), format == Format::gif ? "[n=-1]" : "");
    };

    const auto alpha = blurred(plain(90, 40, {200, 100, 50, 128}), ".png", Format::png);
    EXPECT_TRUE(near(pixel(alpha, 45, 20), {200, 100, 50, 128}, 3));
    const auto frames = blurred(film(40, 30, {{red, red}, {blue, blue}}), ".gif", Format::gif);
    EXPECT_EQ(vips_image_get_height(frames.get()), 60);
    EXPECT_TRUE(near(pixel(frames, 20, 29), red, 3));
    EXPECT_TRUE(near(pixel(frames, 20, 30), blue, 3));
    const auto strip = blurred(plain(1000, 1, green), ".png", Format::png);
    EXPECT_EQ(vips_image_get_width(strip.get()), 1000);
    EXPECT_TRUE(near(pixel(strip, 999, 0), green, 3));
}

TEST_F(Render, TurnsEveryOrientationUpright)
{
    // where the stored top left and top right quarters are seen: EXIF 2.32 section 4.6.4
    struct Row {
        int  orientation;
        bool left_at_right, left_at_bottom;
        bool right_at_right, right_at_bottom;
    };
    const Row rows[] = {
        {1, false, false, true, false}, {2, true, false, false, false}, {3, true, true, false, true},
        {4, false, true, true, true},   {5, false, false, false, true}, {6, true, false, true, true},
        {7, true, true, true, false},   {8, false, true, false, false},
    };

    for (const auto &row : rows) {
        const auto stored = quarters(60, 40);
        vips_image_set_int(stored.get(), VIPS_META_ORIENTATION, row.orientation);
        const auto image = rendered(encoded(stored, ".jpg"), as(Format::png, asked(30, 30)));

        const bool turned = row.orientation >= 5;
        EXPECT_EQ(outcome(image), turned ? "png 20x30" : "png 30x20") << row.orientation;

        const auto picture = decoded(bytes_of(image));
        const auto at = [&](bool right, bool bottom) {
            return pixel(picture, right ? image.width - 4 : 3, bottom ? image.height - 4 : 3);
        };
        EXPECT_TRUE(near(at(row.left_at_right, row.left_at_bottom), red, 25)) << row.orientation;
        EXPECT_TRUE(near(at(row.right_at_right, row.right_at_bottom), green, 25)) << row.orientation;
        EXPECT_EQ(vips_image_get_orientation(picture.get()), 1) << row.orientation;
    }
}

TEST_F(Render, KeepsFramesDelaysAndLoops)
{
    const auto source = encoded(film(40, 20, {{red, red}, {blue, blue}, {green, green}}), ".gif");
    for (const Format format : {Format::gif, Format::webp}) {
        const auto image = rendered(source, as(format, asked(20, 0)));
        EXPECT_EQ(outcome(image), std::string(name(format)) + " 20x10*3");

        const auto picture = decoded(bytes_of(image), "n=-1");
        int *delays = nullptr;
        int count = 0;
        int loop = 0;
        must(vips_image_get_array_int(picture.get(), "delay", &delays, &count));
        must(vips_image_get_int(picture.get(), "loop", &loop));
        EXPECT_EQ(std::vector(delays, delays + count), (std::vector{100, 150, 200})) << name(format);
        EXPECT_EQ(loop, 3) << name(format);
    }
}

TEST_F(Render, CutsAndPadsFrameByFrame)
{
    const auto source = encoded(film(40, 20, {{red, green}, {blue, yellow}}), ".gif");

    Request right = asked(20, 20, Fit::cover);
    right.gravity.x = 1;
    const auto cut = rendered(source, right);
    EXPECT_EQ(outcome(cut), "gif 20x20*2");
    const auto cut_film = decoded(bytes_of(cut), "n=-1");
    for (const int y : {1, 10, 18}) {
        EXPECT_TRUE(near(pixel(cut_film, 10, y), green)) << y;
        EXPECT_TRUE(near(pixel(cut_film, 10, 20 + y), yellow)) << y;
    }

    Request box = asked(40, 40, Fit::pad);
    box.background = Color{0, 0, 0, 255};
    const auto padded = rendered(source, box);
    EXPECT_EQ(outcome(padded), "gif 40x40*2");
    const auto padded_film = decoded(bytes_of(padded), "n=-1");
    for (const int frame : {0, 40}) {
        EXPECT_TRUE(near(pixel(padded_film, 10, frame + 2), black));
        EXPECT_TRUE(near(pixel(padded_film, 10, frame + 20), frame == 0 ? red : blue));
        EXPECT_TRUE(near(pixel(padded_film, 10, frame + 37), black));
    }
}

TEST_F(Render, KeepsFramesApart)
{
    const auto source = encoded(film(60, 60, {{red, red}, {blue, blue}}), ".gif");
    const auto small = decoded(bytes_of(rendered(source, asked(20, 0))), "n=-1");
    for (const int y : {0, 19}) {
        EXPECT_TRUE(near(pixel(small, 10, y), red, 24)) << y;
        EXPECT_TRUE(near(pixel(small, 10, 20 + y), blue, 24)) << y;
    }
}

TEST_F(Render, LeavesAnAnimationAsItIsStored)
{
    const auto turned = film(40, 20, {{red, red}, {blue, blue}});
    vips_image_set_int(turned.get(), VIPS_META_ORIENTATION, 6);
    const auto source = encoded(turned, ".webp[lossless]");

    const auto image = rendered(source, asked(30, 30));
    ASSERT_EQ(outcome(image), "webp 30x15*2");         // browsers do not turn it

    const auto film = decoded(bytes_of(image), "n=-1");
    EXPECT_TRUE(near(pixel(film, image.width / 2, image.height / 2), red, 30));
    EXPECT_TRUE(near(pixel(film, image.width / 2, image.height * 3 / 2), blue, 30));
}

TEST_F(Render, ShowsTheFirstFrameWhereAFormatCannotMove)
{
    const auto source = encoded(film(40, 20, {{red, red}, {blue, blue}}), ".gif");
    const auto image = rendered(source, as(Format::png));
    EXPECT_EQ(outcome(image), "png 40x20");
    EXPECT_TRUE(near(pixel(decoded(bytes_of(image)), 20, 10), red));
}

TEST_F(Render, RefusesTruncatedPictures)
{
    for (const char *suffix : {".jpg", ".jpg[interlace]", ".png", ".webp", ".webp[lossless]", ".gif",
                               ".tif", ".avif"})
    {
        const auto whole = encoded(noise(200, 200), suffix);
        ASSERT_TRUE(try_rendered(whole, asked(20, 0))) << suffix;
        for (const int width : {20, 0}) {
            const auto image = try_rendered(std::string_view(whole).substr(0, whole.size() / 2),
                                            as(Format::png, asked(width, 0)));
            ASSERT_FALSE(image) << suffix << ' ' << width;
            EXPECT_EQ(image.error().code, ErrorCode::unsupported) << suffix << ' ' << width;
        }
    }
}

TEST_F(Render, MakesAWholeJpegThatLacksTheMarkerOfItsEnd)
{
    for (const char *suffix : {".jpg", ".jpg[interlace]", ".jpg[Q=100,subsample_mode=off]", ".jpg[optimize_coding]"}) {
        const auto whole = encoded(noise(200, 200), suffix);
        for (const int width : {20, 0}) {
            const auto made = [&](std::size_t missing) {
                return try_rendered(std::string_view(whole).substr(0, whole.size() - missing),
                                    as(Format::png, asked(width, 0)));
            };
            const auto image = made(0);
            ASSERT_TRUE(image && made(1) && made(2)) << suffix << ' ' << width;
            EXPECT_EQ(bytes_of(*made(1)), bytes_of(*image)) << suffix << ' ' << width;
            EXPECT_EQ(bytes_of(*made(2)), bytes_of(*image)) << suffix << ' ' << width;
            EXPECT_FALSE(made(500)) << suffix << ' ' << width;
        }
    }
}

TEST_F(Render, RefusesAnAnimationThatBreaksOff)
{
    for (const char *suffix : {".gif", ".webp"}) {
        const auto whole = encoded(film(40, 20, {{red, green}, {blue, red}, {green, blue}}), suffix);
        ASSERT_TRUE(try_rendered(whole, asked(20, 0))) << suffix;
        EXPECT_FALSE(try_rendered(std::string_view(whole).substr(0, whole.size() - 6), asked(20, 0))) << suffix;
    }
}

TEST_F(Render, RefusesABeginningWithoutAPicture)
{
    for (const auto bytes : {""sv, "\xFF\xD8\xFF"sv, "\x89PNG\r\n\x1A\n"sv, "GIF89a"sv,
                             "RIFF\x24\0\0\0WEBPVP8 "sv, "II*\0"sv, "\0\0\0\x10" "ftypavif\0\0\0\0"sv,
                             "\x1F\x8B\x08\0"sv, "<svg/>"sv, "%PDF-1.4"sv, "hello"sv})
    {
        const auto image = try_rendered(bytes, asked(20, 0));
        ASSERT_FALSE(image) << testing::PrintToString(bytes);
        EXPECT_EQ(image.error().code, ErrorCode::unsupported) << testing::PrintToString(bytes);
    }
}

TEST_F(Render, RefusesAFormatThatIsNotListed)
{
    const auto png = encoded(quarters(20, 20), ".png");
    EXPECT_TRUE(prepare(png, asked(0, 0), {Format::png}, {}));
    EXPECT_EQ(prepare(png, asked(0, 0), {Format::jpeg}, {}).error().code, ErrorCode::unsupported);
}

TEST_F(Render, RefusesALargePictureByItsHeader)
{
    const auto png = encoded(quarters(20, 20), ".png");
    auto huge = png;
    huge.replace(8, png_header - 8,
                 png_chunk("IHDR", big_endian(65536) + big_endian(65536) + "\x08\x02\0\0\0"s));
    EXPECT_EQ(prepare(huge, asked(20, 0), all_inputs, {}).error().code, ErrorCode::too_large);

    const Limits limits{.max_pixels = 399};
    EXPECT_EQ(prepare(png, asked(0, 0), all_inputs, limits).error().code, ErrorCode::too_large);
}

TEST_F(Render, EndsCancelledWhenStoppedBefore)
{
    const auto still = encoded(noise(300, 300), ".png");
    const auto moving = encoded(film(100, 100, {{red, green}, {blue, yellow}}), ".gif");

    for (const auto &bytes : {still, moving}) {
        for (const Format format :
             written)
        {
            const auto prepared = prepare(bytes, as(format, asked(90, 50, Fit::cover)), all_inputs, {});
            ASSERT_TRUE(prepared);

            Stop stop;
            EXPECT_FALSE(stop.asked());
            stop.ask();
            EXPECT_TRUE(stop.asked());

            const auto image = render(bytes, *prepared, stop);
            ASSERT_FALSE(image) << name(format);
            EXPECT_EQ(image.error().code, ErrorCode::cancelled) << name(format);
        }
    }
}

TEST_F(Render, ReturnsASmallerSourceAsItIs)
{
    const auto source = encoded(noise(60, 60), ".jpg[Q=20,strip]");
    Request request = asked(0, 0);
    request.quality = Quality{false, 95};
    EXPECT_EQ(bytes_of(rendered(source, request)), source);

    request.width = 59;
    EXPECT_NE(bytes_of(rendered(source, request)), source);
}

TEST_F(Render, NeverReturnsWhatASourceCarriesBesidesItsPicture)
{
    Request best = asked(0, 0);
    best.quality = Quality{false, 95};

    // a tail that another reader would take for its own format
    const auto jpeg = encoded(noise(60, 60), ".jpg[Q=20,strip]");
    const auto tailed = rendered(jpeg + "<script>secret</script>", best);
    EXPECT_EQ(bytes_of(tailed).find("secret"), std::string_view::npos);

    // a JPEG comment, a PNG text
    auto commented = jpeg;
    commented.insert(2, "\xFF\xFE\0\x08secret"sv);
    EXPECT_EQ(bytes_of(rendered(commented, best)).find("secret"), std::string_view::npos);

    auto png = encoded(quarters(64, 64), ".png[palette,bitdepth=2,compression=9,strip]");
    png.insert(png_header, png_chunk("tEXt", "Comment\0secret"s));
    EXPECT_EQ(bytes_of(rendered(png, best)).find("secret"), std::string_view::npos);

    const auto exif = quarters(60, 40);
    vips_image_set_string(exif.get(), "exif-ifd0-ImageDescription",
                          "secret (secret, ASCII, 7 components, 7 bytes)");
    vips_image_set_int(exif.get(), VIPS_META_ORIENTATION, 1);
    const auto described = encoded(exif, ".jpg[Q=20]");
    ASSERT_NE(described.find("secret"), described.npos);
    EXPECT_EQ(bytes_of(rendered(described, best)).find("secret"), std::string_view::npos);
}

TEST_F(Render, TakesThePageOfATiffThatIsAskedFor)
{
    const auto source = encoded(film(20, 20, {{red, red}, {blue, blue}}), ".tif");
    Request request = as(Format::png, asked(10, 0));

    EXPECT_TRUE(near(pixel(decoded(bytes_of(rendered(source, request))), 5, 5), red));
    request.page = 2;
    EXPECT_TRUE(near(pixel(decoded(bytes_of(rendered(source, request))), 5, 5), blue));
    request.page = 3;
    const auto refused = prepare(source, request, all_inputs, {});
    EXPECT_EQ(refused.error().code, ErrorCode::bad_request);
    EXPECT_EQ(refused.error().message, "the source has 2 pages");
}

TEST_F(Render, GivesEqualBytesForEqualInput)
{
    const auto source = encoded(quarters(120, 80), ".png");
    for (const Format format : written) {
        EXPECT_EQ(bytes_of(rendered(source, as(format, asked(60, 0)))),
                  bytes_of(rendered(source, as(format, asked(60, 0)))))
            << name(format);
    }
}

// Each resize and blur compiles loops and lets go of them, which Orc does not lock.
TEST_F(Render, GivesEqualBytesOnManyThreads)
{
    const std::string bytes = encoded(quarters(16, 16), ".png");
    Request request = as(Format::png, asked(5, 5));
    request.adjust.blur = {3};
    const std::string first(bytes_of(rendered(bytes, request)));

    std::atomic<int> others = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] {
            for (int times = 0; times < 400; times++) {
                others += bytes_of(rendered(bytes, request)) != first;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(0, others);
}

TEST_F(Render, BringsDeepAndGreyPicturesToTheScreen)
{
    const auto convert = [](const Picture &in, VipsInterpretation space) {
        VipsImage *out = nullptr;
        must(vips_colourspace(in.get(), &out, space, nullptr));
        return Picture(out);
    };

    const auto deep = encoded(convert(plain(40, 40, {200, 100, 50}), VIPS_INTERPRETATION_RGB16), ".png");
    const auto grey = encoded(plain(40, 40, {200}), ".png");
    const auto lab = encoded(convert(plain(40, 40, {200, 100, 50}), VIPS_INTERPRETATION_LAB), ".tif");
    const auto cmyk = encoded(convert(plain(40, 40, {200, 100, 50}), VIPS_INTERPRETATION_CMYK), ".jpg");

    const auto seen = [](const std::string &source) {
        const auto picture = decoded(bytes_of(rendered(source, as(Format::png, asked(20, 20)))));
        EXPECT_EQ(vips_image_get_format(picture.get()), VIPS_FORMAT_UCHAR);
        return pixel(picture, 10, 10);
    };
    EXPECT_EQ(seen(deep), (Pixel{200, 100, 50}));
    EXPECT_EQ(seen(grey), Pixel{200});
    EXPECT_TRUE(near(seen(lab), {200, 100, 50}, 3));
    EXPECT_EQ(seen(cmyk).size(), 3U);
    EXPECT_TRUE(near(seen(cmyk), {200, 100, 50}, 25));
}

TEST_F(Render, LeavesNoMetadataInAnyFormat)
{
    const auto secret = "a small copy of the whole picture"s;
    Picture picture = quarters(60, 40);
    vips_image_set_blob_copy(picture.get(), "jpeg-thumbnail-data", secret.data(), secret.size());
    vips_image_set_string(picture.get(), "exif-ifd0-Copyright", "somebody (somebody, ASCII, 9 components, 9 bytes)");
    const auto source = encoded(picture, ".jpg");
    ASSERT_NE(source.find(secret), source.npos);
    ASSERT_NE(source.find("somebody"), source.npos);

    for (const Format format : {Format::jpeg, Format::webp, Format::avif, Format::png, Format::gif}) {
        const Image image = rendered(source, as(format, asked(30, 0)));
        EXPECT_EQ(bytes_of(image).find(secret), std::string_view::npos) << name(format);
        EXPECT_EQ(bytes_of(image).find("somebody"), std::string_view::npos) << name(format);
        if (format != Format::avif) {
            EXPECT_TRUE(is_bare(bytes_of(image), format)) << name(format);
        }
    }

    for (const Metadata metadata : {Metadata::copyright, Metadata::keep}) {
        Request request = as(Format::jpeg, asked(30, 0));
        request.metadata = metadata;
        const Image image = rendered(source, request);
        EXPECT_EQ(bytes_of(image).find(secret), std::string_view::npos);
        EXPECT_NE(bytes_of(image).find("somebody"), std::string_view::npos);
    }
}

// Nothing compresses worse than noise, at the very size that is asked for.
TEST_F(Render, KeepsToALimitOfBytes)
{
    const auto limited = [](Format format) {
        Request request = as(format, asked(32, 0));
        request.quality.value = 60;
        request.max_bytes = 1024;
        return request;
    };
    Picture transparent = draw(32, 32, [](int x, int y) {
        const int value = (x * 7919 + y * 104729) * 31 % 251;
        return Pixel{value, value * 3 % 256, value * 7 % 256, value * 11 % 256};
    });

    for (const auto &source : {encoded(noise(32, 24), ".png"), encoded(noise(32, 600), ".png"),
                               encoded(noise(600, 32), ".png"), encoded(noise(1, 1), ".png"),
                               encoded(noise(2, 3000), ".png"), encoded(transparent, ".png")})
    {
        for (const Format format : {Format::webp, Format::jpeg, Format::png, Format::avif, Format::gif}) {
            const Image image = rendered(source, limited(format));
            EXPECT_LE(image.size, 1024U) << name(format);
            const auto seen = decoded(bytes_of(image));
            EXPECT_EQ(vips_image_get_width(seen.get()), image.width);
            EXPECT_EQ(vips_image_get_height(seen.get()), image.height);
        }
    }

    const Image easy = rendered(encoded(plain(100, 50, red), ".png"), limited(Format::webp));
    EXPECT_EQ(easy.width, 32);
    EXPECT_EQ(easy.height, 16);
}

TEST_F(Render, KeepsToALimitOfBytesWithFrames)
{
    Request request = as(Format::webp, asked(32, 0));
    request.max_bytes = 800;
    const Image image = rendered(encoded(film(32, 32, {{red, blue}, {green, black}, {yellow, red}}), ".gif"), request);
    EXPECT_LE(image.size, 800U);
    EXPECT_EQ(image.frames, 3);
}

// Threads of libvips keep a few lines for a moment: only what grows is a leak.
TEST_F(Render, HoldsNoPixelsAfterwards)
{
    constexpr int      times = 20;
    constexpr unsigned side = 300;

    for (const char *suffix : {".png[interlace]", ".webp"}) {
        const auto whole = encoded(noise(side, side), suffix);
        const auto half = whole.substr(0, whole.size() / 2);

        for (const bool cancelled : {false, true}) {
            const auto before = render_memory();
            for (int i = 0; i < times; i++) {
                for (const auto &bytes : {whole, half}) {
                    const auto prepared = prepare(bytes, as(Format::webp), all_inputs, {});
                    Stop stop;
                    if (cancelled) {
                        stop.ask();
                    }
                    if (prepared) {
                        static_cast<void>(render(bytes, *prepared, stop));
                    }
                }
            }
            EXPECT_LT(render_memory(), before + times / 2 * side * side) << suffix << ' ' << cancelled;
        }
    }
}

}  // namespace
}  // namespace cdn::image

// Pictures laid on pictures: where they lie, what of them is seen, what they cost.

#include "pictures.h"

namespace cdn::image {
namespace {

using Change = void (*)(Overlay &);

class OverlayRender : public testing::Test {
protected:
    static void SetUpTestSuite() { start(); }
};

Request overlaid(Request request, Change change = [](Overlay &) {})
{
    request.overlay.emplace();
    request.overlay->source.path = "/l";
    change(*request.overlay);
    return request;
}

Result<Image> try_laid(std::string_view bytes, std::string_view overlay, const Request &request, const Limits &limits = {})
{
    Stop stop;
    auto prepared = prepare(bytes, request, all_inputs, limits, nullptr, overlay);
    if (prepared && !prepared->plan.is_final) {
        prepared = look(bytes, *prepared, request, limits, stop);
    }
    if (!prepared) {
        return prepared.error();
    }

    return render(bytes, *prepared, stop, overlay);
}

Picture laid(const std::string &bytes, const std::string &overlay, const Request &request)
{
    const auto image = try_laid(bytes, overlay, request);
    if (!image) {
        throw std::runtime_error(image.error().message + ": " + image.error().detail);
    }

    return decoded(bytes_of(*image), image->frames > 1 ? "[n=-1]" : "");
}

std::string png(const Picture &picture) { return encoded(picture, ".png"); }
std::string png(int width, int height, const Pixel &color) { return png(plain(width, height, color)); }

TEST_F(OverlayRender, LiesInTheMiddleOrOnAnEdge)
{
    const auto picture = png(100, 80, blue);
    const auto overlay = png(10, 20, red);

    for (const auto &[x, y, left, top] : {std::tuple{0.5, 0.5, 45, 30}, {0.0, 0.0, 0, 0}, {1.0, 1.0, 90, 60},
                                          {0.0, 1.0, 0, 60}, {1.0, 0.5, 90, 30}})
    {
        Request request = overlaid(asked(0, 0));
        request.overlay->x = x;
        request.overlay->y = y;
        const auto made = laid(picture, overlay, request);

        EXPECT_EQ(pixel(made, left, top), red) << x << ' ' << y;
        EXPECT_EQ(pixel(made, left + 9, top + 19), red) << x << ' ' << y;
        EXPECT_EQ(pixel(made, left > 0 ? left - 1 : left + 10, top), blue) << x << ' ' << y;
        EXPECT_EQ(pixel(made, left, top > 0 ? top - 1 : top + 20), blue) << x << ' ' << y;
    }
}

TEST_F(OverlayRender, IsShiftedAwayFromItsEdge)
{
    const auto picture = png(100, 80, blue);
    const auto overlay = png(10, 10, red);

    const auto from_corner = laid(picture, overlay, overlaid(asked(0, 0), [](Overlay &o) {
        o.x = 1; o.y = 1; o.shift_x = 5; o.shift_y = 7; }));
    EXPECT_EQ(pixel(from_corner, 85, 63), red);
    EXPECT_EQ(pixel(from_corner, 94, 72), red);
    EXPECT_EQ(pixel(from_corner, 95, 72), blue);
    EXPECT_EQ(pixel(from_corner, 94, 73), blue);

    const auto from_middle = laid(picture, overlay, overlaid(asked(0, 0), [](Overlay &o) { o.shift_x = 5; }));
    EXPECT_EQ(pixel(from_middle, 50, 35), red);
    EXPECT_EQ(pixel(from_middle, 49, 35), blue);
}

TEST_F(OverlayRender, IsCutWhereItSticksOut)
{
    const auto picture = png(100, 80, blue);
    const auto edge = laid(picture, png(30, 30, red), overlaid(asked(0, 0), [](Overlay &o) {
        o.x = 0; o.y = 0; o.shift_x = 99; o.shift_y = 79; }));
    EXPECT_EQ(pixel(edge, 99, 79), red);
    EXPECT_EQ(pixel(edge, 98, 79), blue);

    const auto larger = laid(picture, png(quarters(400, 400)), overlaid(asked(0, 0)));
    EXPECT_EQ(vips_image_get_width(larger.get()), 100);
    EXPECT_EQ(pixel(larger, 0, 0), red);
    EXPECT_EQ(pixel(larger, 99, 79), yellow);

    const auto corner = laid(picture, png(quarters(400, 400)), overlaid(asked(0, 0), [](Overlay &o) { o.x = 1; o.y = 1; }));
    EXPECT_EQ(pixel(corner, 0, 0), yellow);
}

TEST_F(OverlayRender, BeyondThePictureIsNotSeen)
{
    const auto picture = png(100, 80, blue);
    for (const Change change : {Change([](Overlay &o) { o.x = 0; o.shift_x = 100; }), Change([](Overlay &o) { o.y = 0; o.shift_y = 80; }),
                                Change([](Overlay &o) { o.x = 1; o.shift_x = 100; }), Change([](Overlay &o) { o.shift_x = 2000; })})
    {
        const auto made = laid(picture, png(30, 30, red), overlaid(asked(0, 0), change));
        for (const int x : {0, 50, 99}) {
            EXPECT_EQ(pixel(made, x, 40), blue);
        }
    }
}

TEST_F(OverlayRender, HasTheSizeAskedFor)
{
    const auto picture = png(200, 100, blue);
    const auto overlay = png(40, 20, red);
    const auto width_of_red = [&](Change change) {
        const auto made = laid(picture, overlay, overlaid(asked(0, 0), change));
        int left = 0;
        int top = 0;
        int width = 0;
        int height = 0;
        double behind[] = {0, 0, 255};
        VipsArrayDouble *background = vips_array_double_new(behind, 3);
        must(vips_find_trim(made.get(), &left, &top, &width, &height, "background", background, nullptr));
        vips_area_unref(VIPS_AREA(background));
        return std::to_string(width) + 'x' + std::to_string(height);
    };

    EXPECT_EQ(width_of_red([](Overlay &) {}), "40x20");
    EXPECT_EQ(width_of_red([](Overlay &o) { o.width = 80; }), "80x40");
    EXPECT_EQ(width_of_red([](Overlay &o) { o.height = 10; }), "20x10");
    EXPECT_EQ(width_of_red([](Overlay &o) { o.width = {0.25, true}; }), "50x25");
    EXPECT_EQ(width_of_red([](Overlay &o) { o.height = {1, true}; }), "200x100");
    EXPECT_EQ(width_of_red([](Overlay &o) { o.width = 100; o.height = 10; }), "20x10");

    const auto speck = laid(picture, overlay, overlaid(asked(0, 0), [](Overlay &o) { o.x = 0; o.y = 0; o.width = 1; }));
    EXPECT_EQ(pixel(speck, 0, 0), red);
    EXPECT_EQ(pixel(speck, 1, 0), blue);
    EXPECT_EQ(pixel(speck, 0, 1), blue);
}

TEST_F(OverlayRender, IsMeasuredOnTheFinishedPicture)
{
    Request request = overlaid(asked(100, 0), [](Overlay &o) { o.x = 0; o.y = 0; o.width = {0.5, true}; });
    request.extend = {0, 0, 0, 100};
    request.background = Color{0, 255, 0, 255};
    const auto made = laid(png(400, 400, blue), png(10, 10, red), request);

    EXPECT_EQ(vips_image_get_width(made.get()), 200);
    EXPECT_EQ(pixel(made, 99, 99), red);
    EXPECT_EQ(pixel(made, 100, 99), blue);
}

TEST_F(OverlayRender, ShowsThroughByItsOpacity)
{
    const auto picture = png(50, 50, black);
    for (const int opacity : {1, 40, 99, 100}) {
        Request request = overlaid(asked(0, 0));
        request.overlay->opacity = opacity;
        const auto made = laid(picture, png(50, 50, white_pixel), request);
        EXPECT_NEAR(pixel(made, 25, 25)[0], 255 * opacity / 100.0, 2) << opacity;
    }
}

TEST_F(OverlayRender, LetsThroughWhatItsAlphaDoes)
{
    const auto overlay = png(draw(40, 40, [](int x, int) { return Pixel{255, 0, 0, x < 20 ? 0 : 128}; }));
    const auto made = laid(png(40, 40, blue), overlay, overlaid(asked(0, 0)));
    EXPECT_EQ(pixel(made, 5, 5), blue);
    EXPECT_TRUE(near(pixel(made, 30, 5), {128, 0, 127}, 2));
    EXPECT_EQ(vips_image_get_bands(made.get()), 3);

    const auto fainter = laid(png(40, 40, blue), overlay, overlaid(asked(0, 0), [](Overlay &o) { o.opacity = 50; }));
    EXPECT_TRUE(near(pixel(fainter, 30, 5), {64, 0, 191}, 2));
}

TEST_F(OverlayRender, IsRepeatedAllOverThroughItsPlace)
{
    const auto made = laid(png(105, 63, blue), png(quarters(20, 20)), overlaid(asked(0, 0), [](Overlay &o) {
        o.x = 0; o.y = 0; o.shift_x = 5; o.shift_y = 3; o.repeats = true; }));

    for (int y = 0; y < 63; y++) {
        for (int x = 0; x < 105; x++) {
            const bool right = (x + 15) % 20 >= 10;
            const bool low = (y + 17) % 20 >= 10;
            ASSERT_EQ(pixel(made, x, y), low ? (right ? yellow : blue) : (right ? green : red)) << x << ' ' << y;
        }
    }
}

TEST_F(OverlayRender, IsRepeatedWhereItsPlaceIsBeyondThePicture)
{
    for (const double place : {0.0, 1.0}) {
        Request request = overlaid(asked(0, 0), [](Overlay &o) { o.shift_x = 2000; o.shift_y = 1999; o.repeats = true; });
        request.overlay->x = request.overlay->y = place;
        const auto made = laid(png(30, 30, blue), png(7, 7, red), request);
        EXPECT_EQ(pixel(made, 0, 0), red);
        EXPECT_EQ(pixel(made, 29, 29), red);
    }
}

TEST_F(OverlayRender, LiesOnEveryFrame)
{
    const auto film_of_two = encoded(film(40, 30, {{green, blue}, {blue, green}}), ".gif");
    const auto made = laid(film_of_two, png(10, 10, red), overlaid(asked(0, 0), [](Overlay &o) { o.x = 0; o.y = 0; }));

    ASSERT_EQ(vips_image_get_height(made.get()), 60);
    for (const int frame : {0, 1}) {
        EXPECT_TRUE(near(pixel(made, 5, frame * 30 + 5), red));
        EXPECT_TRUE(near(pixel(made, 15, frame * 30 + 5), frame == 0 ? green : blue));
        EXPECT_TRUE(near(pixel(made, 5, frame * 30 + 12), frame == 0 ? green : blue));
    }
    int delays = 0;
    int *delay = nullptr;
    must(vips_image_get_array_int(made.get(), "delay", &delay, &delays));
    EXPECT_EQ(delays, 2);
    EXPECT_EQ(delay[1], 150);
}

TEST_F(OverlayRender, IsTheFirstFrameOfAnAnimation)
{
    const auto overlay = encoded(film(10, 10, {{red, red}, {green, green}}), ".gif");
    const auto made = laid(png(30, 30, blue), overlay, overlaid(asked(0, 0)));
    EXPECT_TRUE(near(pixel(made, 15, 15), red));
    EXPECT_EQ(vips_image_get_height(made.get()), 30);
}

TEST_F(OverlayRender, KeepsTheTransparencyOfThePicture)
{
    const auto half = png(draw(40, 40, [](int x, int) { return Pixel{0, 0, 255, x < 20 ? 0 : 255}; }));
    const auto overlay = png(10, 10, red);
    const auto made = laid(half, overlay, overlaid(asked(0, 0), [](Overlay &o) { o.x = 0; o.y = 0; }));
    EXPECT_EQ(pixel(made, 5, 5), (Pixel{255, 0, 0, 255}));
    EXPECT_EQ(pixel(made, 15, 5)[3], 0);
    EXPECT_EQ(pixel(made, 30, 5), (Pixel{0, 0, 255, 255}));

    const auto jpeg = laid(half, overlay, overlaid(as(Format::jpeg), [](Overlay &o) { o.x = 0; o.y = 0; }));
    EXPECT_TRUE(near(pixel(jpeg, 4, 4), red, 25));
    EXPECT_TRUE(near(pixel(jpeg, 15, 30), white_pixel));
}

TEST_F(OverlayRender, BringsColourToAGreyPicture)
{
    const auto grey = png(40, 40, {100});
    EXPECT_EQ(pixel(laid(grey, png(10, 10, red), overlaid(asked(0, 0))), 20, 20), red);
    EXPECT_EQ(pixel(laid(grey, png(10, 10, {200}), overlaid(asked(0, 0))), 20, 20)[0], 200);
    EXPECT_EQ(pixel(laid(png(40, 40, blue), png(10, 10, {200}), overlaid(asked(0, 0))), 20, 20), (Pixel{200, 200, 200}));
    EXPECT_EQ(pixel(laid(grey, png(10, 10, {200, 0}), overlaid(asked(0, 0))), 20, 20)[0], 100);
}

TEST_F(OverlayRender, LiesOverEffectsThatDoNotChangeIt)
{
    Request request = overlaid(asked(0, 0));
    request.adjust.negate = true;
    const auto made = laid(png(40, 40, blue), png(10, 10, red), request);
    EXPECT_EQ(pixel(made, 20, 20), red);
    EXPECT_EQ(pixel(made, 0, 0), yellow);
}

TEST_F(OverlayRender, MayBeOfAnyFormat)
{
    for (const char *suffix : {".jpg", ".webp", ".gif", ".tif", ".avif", ".jxl"}) {
        const auto made = laid(encoded(plain(60, 60, blue), ".jpg"), encoded(plain(20, 20, red), suffix), overlaid(as(Format::png)));
        EXPECT_TRUE(near(pixel(made, 30, 30), red)) << suffix;
        EXPECT_TRUE(near(pixel(made, 5, 5), blue)) << suffix;
    }

    const std::string svg = R"(<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10" fill="red"/></svg>)";
    const auto made = laid(png(60, 60, blue), svg, overlaid(asked(0, 0), [](Overlay &o) { o.width = 30; }));
    EXPECT_EQ(pixel(made, 16, 16), red);
    EXPECT_EQ(pixel(made, 44, 44), red);
    EXPECT_EQ(pixel(made, 14, 14), blue);
}

TEST_F(OverlayRender, MayBeThePictureItself)
{
    const auto picture = png(quarters(40, 40));
    const auto made = laid(picture, picture, overlaid(asked(0, 0), [](Overlay &o) { o.width = {0.5, true}; }));
    EXPECT_EQ(pixel(made, 12, 12), red);
    EXPECT_EQ(pixel(made, 28, 28), yellow);
}

TEST_F(OverlayRender, LiesOnWhatTheEyeFound)
{
    Request request = overlaid(asked(0, 0), [](Overlay &o) { o.x = 0; o.y = 0; });
    request.edges = PlainEdges{10, {}};
    const auto framed = png(draw(60, 60, [](int x, int y) {
        return x < 10 || y < 10 || x >= 50 || y >= 50 ? green : blue; }));
    const auto made = laid(framed, png(10, 10, red), request);
    ASSERT_EQ(vips_image_get_width(made.get()), 40);
    EXPECT_EQ(pixel(made, 0, 0), red);
    EXPECT_EQ(pixel(made, 10, 10), blue);
}

TEST_F(OverlayRender, ThatIsNoPictureIsRefused)
{
    const auto picture = png(40, 40, blue);
    const auto refusal = [&](const std::string &overlay) {
        const auto made = try_laid(picture, overlay, overlaid(asked(0, 0)));
        return made ? "made" : std::to_string(static_cast<int>(made.error().code)) + ' ' + made.error().message;
    };
    const auto unsupported = std::to_string(static_cast<int>(ErrorCode::unsupported)) + ' ';

    EXPECT_EQ(refusal(""), unsupported + "the overlay is not an image");
    EXPECT_EQ(refusal("hello"), unsupported + "the overlay is not an image");
    EXPECT_EQ(refusal(png(quarters(9, 9)).substr(0, 20)), unsupported + "the overlay is damaged, or not a png");
    EXPECT_EQ(refusal(png(noise(300, 300)).substr(0, 5000)), unsupported + "the overlay is damaged, or not a png");
}

TEST_F(OverlayRender, CountsAgainstTheLimitsOfThePicture)
{
    const auto picture = png(100, 100, blue);
    const auto overlay = png(50, 50, red);
    const auto code = [&](Limits limits, std::string_view laid) {
        const auto made = try_laid(picture, laid, overlaid(asked(0, 0)), limits);
        return made ? -1 : static_cast<int>(made.error().code);
    };
    const int too_large = static_cast<int>(ErrorCode::too_large);

    Limits limits;
    limits.max_bytes = picture.size() + overlay.size();
    EXPECT_EQ(code(limits, overlay), -1);
    limits.max_bytes--;
    EXPECT_EQ(code(limits, overlay), too_large);

    limits = {};
    limits.max_pixels = 12'500;
    EXPECT_EQ(code(limits, overlay), -1);
    limits.max_pixels = 12'499;
    EXPECT_EQ(code(limits, overlay), too_large);

    limits = {};
    limits.max_frames = 1;
    EXPECT_EQ(code(limits, overlay), -1);
    EXPECT_EQ(code(limits, encoded(film(10, 10, {{red, red}, {green, green}}), ".gif")), too_large);
}

TEST_F(OverlayRender, EnlargedOverALimitIsRefused)
{
    Limits limits;
    limits.max_output_pixels = 40'000;
    const auto made = try_laid(png(100, 100, blue), png(10, 10, red), overlaid(asked(0, 0), [](Overlay &o) { o.width = 201; }), limits);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, ErrorCode::bad_request);
}

TEST_F(OverlayRender, IsPaidFor)
{
    const auto picture = png(1000, 1000, blue);
    const auto bare = prepare(picture, asked(0, 0), all_inputs, {});
    const auto with = prepare(picture, overlaid(asked(0, 0)), all_inputs, {}, nullptr, png(500, 500, red));
    ASSERT_TRUE(bare && with);
    EXPECT_GE(with->plan.memory, bare->plan.memory + 1000 * 1000 * 4 + 500 * 500 * 4);
}

}  // namespace
}  // namespace cdn::image

#include "image/plan.h"

#include <gtest/gtest.h>

#include <random>

namespace cdn::image {
namespace {

SourceInfo source(int width, int height, Format format = Format::jpeg)
{
    SourceInfo info;
    info.format = format;
    info.bytes = 1000;
    info.width = width;
    info.height = height;
    return info;
}

Request asked(int width, int height, Fit fit = Fit::scale_down)
{
    Request request;
    request.source.path = "/a";
    request.width = width;
    request.height = height;
    request.fit = fit;
    return request;
}

Request gravity(Request request, double x, double y)
{
    request.gravity = {Gravity::Kind::point, x, y};
    return request;
}

Request automatic(std::vector<Format> formats)
{
    Request request = asked(0, 0);
    request.format = {FormatChoice::Kind::negotiated, std::move(formats)};
    return request;
}

Request exactly(Format format)
{
    Request request = asked(0, 0);
    request.format = {FormatChoice::Kind::exactly, {format}};
    return request;
}

const Limits none{.max_bytes = ~0ULL, .max_pixels = ~0ULL, .max_frames = ~0ULL,
                  .max_output_pixels = ~0ULL, .max_avif_pixels = ~0ULL};

Plan plan(const Request &request, const SourceInfo &info, const Limits &limits = {})
{
    const auto made = make_plan(request, info, limits);
    if (!made) {
        ADD_FAILURE() << made.error().message;
        return {};
    }

    return *made;
}

std::string canvas(const Plan &p)
{
    return std::to_string(p.canvas_width) + 'x' + std::to_string(p.canvas_height);
}

// "resized to, cut at -> result"
std::string geometry(const Plan &p)
{
    return std::to_string(p.resized_width) + 'x' + std::to_string(p.resized_height) + " at "
           + std::to_string(p.cut.x) + ',' + std::to_string(p.cut.y) + " -> " + canvas(p);
}

ErrorCode refusal(const Request &request, const SourceInfo &info, const Limits &limits = {})
{
    const auto made = make_plan(request, info, limits);
    return made ? ErrorCode::internal : made.error().code;
}

TEST(Plan, FollowsCloudflaresTableOfFits)
{
    struct Row {
        Fit         fit;
        int         width;
        int         height;
        const char *geometry;
    };
    const Row rows[] = {
        {Fit::scale_down, 0, 0, "1080x720 at 0,0 -> 1080x720"},
        {Fit::scale_down, 500, 500, "500x333 at 0,0 -> 500x333"},
        {Fit::scale_down, 500, 0, "500x333 at 0,0 -> 500x333"},
        {Fit::scale_down, 0, 500, "750x500 at 0,0 -> 750x500"},
        {Fit::scale_down, 1080, 720, "1080x720 at 0,0 -> 1080x720"},
        {Fit::scale_down, 2000, 2000, "1080x720 at 0,0 -> 1080x720"},
        {Fit::contain, 500, 500, "500x333 at 0,0 -> 500x333"},
        {Fit::contain, 2160, 2160, "2160x1440 at 0,0 -> 2160x1440"},
        {Fit::contain, 1081, 0, "1081x721 at 0,0 -> 1081x721"},
        {Fit::cover, 500, 500, "750x500 at 125,0 -> 500x500"},
        {Fit::cover, 500, 100, "500x333 at 0,117 -> 500x100"},
        {Fit::cover, 1440, 1440, "2160x1440 at 360,0 -> 1440x1440"},
        {Fit::crop, 500, 500, "750x500 at 125,0 -> 500x500"},
        {Fit::crop, 1296, 1296, "1080x720 at 0,0 -> 1080x720"},
        {Fit::crop, 500, 1000, "1080x720 at 290,0 -> 500x720"},
        {Fit::pad, 500, 500, "500x333 at 0,0 -> 500x500"},
        {Fit::pad, 2000, 2000, "2000x1333 at 0,0 -> 2000x2000"},
        {Fit::squeeze, 500, 500, "500x500 at 0,0 -> 500x500"},
        {Fit::squeeze, 2000, 10, "2000x10 at 0,0 -> 2000x10"},
        {Fit::scale_up, 500, 500, "1080x720 at 0,0 -> 1080x720"},
        {Fit::scale_up, 2160, 2160, "2160x1440 at 0,0 -> 2160x1440"},
        {Fit::scale_up, 2160, 0, "2160x1440 at 0,0 -> 2160x1440"},
        {Fit::aspect_crop, 500, 500, "750x500 at 125,0 -> 500x500"},
        {Fit::aspect_crop, 1296, 1296, "1080x720 at 180,0 -> 720x720"},
        {Fit::aspect_crop, 500, 1000, "1080x720 at 360,0 -> 360x720"},
        {Fit::aspect_crop, 9000, 1, "1080x720 at 0,360 -> 1080x1"},
    };

    for (const auto &row : rows) {
        EXPECT_EQ(geometry(plan(asked(row.width, row.height, row.fit), source(1080, 720))),
                  row.geometry)
            << static_cast<int>(row.fit) << ' ' << row.width << 'x' << row.height;
    }
}

TEST(Plan, CutsToTheBoxesProportionsWhereItCannotFillIt)
{
    struct Row {
        int         width;
        int         height;
        const char *geometry;
    };
    for (const auto &[width, height, expected] :
         {Row{1920, 1120, "612x613 at 0,128 -> 612x357"}, Row{306, 200, "306x307 at 0,54 -> 306x200"},
          Row{700, 300, "612x613 at 0,176 -> 612x262"}, Row{10, 2000, "612x613 at 305,0 -> 3x613"}})
    {
        EXPECT_EQ(geometry(plan(asked(width, height, Fit::aspect_crop), source(612, 613))), expected);
    }
}

TEST(Plan, CoversTheBoxWithoutACut)
{
    EXPECT_EQ(geometry(plan(asked(500, 500, Fit::outside), source(1080, 720))), "750x500 at 0,0 -> 750x500");
    EXPECT_EQ(geometry(plan(asked(500, 100, Fit::outside), source(1080, 720))), "500x333 at 0,0 -> 500x333");

    Request large = asked(2000, 2000, Fit::outside);
    EXPECT_EQ(canvas(plan(large, source(1080, 720))), "3000x2000");
    large.shrink_only = true;
    EXPECT_EQ(canvas(plan(large, source(1080, 720))), "1080x720");
}

TEST(Plan, PutsAPictureAtItsPlaceOnThePad)
{
    const auto at = [](double x, double y) {
        const Plan p = plan(gravity(asked(500, 501, Fit::pad), x, y), source(100, 50));
        return std::pair(p.cut_x, p.cut_y);
    };
    EXPECT_EQ(at(0.5, 0.5), std::pair(0, 125));        // of 251 left
    EXPECT_EQ(at(0.5, 0), std::pair(0, 0));
    EXPECT_EQ(at(0.5, 1), std::pair(0, 251));
}

// "w x h at x,y" of the upright source
std::string region(const Request &request, int width, int height)
{
    const auto made = make_plan(request, source(width, height), {});
    if (!made) {
        return made.error().message;
    }

    const Cut &cut = made->region;
    return std::to_string(cut.width) + 'x' + std::to_string(cut.height) + " at "
           + std::to_string(cut.x) + ',' + std::to_string(cut.y);
}

Request part(Length width, Length height, Place x = {}, Place y = {}, bool strict = false)
{
    Request request = asked(0, 0);
    request.region.width = width;
    request.region.height = height;
    request.region.x = x;
    request.region.y = y;
    request.region.strict = strict;
    return request;
}

TEST(Region, LiesAtACornerAroundACentreOrInTheRest)
{
    EXPECT_EQ(region(part(300, 200), 1000, 500), "300x200 at 350,150");
    EXPECT_EQ(region(part(300, 200, corner(10), corner({0.5, true})), 1000, 500), "300x200 at 10,250");
    EXPECT_EQ(region(part(300, 200, centre(200), centre({0.25, true})), 1000, 500), "300x200 at 50,25");
    EXPECT_EQ(region(part(300, 200, centre(10), centre(499)), 1000, 500), "300x200 at 0,300");
    EXPECT_EQ(region(part(300, 200, rest(0.1), rest(1)), 1000, 500), "300x200 at 70,300");
    EXPECT_EQ(region(part(300, {0.5, true}, rest(0), corner(5)), 1000, 500), "300x250 at 0,5");
    EXPECT_EQ(region(part({}, {}, corner(100), corner(50)), 1000, 500), "900x450 at 100,50");
}

TEST(Region, IsCutShortOrRefusedWhereItSticksOut)
{
    for (const auto &[place, cut] :
         {std::pair{corner(900), "100x200 at 900,150"}, {Place{}, "300x200 at 350,150"}})
    {
        EXPECT_EQ(region(part(300, 200, place), 1000, 500), cut);
    }
    for (const Place place : {corner(0), Place{}, rest(0.25), rest(1)}) {
        EXPECT_EQ(region(part(1001, 200, place), 1000, 500), "1000x200 at 0,150");
        EXPECT_EQ(region(part(1001, 200, place, {}, true), 1000, 500),
                  "the crop lies outside the picture, which is 1000x500");
        EXPECT_EQ(region(part(1000, 500, place, {}, true), 1000, 500), "1000x500 at 0,0");
    }
    EXPECT_EQ(region(part(300, 200, corner(700), {}, true), 1000, 500), "300x200 at 700,150");
    EXPECT_EQ(refusal(part(300, 200, corner(701), {}, true), source(1000, 500)), ErrorCode::bad_request);
    EXPECT_EQ(refusal(part(300, 200, corner(1000)), source(1000, 500)), ErrorCode::bad_request);
    EXPECT_EQ(region(part(300, 200, corner(999)), 1000, 500), "1x200 at 999,150");
}

TEST(Region, HasARatioAndMayBeNearer)
{
    Request request = asked(0, 0);
    request.region.aspect = 2;
    EXPECT_EQ(region(request, 1000, 600), "1000x500 at 0,50");
    request.region.zoom = 2.5;
    EXPECT_EQ(region(request, 1000, 600), "400x200 at 300,200");
    request.region.x = centre(900);
    EXPECT_EQ(region(request, 1000, 600), "400x200 at 600,200");
    request.region.aspect = 0.0001;
    request.region.zoom = 100;
    EXPECT_EQ(region(request, 1000, 600), "1x6 at 900,297");
}

TEST(Region, IsCutAfterPrecutTrimAndEdges)
{
    class Fixed : public Scout {
    public:
        Cut without_edges(Cut within, const PlainEdges &) override
        {
            seen = within;
            return {within.x + 1, within.y + 2, within.width - 3, within.height - 4};
        }
        Cut where_the_eye_goes(Cut within, int width, int height) override
        {
            return {within.x + within.width - width, within.y, width, height};
        }
        Cut seen;
    };

    Request request = part(50, 40);
    request.precut.width = 500;
    request.precut.height = 400;
    request.precut.x = corner(100);
    request.trim.left = Length(0.1, true);
    request.edges.emplace();
    EXPECT_FALSE(plan(request, source(1000, 1000)).is_final);

    Fixed scout;
    const auto final = make_plan(request, source(1000, 1000), {}, &scout);
    ASSERT_TRUE(final);
    EXPECT_TRUE(final->is_final);
    EXPECT_EQ(scout.seen, (Cut{150, 300, 450, 400}));
    EXPECT_EQ(final->region, (Cut{151 + (447 - 50) / 2 + 1, 302 + (396 - 40) / 2, 50, 40}));

    request.region.smart = true;
    EXPECT_EQ(make_plan(request, source(1000, 1000), {}, &scout)->region, (Cut{151 + 447 - 50, 302, 50, 40}));
}

TEST(Edges, AreKeptInPart)
{
    class Framed : public Scout {
    public:
        Cut without_edges(Cut, const PlainEdges &) override { return {10, 20, 70, 40}; }
        Cut where_the_eye_goes(Cut within, int, int) override { return within; }
    };

    Framed scout;
    Request request = asked(0, 0);
    const auto kept = [&](double keep) {
        request.edges = PlainEdges{10, {}, keep};
        return make_plan(request, source(100, 100), {}, &scout)->region;
    };
    EXPECT_EQ(kept(0), (Cut{10, 20, 70, 40}));
    EXPECT_EQ(kept(5), (Cut{5, 15, 80, 50}));
    EXPECT_EQ(kept(15), (Cut{0, 5, 95, 70}));
    EXPECT_EQ(kept(100'000), (Cut{0, 0, 100, 100}));

    request.trim.left = 4;
    EXPECT_EQ(kept(15), (Cut{4, 5, 91, 70}));          // of what the trim left
}

TEST(Canvas, HoldsThePictureAtItsPlaceOrAPartOfIt)
{
    const auto on = [](const Request &request) {
        const Plan p = plan(request, source(100, 50));
        return canvas(p) + " at " + std::to_string(p.cut_x) + ',' + std::to_string(p.cut_y);
    };
    const auto canvas_of = [](Length width, Length height, Place x = {}, Place y = {}) {
        Request request = asked(0, 0);
        request.canvas = part(width, height, x, y).region;
        simplify(request);
        return request;
    };

    EXPECT_EQ(on(canvas_of(200, 100)), "200x100 at 50,25");
    EXPECT_EQ(on(canvas_of({1.5, true}, 60, rest(0), corner(5))), "150x60 at 0,5");
    EXPECT_EQ(on(canvas_of(60, 50)), "60x50 at -20,0");
    EXPECT_EQ(on(canvas_of(60, 50, rest(1))), "60x50 at -40,0");
    EXPECT_EQ(on(canvas_of(60, 50, corner(59))), "60x50 at 59,0");
    EXPECT_EQ(refusal(canvas_of(60, 50, corner(60)), source(100, 50)), ErrorCode::bad_request);

    Request ratio = asked(0, 0);
    ratio.canvas.aspect = 1;
    EXPECT_EQ(on(ratio), "100x100 at 0,25");
    ratio.canvas.aspect = 4;
    EXPECT_EQ(on(ratio), "200x50 at 50,0");
}

TEST(Canvas, IsExtendedInPixelsOrSharesOfThePicture)
{
    Request request = asked(50, 0);
    request.extend = {Length(0.1, true), 1, 2, Length(1, true)};
    EXPECT_EQ(canvas(plan(request, source(100, 100))), "101x57");
}

TEST(Tilt, NeedsRoomForTheCorners)
{
    const auto tilted = [](int degrees, int width, int height) {
        Request request = asked(0, 0);
        request.tilt = degrees;
        return canvas(plan(request, source(width, height)));
    };
    EXPECT_EQ(tilted(45, 100, 100), "141x141");
    EXPECT_EQ(tilted(30, 200, 100), "223x187");
    EXPECT_EQ(tilted(330, 200, 100), "223x187");
    EXPECT_EQ(tilted(1, 1, 1), "1x1");

    Request pad = asked(100, 100, Fit::pad);           // the box is tilted, then extended
    pad.tilt = 45;
    pad.extend = {1, 2, 3, 4};
    const Plan p = plan(pad, source(100, 50));
    EXPECT_EQ(canvas(p), "147x145");
    EXPECT_EQ(p.box, (Cut{0, 25, 100, 100}));
    EXPECT_EQ(std::pair(p.cut_x, p.cut_y), std::pair(4, 1));
}

TEST(ResultLimit, HoldsForCanvasesBoxesAndTurns)
{
    const Limits limits{.max_output_pixels = 600};

    Request wide = asked(0, 0);
    wide.canvas.aspect = 61;
    EXPECT_EQ(refusal(wide, source(3, 3), limits), ErrorCode::internal);
    EXPECT_EQ(refusal(wide, source(4, 4), limits), ErrorCode::bad_request);

    Request huge = asked(0, 0);
    huge.canvas.width = huge.canvas.height = Length(1000, true);
    EXPECT_EQ(refusal(huge, source(6000, 8000), {}), ErrorCode::bad_request);
    huge.canvas = {};
    huge.extend = {Length(1000, true), Length(1000, true), Length(1000, true), Length(1000, true)};
    EXPECT_EQ(refusal(huge, source(60000, 800), {}), ErrorCode::bad_request);

    Request turned = asked(0, 0);
    turned.tilt = 45;
    EXPECT_EQ(refusal(turned, source(24, 24), limits), ErrorCode::bad_request);   // 34x34 then
    EXPECT_EQ(refusal(turned, source(17, 17), limits), ErrorCode::internal);

    Request hidden = asked(100, 100, Fit::pad);        // a box beyond what is seen of it
    hidden.canvas.width = hidden.canvas.height = 10;
    EXPECT_EQ(refusal(hidden, source(3, 3), limits), ErrorCode::bad_request);
}

TEST(Plan, MeasuresAShareOfBlurAlongTheWidth)
{
    Request request = asked(200, 0);
    request.adjust.blur = Length(0.05, true);
    EXPECT_EQ(plan(request, source(1000, 3000)).adjust.blur, 10);
    request.adjust.blur = Length(1, true);
    EXPECT_EQ(plan(request, source(1000, 3000)).adjust.blur, 200);
    request.width = 0;
    EXPECT_EQ(plan(request, source(1000, 3000)).adjust.blur, 250);
}

TEST(Plan, CentresTheCutOnGravityAsFarAsThePictureAllows)
{
    const auto x_at = [](double x) {
        return plan(gravity(asked(500, 500, Fit::cover), x, 0.5), source(1080, 720)).cut.x;
    };
    EXPECT_EQ(x_at(0), 0);
    EXPECT_EQ(x_at(0.3), 0);                           // 225 - 250
    EXPECT_EQ(x_at(0.4), 50);
    EXPECT_EQ(x_at(0.5), 125);
    EXPECT_EQ(x_at(0.7), 250);
    EXPECT_EQ(x_at(1), 250);

    const auto y_at = [](double y) {
        return plan(gravity(asked(500, 500, Fit::crop), 0.5, y), source(720, 1080)).cut.y;
    };
    EXPECT_EQ(y_at(0), 0);
    EXPECT_EQ(y_at(1), 250);
}

TEST(Plan, ForgetsGravityWhereNothingIsCut)
{
    Request smart = asked(300, 200, Fit::cover);
    smart.gravity.kind = Gravity::Kind::attention;

    EXPECT_EQ(plan(smart, source(1080, 720)).gravity, Gravity{});
    EXPECT_EQ(plan(smart, source(1000, 720)).gravity.kind, Gravity::Kind::attention);
}

TEST(Plan, SwapsSidesForOrientation5AndMore)
{
    SourceInfo info = source(1080, 720);
    for (const auto &[orientation, result] :
         {std::pair{1, "500x333"}, {4, "500x333"}, {5, "333x500"}, {8, "333x500"}})
    {
        info.orientation = orientation;
        EXPECT_EQ(canvas(plan(asked(500, 500), info)), result) << orientation;
    }

    info.orientation = 6;
    EXPECT_EQ(geometry(plan(gravity(asked(500, 500, Fit::cover), 0, 0), info)),
              "500x750 at 0,0 -> 500x500");
}

TEST(Plan, KnowsWhenPixelsStayAsTheyAre)
{
    SourceInfo info = source(1080, 720);
    EXPECT_TRUE(plan(asked(0, 0), info).same_pixels);
    EXPECT_TRUE(plan(asked(1080, 720, Fit::cover), info).same_pixels);
    EXPECT_FALSE(plan(asked(1079, 0), info).same_pixels);
    EXPECT_FALSE(plan(asked(1080, 719, Fit::crop), info).same_pixels);
    EXPECT_FALSE(plan(asked(1080, 721, Fit::pad), info).same_pixels);

    info.orientation = 2;
    EXPECT_FALSE(plan(asked(0, 0), info).same_pixels);
    EXPECT_FALSE(plan(asked(720, 1080, Fit::squeeze), source(1080, 720)).same_pixels);
}

TEST(Plan, KeepsAtLeastOnePixelOfAThread)
{
    EXPECT_EQ(geometry(plan(asked(100, 100), source(1, 50000))), "1x100 at 0,0 -> 1x100");
    EXPECT_EQ(geometry(plan(asked(100, 100), source(50000, 1))), "100x1 at 0,0 -> 100x1");
    EXPECT_EQ(geometry(plan(asked(1, 1), source(1, 50000))), "1x1 at 0,0 -> 1x1");
    EXPECT_EQ(geometry(plan(asked(100, 100, Fit::crop), source(1, 50000))),
              "1x50000 at 0,24950 -> 1x100");
    EXPECT_EQ(geometry(plan(asked(100, 100, Fit::pad), source(50000, 1))),
              "100x1 at 0,0 -> 100x100");
    EXPECT_EQ(geometry(plan(asked(100, 100, Fit::cover), source(50000, 1), none)),
              "5000000x100 at 2499950,0 -> 100x100");
}

TEST(Plan, StaysInsideItsBoxesWhateverTheSides)
{
    std::mt19937 random(2026);
    const auto side = [&](int limit) {                 // small ones as often as large ones
        return 1 + static_cast<int>(random() % (1U << random() % 17)) % limit;
    };

    for (int i = 0; i < 20000 && !HasFailure(); i++) {
        const auto fit = static_cast<Fit>(random() % 9);
        const int width = side(max_side);
        const int height = side(max_side);
        const SourceInfo info = source(side(65500), side(65500));
        const auto made = make_plan(gravity(asked(width, height, fit), (random() % 101) / 100.0,
                                            (random() % 101) / 100.0), info, none);
        if (!made) {
            EXPECT_EQ(fit, Fit::outside);              // a side that no format holds
            continue;
        }
        const Plan &p = *made;
        SCOPED_TRACE(testing::Message() << info.width << 'x' << info.height << " fit "
                                        << static_cast<int>(fit) << ' ' << width << 'x' << height
                                        << ": " << geometry(p));

        EXPECT_GE(std::min({p.resized_width, p.resized_height, p.cut.width, p.cut.height}), 1);
        EXPECT_GE(std::min(p.cut.x, p.cut.y), 0);
        EXPECT_LE(p.cut.x + p.cut.width, p.resized_width);
        EXPECT_LE(p.cut.y + p.cut.height, p.resized_height);
        EXPECT_LE(p.cut.width, p.canvas_width);
        EXPECT_LE(p.cut.height, p.canvas_height);
        if (fit == Fit::outside) {
            EXPECT_GE(p.canvas_width, width);
            EXPECT_GE(p.canvas_height, height);
        } else if (fit != Fit::scale_up) {
            EXPECT_LE(p.canvas_width, width);
            EXPECT_LE(p.canvas_height, height);
        }

        const bool fills = fit == Fit::cover || fit == Fit::pad || fit == Fit::squeeze;
        const bool touches = p.canvas_width == width || p.canvas_height == height;
        EXPECT_TRUE(!fills || (p.canvas_width == width && p.canvas_height == height));
        EXPECT_TRUE(fit != Fit::contain || touches);
        if (fit == Fit::scale_down || fit == Fit::crop || fit == Fit::aspect_crop) {
            EXPECT_LE(p.resized_width, info.width);
            EXPECT_LE(p.resized_height, info.height);
        }
    }
}

TEST(SourceLimit, HoldsToTheLastByteFrameAndPixel)
{
    const Limits limits{.max_bytes = 100, .max_pixels = 600, .max_frames = 3};
    SourceInfo info = source(20, 10);
    info.bytes = 100;
    info.frames = 3;
    EXPECT_FALSE(check_limits(info, limits));

    SourceInfo bytes = info;
    bytes.bytes++;
    EXPECT_EQ(check_limits(bytes, limits)->code, ErrorCode::too_large);

    SourceInfo pixels = info;
    pixels.width++;
    EXPECT_EQ(check_limits(pixels, limits)->code, ErrorCode::too_large);
    EXPECT_EQ(refusal(asked(1, 1), pixels, limits), ErrorCode::too_large);

    SourceInfo frames = source(1, 1);
    frames.bytes = 1;
    frames.frames = 4;
    EXPECT_EQ(check_limits(frames, limits)->code, ErrorCode::too_large);
}

TEST(SourceLimit, CountsIn64Bits)
{
    EXPECT_EQ(check_limits(source(65536, 65536), {})->code, ErrorCode::too_large);   // 0 in 32 bits

    SourceInfo animated = source(65535, 65535, Format::gif);
    animated.frames = 256;
    EXPECT_EQ(check_limits(animated, {})->code, ErrorCode::too_large);
    EXPECT_EQ(check_limits(source(2147483647, 2147483647), {})->code, ErrorCode::too_large);
}

TEST(ResultLimit, HoldsToTheLastPixelOfAllFrames)
{
    const Limits limits{.max_output_pixels = 600};
    EXPECT_EQ(canvas(plan(asked(30, 20), source(300, 200), limits)), "30x20");
    EXPECT_EQ(refusal(asked(31, 21), source(310, 210), limits), ErrorCode::bad_request);
    EXPECT_EQ(refusal(asked(0, 0), source(601, 1), limits), ErrorCode::bad_request);
    EXPECT_EQ(canvas(plan(asked(30, 20, Fit::contain), source(3, 2), limits)), "30x20");
    EXPECT_EQ(refusal(asked(31, 31, Fit::contain), source(3, 2), limits), ErrorCode::bad_request);
    EXPECT_EQ(canvas(plan(asked(30, 20, Fit::pad), source(1, 1), limits)), "30x20");
    EXPECT_EQ(refusal(asked(601, 1, Fit::pad), source(1, 1), limits), ErrorCode::bad_request);

    SourceInfo animated = source(100, 100, Format::gif);
    animated.frames = 6;
    EXPECT_EQ(plan(asked(10, 10), animated, limits).frames, 6);
    EXPECT_EQ(refusal(asked(11, 11), animated, limits), ErrorCode::bad_request);
}

TEST(ResultLimit, IsNotForWhatIsCutOffAStrip)
{
    const Plan tall = plan(asked(100, 100, Fit::cover), source(1, 16000));
    EXPECT_EQ(canvas(tall), "100x100");
    EXPECT_EQ(tall.region, (Cut{0, 7995, 1, 10}));
    EXPECT_EQ(std::pair(tall.resized_width, tall.resized_height), std::pair(100, 1000));
    EXPECT_EQ(tall.cut, (Cut{0, 450, 100, 100}));

    Request end = asked(100, 100, Fit::cover);
    end.gravity.x = 1;
    const Plan wide = plan(end, source(16000, 1));
    EXPECT_EQ(wide.region, (Cut{15995, 0, 5, 1}));
    EXPECT_EQ(wide.cut, (Cut{400, 0, 100, 100}));

    SourceInfo turned = source(16000, 1);
    turned.orientation = 6;                            // stands 1x16000
    EXPECT_EQ(plan(asked(100, 100, Fit::cover), turned).region, (Cut{7995, 0, 10, 1}));

    EXPECT_EQ(refusal(asked(6000, 6000, Fit::cover), source(1, 16000)), ErrorCode::bad_request);
}

TEST(ResultLimit, LetsALargeSourceBecomeSmall)
{
    EXPECT_EQ(canvas(plan(asked(30, 20), source(6000, 4000), {.max_output_pixels = 600})), "30x20");
}

TEST(ResultFormat, IsTheSourcesWhereItCanBeWritten)
{
    for (const Format format :
         {Format::jpeg, Format::png, Format::webp, Format::gif, Format::avif})
    {
        EXPECT_EQ(plan(asked(0, 0), source(10, 10, format)).format, format) << name(format);
    }

    SourceInfo info = source(10, 10, Format::heif);
    EXPECT_EQ(plan(asked(0, 0), info).format, Format::jpeg);
    info.alpha = true;
    EXPECT_EQ(plan(asked(0, 0), info).format, Format::png);
    EXPECT_EQ(plan(asked(0, 0), source(10, 10, Format::tiff)).format, Format::jpeg);
}

TEST(ResultFormat, IsTiffOnlyWhereThatIsAskedFor)
{
    Request request = asked(0, 0);
    EXPECT_EQ(plan(request, source(10, 10, Format::tiff)).skipped, std::nullopt);
    request.format = {FormatChoice::Kind::exactly, {Format::tiff}};
    EXPECT_EQ(plan(request, source(10, 10)).format, Format::tiff);
    EXPECT_EQ(plan(request, source(65500, 10)).format, Format::tiff);
    EXPECT_EQ(plan(request, source(65501, 10)).format, Format::png);

    SourceInfo animated = source(10, 10, Format::gif);
    animated.frames = 3;
    EXPECT_EQ(plan(request, animated).frames, 1);
}

TEST(ResultFormat, IsNoneOfASideThatNoFormatHolds)
{
    const auto longest = make_plan(asked(0, 0), source(1, 1'000'000), {});
    ASSERT_TRUE(longest);
    EXPECT_EQ(longest->format, Format::png);

    const auto longer = make_plan(asked(0, 0), source(1, 1'000'001), {});
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().code, ErrorCode::bad_request);
}

TEST(ResultFormat, IsNegotiatedInOrder)
{
    EXPECT_EQ(plan(automatic({Format::avif, Format::webp}), source(10, 10)).format, Format::avif);
    EXPECT_EQ(plan(automatic({Format::webp, Format::avif}), source(10, 10)).format, Format::webp);
}

TEST(ResultFormat, StaysTheSourcesWhenTheClientAcceptsIt)
{
    const Request both = automatic({Format::avif, Format::webp});
    EXPECT_EQ(plan(both, source(10, 10, Format::webp)).format, Format::webp);
    EXPECT_EQ(plan(both, source(10, 10, Format::avif)).format, Format::avif);
    EXPECT_EQ(plan(automatic({Format::webp}), source(10, 10, Format::avif)).format, Format::webp);
}

TEST(ResultFormat, IsOneThatEveryClientShowsWhenNothingWasAccepted)
{
    struct Row {
        Format source;
        bool   alpha;
        int    frames;
        Format result;
    };
    for (const auto &[from, alpha, frames, result] :
         {Row{Format::jpeg, false, 1, Format::jpeg}, Row{Format::png, true, 1, Format::png},
          Row{Format::gif, true, 3, Format::gif}, Row{Format::webp, false, 1, Format::jpeg},
          Row{Format::webp, true, 1, Format::png}, Row{Format::webp, true, 3, Format::gif},
          Row{Format::avif, false, 1, Format::jpeg}, Row{Format::avif, true, 1, Format::png},
          Row{Format::tiff, false, 1, Format::jpeg}, Row{Format::svg, true, 1, Format::png}})
    {
        SourceInfo info = source(10, 10, from);
        info.alpha = alpha;
        info.frames = frames;
        EXPECT_EQ(plan(automatic({}), info).format, result) << name(from) << ' ' << frames;
    }
}

TEST(ResultFormat, OfAnAnimationCanMove)
{
    SourceInfo info = source(10, 10, Format::gif);
    info.frames = 3;
    EXPECT_EQ(plan(automatic({Format::avif, Format::webp}), info).format, Format::webp);
    EXPECT_EQ(plan(automatic({Format::avif, Format::webp}), info).frames, 3);
    EXPECT_EQ(plan(automatic({Format::avif}), info).format, Format::gif);
}

TEST(ResultFormat, AskedForByNameKeepsOneFrameIfItCannotMove)
{
    SourceInfo info = source(10, 10, Format::gif);
    info.frames = 3;
    for (const auto &[format, frames] :
         {std::pair{Format::jpeg, 1}, {Format::png, 1}, {Format::avif, 1}, {Format::webp, 3}})
    {
        EXPECT_EQ(plan(exactly(format), info).format, format) << name(format);
        EXPECT_EQ(plan(exactly(format), info).frames, frames) << name(format);
    }
}

TEST(ResultFormat, IsAvifUpToItsArea)
{
    const Limits limits{.max_avif_pixels = 600};
    const Request both = automatic({Format::avif, Format::webp});

    EXPECT_EQ(plan(both, source(30, 20), limits).format, Format::avif);
    EXPECT_EQ(plan(both, source(601, 1), limits).format, Format::webp);
    EXPECT_EQ(plan(both, source(601, 1, Format::avif), limits).format, Format::webp);
    EXPECT_EQ(plan(asked(0, 0), source(601, 1, Format::avif), limits).format, Format::jpeg);
    EXPECT_EQ(plan(exactly(Format::avif), source(30, 20), limits).format, Format::avif);
    EXPECT_EQ(plan(exactly(Format::avif), source(601, 1), limits).format, Format::jpeg);

    Request small = both;                              // the result's area, not the source's
    small.width = 30;
    EXPECT_EQ(plan(small, source(300, 200), limits).format, Format::avif);
}

TEST(ResultFormat, HasRoomForTheLongestSide)
{
    struct Row {
        Format format;
        int    longest;
        Format next;
    };
    for (const auto &[format, longest, next] :
         {Row{Format::webp, 16383, Format::png}, Row{Format::avif, 16384, Format::png},
          Row{Format::jpeg, 65500, Format::png}, Row{Format::gif, 65535, Format::png}})
    {
        EXPECT_EQ(plan(exactly(format), source(longest, 1, Format::png)).format, format);
        EXPECT_EQ(plan(exactly(format), source(1, longest, Format::png)).format, format);
        EXPECT_EQ(plan(exactly(format), source(longest + 1, 1, Format::png)).format, next);
        EXPECT_EQ(plan(exactly(format), source(1, longest + 1, Format::png)).format, next);
    }

    EXPECT_EQ(plan(automatic({Format::webp}), source(16384, 1)).format, Format::jpeg);
    EXPECT_EQ(plan(asked(0, 0), source(16384, 1, Format::webp)).format, Format::jpeg);
    EXPECT_EQ(plan(asked(0, 0), source(1, 65501)).format, Format::png);
}

TEST(ResultFormat, IsKnownToStandInForOneThatIsTooSmall)
{
    EXPECT_EQ(plan(exactly(Format::webp), source(16383, 1)).skipped, std::nullopt);
    EXPECT_EQ(plan(exactly(Format::webp), source(16384, 1)).skipped, Format::webp);
    EXPECT_EQ(plan(automatic({Format::avif, Format::webp}), source(2000, 1501)).skipped, Format::avif);
    EXPECT_EQ(plan(automatic({Format::avif, Format::webp}), source(2000, 1500)).skipped, std::nullopt);

    SourceInfo film = source(10, 10, Format::gif);
    film.frames = 2;
    EXPECT_EQ(plan(automatic({Format::avif, Format::webp}), film).skipped, std::nullopt);   // unfit, not too small
    EXPECT_EQ(plan(asked(0, 0), source(10, 10, Format::tiff)).skipped, std::nullopt);
}

TEST(Plan, KnowsWhenItDoesNotEnlarge)
{
    const auto is_small = [](int width, int height, Fit fit, bool shrink_only = false) {
        Request request = asked(width, height, fit);
        request.shrink_only = shrink_only;
        return plan(request, source(300, 200)).small;
    };

    EXPECT_FALSE(is_small(300, 0, Fit::scale_down));
    EXPECT_TRUE(is_small(301, 0, Fit::scale_down));
    EXPECT_FALSE(is_small(301, 200, Fit::scale_down));
    EXPECT_TRUE(is_small(301, 200, Fit::crop));
    EXPECT_FALSE(is_small(300, 200, Fit::crop));
    EXPECT_TRUE(is_small(600, 600, Fit::pad, true));
    EXPECT_TRUE(is_small(600, 10, Fit::squeeze, true));
    for (const Fit fit : {Fit::contain, Fit::cover, Fit::pad, Fit::squeeze, Fit::scale_up}) {
        EXPECT_FALSE(is_small(600, 600, fit));
    }
}

TEST(ResultFormat, WithoutAlphaLiesOnABackground)
{
    SourceInfo info = source(10, 10, Format::png);
    EXPECT_EQ(plan(exactly(Format::jpeg), info).background, std::nullopt);

    info.alpha = true;
    EXPECT_EQ(plan(exactly(Format::jpeg), info).background, white);
    EXPECT_EQ(plan(exactly(Format::webp), info).background, std::nullopt);

    Request red = exactly(Format::jpeg);
    red.background = Color{255, 0, 0, 255};
    EXPECT_EQ(plan(red, info).background, (Color{255, 0, 0, 255}));

    red.background = Color{255, 0, 0, 0};              // on white, where nothing can show through
    EXPECT_EQ(plan(red, info).background, white);
}

TEST(Plan, DecidesAutomaticQualityByTheFormatItChose)
{
    Request request = automatic({Format::avif, Format::webp});
    request.quality = Quality{true};
    EXPECT_EQ(plan(request, source(10, 10)).quality, 75);
    EXPECT_EQ(plan(request, source(10, 10), {.max_avif_pixels = 99}).quality, 80);
}

TEST(Plan, EstimatesMoreMemoryForMorePixelsAtOnce)
{
    const auto memory = [](const Request &request, const SourceInfo &info) {
        return plan(request, info).memory;
    };

    SourceInfo lines = source(4000, 3000);
    SourceInfo whole = lines;
    whole.whole_in_memory = true;
    EXPECT_LT(memory(asked(100, 0), lines), memory(asked(1000, 0), lines));
    EXPECT_LT(memory(asked(100, 0), lines), 4000U * 3000);
    EXPECT_GE(memory(asked(100, 0), whole), 4000U * 3000 * 3);

    SourceInfo one = source(400, 300, Format::gif);
    SourceInfo ten = one;
    ten.frames = 10;
    EXPECT_GT(memory(asked(0, 0), ten), 5 * memory(asked(0, 0), one));
}

TEST(ShrinkOnLoad, LeavesAtLeastWhatIsWanted)
{
    EXPECT_EQ(shrink_on_load(4000, 3000, 500, 375), 8);
    EXPECT_EQ(shrink_on_load(4000, 3000, 501, 375), 4);
    EXPECT_EQ(shrink_on_load(4000, 3000, 500, 376), 4);
    EXPECT_EQ(shrink_on_load(4000, 3000, 1001, 1), 2);
    EXPECT_EQ(shrink_on_load(4000, 3000, 2000, 1500), 2);
    EXPECT_EQ(shrink_on_load(4000, 3000, 2001, 1500), 1);
    EXPECT_EQ(shrink_on_load(4001, 3000, 501, 375), 4);    // libvips rounds down
    EXPECT_EQ(shrink_on_load(9000, 3, 90, 1), 2);
    EXPECT_EQ(shrink_on_load(10, 10, 20, 20), 1);

    EXPECT_EQ(shrink_on_load(source(4000, 3000), plan(asked(500, 0), source(4000, 3000))), 8);
    SourceInfo turned = source(3000, 4000);
    turned.orientation = 6;
    EXPECT_EQ(shrink_on_load(turned, plan(asked(500, 0), turned)), 8);
    EXPECT_EQ(shrink_on_load(turned, plan(asked(501, 0), turned)), 4);
    const SourceInfo png = source(4000, 3000, Format::png);
    EXPECT_EQ(shrink_on_load(png, plan(asked(500, 0), png)), 1);
}

Plan limited(int width, int height, Format format, int quality)
{
    Plan made;
    made.format = format;
    made.quality = quality;
    made.canvas_width = width;
    made.canvas_height = height;
    made.max_bytes = 1000;
    return made;
}

TEST(SmallerPlan, HasALowerQualityWhereThatMayDo)
{
    Plan plan = limited(32, 24, Format::webp, 60);
    std::vector<int> qualities;
    while (plan.canvas_width == 32 && make_smaller(plan, 1001)) {
        qualities.push_back(plan.quality);
    }
    EXPECT_EQ(qualities, (std::vector<int>{40, 26, 17, 15, 15}));
}

TEST(SmallerPlan, HasFewerPixelsElse)
{
    Plan plan = limited(32, 24, Format::png, 60);
    EXPECT_TRUE(make_smaller(plan, 1001));
    EXPECT_EQ(canvas(plan), "25x19");

    plan = limited(3200, 2400, Format::webp, 60);
    EXPECT_TRUE(make_smaller(plan, 400'000));
    EXPECT_EQ(canvas(plan), "160x120");
    EXPECT_EQ(plan.quality, 40);

    plan = limited(32, 24, Format::webp, 60);
    plan.lossless = true;
    EXPECT_TRUE(make_smaller(plan, 1001));
    EXPECT_EQ(canvas(plan), "25x19");
}

TEST(SmallerPlan, EndsAtOnePixel)
{
    for (const Format format : {Format::png, Format::jpeg, Format::avif, Format::gif}) {
        Plan plan = limited(12'000, 1, format, 100);
        int attempts = 0;
        while (make_smaller(plan, 1001)) {
            attempts++;
        }
        EXPECT_EQ(canvas(plan), "1x1");
        EXPECT_LT(attempts, 60);
    }
}

// Megabytes that a process grew by while it made a JPEG 600 wide of each, its file included,
// with libvips 8.14 and libheif 1.15 on Debian 12.
TEST(EstimatedMemory, CoversWhatWasMeasured)
{
    struct Measured {
        Format format;
        int    width, height, pixel_bytes;
        bool   whole;
        double file, peak;
        bool   quarter_chroma = false;
        double blocks = 0;
    };
    static constexpr Measured measured[] = {
        {Format::png, 4608, 3072, 3, false, 14.9, 39.5},
        {Format::png, 4608, 3072, 3, true, 17.0, 76.9},
        {Format::png, 4608, 3072, 6, false, 19.5, 65.1},
        {Format::png, 4608, 3072, 6, true, 22.0, 138.3},
        {Format::png, 4608, 3072, 8, false, 21.8, 82.5},
        {Format::png, 4608, 3072, 8, true, 24.0, 179.0},
        {Format::png, 18432, 768, 3, false, 5.7, 45.7},
        {Format::avif, 3041, 2028, 3, true, 0.1, 85.7},
        {Format::avif, 3041, 2028, 6, true, 0.1, 161.2},
        {Format::avif, 3041, 2028, 8, true, 0.1, 161.6},
        {Format::heif, 3041, 2028, 4, true, 0.2, 73.7},
        {Format::avif, 1064, 710, 3, true, 0.0, 8.3, true},
        {Format::avif, 3041, 2028, 3, true, 0.1, 46.7, true},
        {Format::avif, 4608, 3072, 3, true, 0.1, 98.0, true},
        {Format::heif, 3041, 2028, 3, true, 0.2, 48.0, true},
        {Format::heif, 4608, 3072, 3, true, 0.3, 109.0, true},
        {Format::heif, 4608, 3072, 6, true, 0.4, 215.2, true},
        {Format::tiff, 4608, 3072, 3, false, 17.8, 92.5, false, 60.3},
        {Format::tiff, 4608, 3072, 3, false, 22.3, 69.3, false, 22.3},
        {Format::tiff, 4608, 3072, 6, false, 14.7, 61.8, false, 7.7},
        {Format::jxl, 3041, 2028, 3, true, 0.1, 54.8},
        {Format::jxl, 3041, 2028, 6, true, 0.1, 136.6},
    };

    for (const Measured &m : measured) {
        SourceInfo info = source(m.width, m.height, m.format);
        info.bytes = static_cast<std::uint64_t>(m.file * 1e6);
        info.pixel_bytes = m.pixel_bytes;
        info.whole_in_memory = m.whole;
        info.quarter_chroma = m.quarter_chroma;
        info.block_memory = static_cast<std::uint64_t>(m.blocks * 1e6);
        Request request = exactly(Format::jpeg);
        request.width = 600;

        const double estimate = static_cast<double>(plan(request, info).memory) / 1e6;
        EXPECT_GE(estimate, m.peak) << name(m.format) << ' ' << m.pixel_bytes << ' ' << m.whole;
        EXPECT_LE(estimate, m.peak * 1.5) << name(m.format) << ' ' << m.pixel_bytes << ' ' << m.whole;
    }
}

TEST(EstimatedMemory, OfAProgressiveJpegHoldsItsCoefficients)
{
    SourceInfo info = source(4000, 3000);
    info.whole_in_memory = true;
    for (const int bytes : {1, 3, 4}) {
        info.pixel_bytes = bytes;
        EXPECT_GE(plan(asked(500, 0), info).memory, 4000ULL * 3000 * 2 * bytes);
    }
}

TEST(EstimatedMemory, IsLessWhereTheDecoderShrinks)
{
    const SourceInfo jpeg = source(4000, 3000);
    Request request = exactly(Format::jpeg);
    request.width = 500;
    const auto shrunk = plan(request, jpeg).memory;
    EXPECT_LT(4 * shrunk, plan(request, source(4000, 3000, Format::png)).memory);

    request.kernel = Kernel::nearest;
    EXPECT_LT(4 * shrunk, plan(request, jpeg).memory);
}

TEST(EstimatedMemory, OfAVeryWidePictureIsNotMoreThanThePicture)
{
    SourceInfo source;
    source.width = 40'000'000;
    source.height = 1;
    Request request;
    request.width = 100;

    const auto plan = make_plan(request, source, Limits{});
    ASSERT_TRUE(plan);
    EXPECT_LT(plan->memory, 200'000'000U);
}

}  // namespace
}  // namespace cdn::image

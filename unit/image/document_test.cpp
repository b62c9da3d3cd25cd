// SVG and PDF, which helper processes read and draw.

#include "pictures.h"

#include <fstream>
#include <thread>

#include <unistd.h>

namespace cdn::image {
namespace {

using namespace std::string_literals;

std::string svg(const std::string &size, const std::string &content)
{
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
           "xmlns:xi=\"http://www.w3.org/2001/XInclude\" " + size + '>' + content + "</svg>";
}

const std::string red_left = svg("width=\"40\" height=\"20\"",
                                 "<rect width=\"20\" height=\"20\" fill=\"red\"/>");

struct Page {
    std::string box;                                   // "0 0 612 792"
    std::string drawing;                               // in PDF's operators
};

std::string pdf(const std::vector<Page> &pages, const std::string &trailer = "")
{
    std::vector<std::string> objects{"<</Type/Catalog/Pages 2 0 R>>", ""};
    std::string kids;
    for (const auto &[box, drawing] : pages) {
        const auto number = objects.size() + 1;
        kids += std::to_string(number) + " 0 R ";
        objects.push_back("<</Type/Page/Parent 2 0 R/MediaBox[" + box + "]/Contents "
                          + std::to_string(number + 1) + " 0 R>>");
        objects.push_back("<</Length " + std::to_string(drawing.size()) + ">>stream\n" + drawing
                          + "\nendstream");
    }
    objects[1] = "<</Type/Pages/Count " + std::to_string(pages.size()) + "/Kids[" + kids + "]>>";

    std::string file = "%PDF-1.4\n";
    std::string table;
    for (std::size_t i = 0; i < objects.size(); i++) {
        char entry[32];
        std::snprintf(entry, sizeof(entry), "%010zu 00000 n \n", file.size());
        table += entry;
        file += std::to_string(i + 1) + " 0 obj" + objects[i] + "endobj\n";
    }

    const auto count = std::to_string(objects.size() + 1);
    return file + "xref\n0 " + count + "\n0000000000 65535 f \n" + table + "trailer<</Root 1 0 R/Size "
           + count + trailer + ">>\nstartxref\n" + std::to_string(file.size()) + "\n%%EOF\n";
}

const std::string letter = pdf({{"0 0 612 792", "1 0 0 rg 0 396 306 396 re f"},   // top left red
                                {"0 0 200 100", "0 0 1 rg 0 0 200 100 re f"}});

ErrorCode refusal(const std::string &source, const Request &request, const Limits &limits = {})
{
    const auto prepared = prepare(source, request, all_inputs, limits);
    if (!prepared) {
        return prepared.error().code;
    }

    Stop stop;
    const auto image = render(source, *prepared, stop);
    if (image) {
        ADD_FAILURE() << "not refused";
        return ErrorCode::internal;
    }
    return image.error().code;
}

class Document : public testing::Test {
protected:
    static void SetUpTestSuite() { start(); }
};

TEST_F(Document, BecomesPngWhereItIsTransparentAndJpegWhereNot)
{
    EXPECT_EQ(outcome(rendered(red_left, asked(0, 0))), "png 40x20");
    EXPECT_EQ(outcome(rendered(letter, asked(0, 0))), "jpeg 612x792");
    EXPECT_EQ(outcome(rendered(red_left, as(Format::webp))), "webp 40x20");
}

TEST_F(Document, IsDrawnInTheSizeAskedForAndNotEnlarged)
{
    const auto picture = decoded(bytes_of(rendered(red_left, asked(2000, 0))));
    ASSERT_EQ(vips_image_get_width(picture.get()), 2000);
    ASSERT_EQ(vips_image_get_height(picture.get()), 1000);

    // from one pixel to the next: a picture enlarged fifty times has a slope here
    EXPECT_EQ(pixel(picture, 998, 500), (Pixel{255, 0, 0, 255}));
    EXPECT_EQ(pixel(picture, 1001, 500).at(3), 0);
}

TEST_F(Document, FitsEveryBox)
{
    const Request preview = asked(400, 600);
    EXPECT_EQ(outcome(rendered(letter, preview)), "jpeg 400x518");
    EXPECT_EQ(outcome(rendered(red_left, asked(100, 100))), "png 100x50");
    EXPECT_EQ(outcome(rendered(red_left, asked(100, 100, Fit::cover))), "png 100x100");
    EXPECT_EQ(outcome(rendered(red_left, asked(100, 100, Fit::crop))), "png 100x100");
    EXPECT_EQ(outcome(rendered(red_left, asked(30, 100, Fit::pad))), "png 30x100");
    EXPECT_EQ(outcome(rendered(red_left, asked(30, 100, Fit::squeeze))), "png 30x100");
    EXPECT_EQ(outcome(rendered(letter, asked(1, 1))), "jpeg 1x1");

    Request turned = asked(50, 0);
    turned.rotate = 90;
    EXPECT_EQ(outcome(rendered(red_left, turned)), "png 50x100");

    Request part = asked(100, 0);
    part.trim.left = 20;
    const auto right = rendered(red_left, part);
    EXPECT_EQ(outcome(right), "png 100x100");
    EXPECT_EQ(pixel(decoded(bytes_of(right)), 0, 50).at(3), 0);
}

TEST_F(Document, HasItsPlainEdgesCutOff)
{
    Request trimmed = asked(0, 0);
    trimmed.edges.emplace();
    EXPECT_EQ(outcome(rendered(red_left, trimmed)), "png 20x20");
    EXPECT_EQ(outcome(rendered(letter, trimmed)), "jpeg 612x792");      // there is nothing else
}

TEST_F(Document, KeepsTheProportionsOfAFractionalSize)
{
    const auto icon = svg("width=\"18.5\" height=\"12.3\"", "<rect width=\"9\" height=\"9\"/>");
    EXPECT_EQ(outcome(rendered(icon, asked(370, 0))), "png 370x246");
}

TEST_F(Document, HasTheSizeOfItsViewBoxWhereItNamesNone)
{
    EXPECT_EQ(outcome(rendered(svg("viewBox=\"0 0 30 20\"", "<rect width=\"9\" height=\"9\"/>"),
                               asked(0, 0))), "png 30x20");
}

TEST_F(Document, LiesOnWhiteOrOnItsBackground)
{
    const auto page = decoded(bytes_of(rendered(letter, as(Format::png, asked(306, 0)))));
    EXPECT_TRUE(near(pixel(page, 50, 50), red));
    EXPECT_TRUE(near(pixel(page, 250, 50), white_pixel));
    EXPECT_TRUE(near(pixel(page, 50, 350), white_pixel));
    EXPECT_EQ(vips_image_get_bands(page.get()), 3);

    Request request = as(Format::jpeg);
    EXPECT_TRUE(near(pixel(decoded(bytes_of(rendered(red_left, request))), 35, 10), white_pixel));
    request.background = Color{0, 0, 255, 255};
    EXPECT_TRUE(near(pixel(decoded(bytes_of(rendered(red_left, request))), 35, 10), blue));
}

TEST_F(Document, ShowsThePageAskedFor)
{
    Request request = as(Format::png);
    request.page = 2;
    const auto second = rendered(letter, request);
    EXPECT_EQ(outcome(second), "png 200x100");
    EXPECT_TRUE(near(pixel(decoded(bytes_of(second)), 100, 50), blue));

    request.page = 3;
    const auto refused = prepare(letter, request, all_inputs, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::bad_request);
    EXPECT_EQ(refused.error().message, "the source has 2 pages");
}

TEST_F(Document, IsRefusedBeforeItIsDrawnTooLarge)
{
    const auto large = svg("width=\"100000\" height=\"100000\"", "<rect width=\"9\" height=\"9\"/>");
    const auto sheet = pdf({{"0 0 200000 200000", ""}});

    for (const auto &source : {large, sheet}) {
        EXPECT_EQ(prepare(source, asked(0, 0), all_inputs, {}).error().code, ErrorCode::too_large);
        EXPECT_EQ(prepare(source, asked(9000, 9000), all_inputs, {}).error().code, ErrorCode::too_large);
        EXPECT_TRUE(prepare(source, asked(400, 0), all_inputs, {}));
    }
    EXPECT_EQ(outcome(rendered(large, asked(400, 0))), "png 400x400");

    // what would be too large for its size alone is the request's fault
    EXPECT_EQ(prepare(red_left, asked(12000, 12000, Fit::cover), all_inputs, {}).error().code,
              ErrorCode::bad_request);
}

TEST_F(Document, IsRefusedWithoutASizeOrAPage)
{
    for (const auto &source :
         {svg("width=\"1e30\" height=\"1e30\"", "<rect width=\"1\" height=\"1\"/>"),
          svg("width=\"0\" height=\"0\"", "<rect width=\"1\" height=\"1\"/>"),
          svg("", ""), red_left.substr(0, red_left.size() - 4), "<svg><<<"s, pdf({}),
          letter.substr(0, 100), "%PDF-1.4 and nothing else"s})
    {
        EXPECT_EQ(refusal(source, asked(20, 0)), ErrorCode::unsupported) << source;
    }
}

TEST_F(Document, IsRefusedWhenEncrypted)
{
    const auto locked = pdf({{"0 0 100 100", ""}},
                            "/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<" + std::string(64, '0')
                                + ">/U<" + std::string(64, '0') + ">>>");
    EXPECT_EQ(refusal(locked, asked(20, 0)), ErrorCode::unsupported);
}

TEST_F(Document, ReachesNoFile)
{
    const auto name = testing::TempDir() + "cdn_document_" + std::to_string(getpid()) + ".png";
    std::ofstream(name) << encoded(plain(10, 10, red), ".png");
    const auto reads = [&](const std::string &content) {
        const auto picture =
            decoded(bytes_of(rendered(svg("width=\"20\" height=\"20\"", content), asked(0, 0))));
        return pixel(picture, 10, 10).at(3) != 0;
    };
    const auto image = [](const std::string &url) {
        return "<image width=\"20\" height=\"20\" xlink:href=\"" + url + "\"/>";
    };

    EXPECT_FALSE(reads(image(name)));
    EXPECT_FALSE(reads(image("file://" + name)));
    EXPECT_FALSE(reads("<use href=\"file://" + name + "#a\"/>"));
    EXPECT_FALSE(reads("<filter id=\"f\"><feImage xlink:href=\"file://" + name
                       + "\"/></filter><rect width=\"20\" height=\"20\" filter=\"url(#f)\"/>"));
    EXPECT_FALSE(reads("<style>@import url(\"file://" + name + "\");</style>"));
    EXPECT_FALSE(reads("<text y=\"20\" font-size=\"40\"><xi:include parse=\"text\" href=\"file:///etc/passwd\"/></text>"));

    // it would have been seen
    EXPECT_TRUE(reads("<rect width=\"20\" height=\"20\"/>"));
    EXPECT_TRUE(reads(image("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==")));
    std::remove(name.c_str());
}

TEST_F(Document, IsNotReadCompressed)
{
    const auto refused = prepare("\x1F\x8B\x08\0\0\0\0\0\0\3"s + red_left, asked(0, 0), all_inputs, {});
    EXPECT_EQ(refused.error().message, "the source is not an image");
}

// Thirty masks, each of which shows the next one twice.
TEST_F(Document, IsDroppedWhenItTakesForEver)
{
    std::string masks;
    for (int i = 0; i < 30; i++) {
        const auto next = "<rect width=\"400\" height=\"400\" fill=\"white\" mask=\"url(#m"
                          + std::to_string(i + 1) + ")\"/>";
        masks += "<mask id=\"m" + std::to_string(i) + "\">" + next + next + "</mask>";
    }
    const auto source = svg("width=\"400\" height=\"400\"",
                            masks + "<rect width=\"400\" height=\"400\" mask=\"url(#m0)\"/>");

    const auto prepared = prepare(source, asked(0, 0), all_inputs, {});
    ASSERT_TRUE(prepared);

    Stop stop;
    std::thread impatient([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        stop.ask();
    });
    const auto image = render(source, *prepared, stop);
    impatient.join();
    EXPECT_EQ(image.error().code, ErrorCode::cancelled);

    EXPECT_EQ(outcome(rendered(red_left, asked(0, 0))), "png 40x20");    // others go on
}

// A picture of 100 megapixels inside: some kilobytes of file, 700 MB of memory.
TEST_F(Document, GetsOnlyTheMemoryItIsCharged)
{
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "no memory limit under the sanitizer";
#endif
    VipsImage *large = nullptr;
    must(vips_black(&large, 10000, 10000, nullptr));
    const auto png = encoded(Picture(large), ".png[compression=9,bitdepth=1]");
    gchar *base64 = g_base64_encode(reinterpret_cast<const guchar *>(png.data()), png.size());
    const auto source = svg("width=\"10\" height=\"10\"",
                            "<image width=\"10\" height=\"10\" xlink:href=\"data:image/png;base64,"s + base64 + "\"/>");
    g_free(base64);

    const auto image = try_rendered(source, asked(0, 0));
    if (image) {                                       // left out
        EXPECT_EQ(pixel(decoded(bytes_of(*image)), 5, 5).at(3), 0);
    } else {
        EXPECT_EQ(image.error().code, ErrorCode::unsupported);
    }
}

}  // namespace
}  // namespace cdn::image

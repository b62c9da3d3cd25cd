#include "image/dialect.h"

#include <gtest/gtest.h>

namespace cdn::image {
namespace {

// What a device makes of an option list in the words of custom, for a client
// that shows everything.
Request named(std::string_view device, std::initializer_list<std::pair<std::string_view, std::string_view>> settings = {})
{
    Options options;
    EXPECT_FALSE(set_option(options, "device", device));
    for (const auto &[key, value] : settings) {
        EXPECT_FALSE(set_option(options, key, value)) << key;
    }
    lay_over_device(options);

    const auto request = resolve(options, {{}, "/a.jpg", {}},
                                 preferred({Format::avif, Format::webp}, options.device));
    EXPECT_TRUE(request);
    return *request;
}

int quality(const Request &request, Format format)
{
    return quality_for(request, format);
}

TEST(Device, HasAWidthWhereNoSizeIsAskedFor)
{
    EXPECT_EQ(named("mobile").width, Length{768});
    EXPECT_EQ(named("tablet").width, Length{1024});
    EXPECT_EQ(named("desktop").width, Length{});
    EXPECT_EQ(named("mobile", {{"height", "100"}}).width, Length{});
    EXPECT_EQ(named("mobile", {{"dpr", "2"}}).width, Length{1536});
    EXPECT_EQ(named("mobile", {{"width", "auto"}}).width, Length{});       // that of the hints
}

TEST(Device, HasAFavouriteFormat)
{
    EXPECT_EQ(named("mobile").format.formats, (Negotiated{Format::webp, Format::avif}));
    EXPECT_EQ(named("tablet").format.formats, (Negotiated{Format::webp, Format::avif}));
    EXPECT_EQ(named("desktop").format.formats, (Negotiated{Format::avif, Format::webp}));
    EXPECT_EQ(named("print").format, (FormatChoice{FormatChoice::Kind::exactly, {Format::png}}));
    EXPECT_EQ(named("mobile", {{"format", "jpeg"}}).format.formats, Negotiated{Format::jpeg});
}

TEST(Device, CapsTheQualityLast)
{
    EXPECT_EQ(named("mobile").quality.value, 80);
    EXPECT_EQ(named("mobile", {{"quality", "60"}}).quality.value, 60);
    EXPECT_EQ(named("mobile", {{"quality", "81"}}).quality.value, 80);
    EXPECT_EQ(named("tablet", {{"quality", "95"}}).quality.value, 85);
    EXPECT_EQ(named("desktop").quality.value, 90);
    EXPECT_EQ(named("desktop", {{"quality", "70"}}).quality.value, 70);
    EXPECT_EQ(named("print", {{"quality", "10"}, {"format", "jpeg"}}).quality.value, 95);
}

TEST(Device, ChangesAutomaticQuality)
{
    const auto at = [](std::string_view device, std::string_view width, Format format) {
        return quality(named(device, {{"quality", "auto"}, {"width", width}}), format);
    };

    EXPECT_EQ(at("mobile", "300", Format::jpeg), 80);      // 85 + 10 - 5, capped
    EXPECT_EQ(at("mobile", "301", Format::jpeg), 80);
    EXPECT_EQ(at("mobile", "301", Format::webp), 75);
    EXPECT_EQ(at("mobile", "1200", Format::webp), 70);
    EXPECT_EQ(at("mobile", "1200", Format::avif), 70);     // not below
    EXPECT_EQ(at("tablet", "300", Format::webp), 85);
    EXPECT_EQ(at("desktop", "300", Format::webp), 90);
    EXPECT_EQ(quality(named("print", {{"quality", "auto"}, {"format", "jpeg"}}), Format::jpeg), 95);
}

TEST(Device, IsKeptByTheCanonicalUri)
{
    for (const std::string_view device : {"mobile", "tablet", "desktop", "print"}) {
        const Request request = named(device, {{"quality", "auto"}});
        const std::string uri = print_canonical(request);
        const auto back = parse_canonical({uri, ""});
        ASSERT_TRUE(back && *back) << uri;
        EXPECT_EQ(**back, request) << uri;
    }
}

}  // namespace
}  // namespace cdn::image

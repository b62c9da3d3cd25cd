// Pictures for tests: drawn or encoded through libvips, rendered by what is
// tested, read back through libvips.

#pragma once

#include "image/render.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <vips/vips.h>

namespace cdn::image {
namespace {

using Pixel = std::vector<int>;

inline const Pixel red{255, 0, 0};
inline const Pixel green{0, 255, 0};
inline const Pixel blue{0, 0, 255};
inline const Pixel yellow{255, 255, 0};
inline const Pixel black{0, 0, 0};
inline const Pixel white_pixel{255, 255, 255};

struct Unref {
    void operator()(VipsImage *image) const { g_object_unref(image); }
};
using Picture = std::unique_ptr<VipsImage, Unref>;

inline void must(int status)
{
    if (status != 0) {
        throw std::runtime_error(vips_error_buffer());
    }
}

// Pixels from a rule of x and y, as many bands as it returns.
template <typename Rule>
Picture draw(int width, int height, Rule rule)
{
    const int bands = static_cast<int>(rule(0, 0).size());
    std::vector<std::uint8_t> bytes;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            for (const int value : rule(x, y)) {
                bytes.push_back(static_cast<std::uint8_t>(value));
            }
        }
    }

    Picture raw(vips_image_new_from_memory_copy(bytes.data(), bytes.size(), width, height, bands,
                                                VIPS_FORMAT_UCHAR));
    VipsImage *out = nullptr;
    must(vips_copy(raw.get(), &out, "interpretation",
                   bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, nullptr));
    return Picture(out);
}

inline Picture plain(int width, int height, const Pixel &color)
{
    return draw(width, height, [&](int, int) { return color; });
}

inline Picture noise(int width, int height)
{
    unsigned state = 1;
    return draw(width, height, [&](int, int) {
        state = state * 1664525U + 1013904223U;
        const int value = static_cast<int>(state >> 24);
        return Pixel{value, 255 - value, value ^ 85};
    });
}

// Quarters: red green over blue yellow.
inline Picture quarters(int width, int height)
{
    return draw(width, height, [=](int x, int y) {
        return y < height / 2 ? (x < width / 2 ? red : green) : (x < width / 2 ? blue : yellow);
    });
}

// A film of frames of one height, each half one colour and half another.
inline Picture film(int width, int height, std::vector<std::pair<Pixel, Pixel>> halves)
{
    const int frames = static_cast<int>(halves.size());
    Picture picture = draw(width, height * frames, [&](int x, int y) {
        return x < width / 2 ? halves[y / height].first : halves[y / height].second;
    });

    std::vector<int> delays;
    for (int i = 0; i < frames; i++) {
        delays.push_back(100 + 50 * i);
    }
    vips_image_set_int(picture.get(), VIPS_META_PAGE_HEIGHT, height);
    vips_image_set_array_int(picture.get(), "delay", delays.data(), frames);
    vips_image_set_int(picture.get(), "loop", 3);
    return picture;
}

inline std::string encoded(const Picture &picture, const std::string &suffix)
{
    void *data = nullptr;
    std::size_t size = 0;
    must(vips_image_write_to_buffer(picture.get(), suffix.c_str(), &data, &size, nullptr));
    std::string bytes(static_cast<const char *>(data), size);
    g_free(data);
    return bytes;
}

inline std::string big_endian(std::uint32_t value)
{
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
            static_cast<char>(value >> 8), static_cast<char>(value)};
}

// A PNG chunk with its checksum: ISO/IEC 15948 section 5.3.
inline std::string png_chunk(const std::string &type, const std::string &data)
{
    std::uint32_t crc = ~0U;
    for (const char c : type + data) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0);
        }
    }

    return big_endian(static_cast<std::uint32_t>(data.size())) + type + data + big_endian(~crc);
}

inline constexpr std::size_t png_header = 8 + 4 + 4 + 13 + 4; // the signature and IHDR

inline std::string_view bytes_of(const Image &image)
{
    return {reinterpret_cast<const char *>(image.bytes.get()), image.size};
}

// All pixels at once: nothing refers to the bytes afterwards.
inline Picture decoded(std::string_view bytes, const char *options = "")
{
    const Picture lazy(vips_image_new_from_buffer(bytes.data(), bytes.size(), options, nullptr));
    Picture whole(lazy ? vips_image_copy_memory(lazy.get()) : nullptr);
    must(whole ? 0 : -1);
    return whole;
}

inline Pixel pixel(const Picture &picture, int x, int y)
{
    double *values = nullptr;
    int bands = 0;
    must(vips_getpoint(picture.get(), &values, &bands, x, y, nullptr));
    Pixel out;
    for (int i = 0; i < bands; i++) {
        out.push_back(static_cast<int>(std::lround(values[i])));
    }
    g_free(values);
    return out;
}

inline testing::AssertionResult near(const Pixel &got, const Pixel &wanted, int tolerance = 12)
{
    bool same = got.size() >= wanted.size();
    for (std::size_t i = 0; same && i < wanted.size(); i++) {
        same = std::abs(got[i] - wanted[i]) <= tolerance;
    }

    return (same ? testing::AssertionSuccess() : testing::AssertionFailure())
           << testing::PrintToString(got) << " for " << testing::PrintToString(wanted);
}

inline const FormatSet all_inputs{Format::jpeg, Format::png,  Format::webp, Format::gif,
                                  Format::avif, Format::heif, Format::tiff, Format::svg,
                                  Format::pdf,  Format::jxl};

inline const Format written[] = {Format::jpeg, Format::png,  Format::webp,
                                 Format::gif,  Format::avif, Format::tiff,
                                 Format::jxl};

}  // namespace

// Once for all tests of this process: where libvips has been started, nothing may fork.
inline void start()
{
    static const bool started = render_start(true);
    vips_operation_block_set("VipsForeignSaveJxlTarget", FALSE);        // for encoded()
    ASSERT_TRUE(started);
}

namespace {

inline Request asked(int width, int height, Fit fit = Fit::scale_down)
{
    Request request;
    request.source.path = "/a";
    request.width = width;
    request.height = height;
    request.fit = fit;
    return request;
}

inline Request as(Format format, Request request = asked(0, 0))
{
    request.format = {FormatChoice::Kind::exactly, {format}};
    return request;
}

inline Result<Image> try_rendered(std::string_view bytes, const Request &request)
{
    Stop stop;
    auto prepared = prepare(bytes, request, all_inputs, {});
    if (prepared && !prepared->plan.is_final) {
        prepared = look(bytes, *prepared, request, {}, stop);
    }
    if (!prepared) {
        return prepared.error();
    }

    return render(bytes, *prepared, stop);
}

inline Image rendered(std::string_view bytes, const Request &request)
{
    auto image = try_rendered(bytes, request);
    if (!image) {
        throw std::runtime_error(image.error().message + ": " + image.error().detail);
    }

    return std::move(*image);
}

// What became of the bytes: their true format, size and frames.
inline std::string outcome(const Image &image)
{
    const auto prepared = prepare(bytes_of(image), asked(0, 0), all_inputs, {});
    if (!prepared) {
        return prepared.error().message;
    }

    const SourceInfo &info = prepared->source;
    EXPECT_EQ(image.format, info.format);
    EXPECT_EQ(image.width, info.width);
    EXPECT_EQ(image.height, info.height);
    EXPECT_EQ(image.frames, info.frames);

    const std::string frames = info.frames > 1 ? '*' + std::to_string(info.frames) : "";
    return std::string(name(info.format)) + ' ' + std::to_string(info.width) + 'x'
           + std::to_string(info.height) + frames;
}

}  // namespace
}  // namespace cdn::image

// What an encoder's settings cost and give, by bare libvips.
//
//     encode REPEATS WIDTH HEIGHT FILE SAVE...
//
// FILE is resized to cover WIDTH x HEIGHT (HEIGHT 0: to WIDTH) and held in
// memory; each SAVE, like ".avif[Q=50,effort=1]", is then encoded REPEATS times.
// Prints a line for each:
//
//     SAVE CPU_MS WALL_MS BYTES PSNR SSIM
//
// Times are medians.  PSNR compares all colour bands with the resized picture,
// both flattened on grey if they are transparent; "inf" is exact.  SSIM is the
// mean over windows of 8 x 8 pixels of lightness, one every 4 pixels.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/resource.h>

#include <vips/vips.h>

namespace {

using Clock = std::chrono::steady_clock;

void check(int status)
{
    if (status != 0) {
        std::fprintf(stderr, "encode: %s\n", vips_error_buffer());
        std::exit(1);
    }
}

double cpu_ms()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto ms = [](const timeval &t) { return t.tv_sec * 1e3 + t.tv_usec / 1e3; };
    return ms(usage.ru_utime) + ms(usage.ru_stime);
}

VipsImage *resized(const char *file, int width, int height)
{
    VipsImage *streamed = nullptr;
    if (height > 0) {
        check(vips_thumbnail(file, &streamed, width, "height", height, "crop",
                             VIPS_INTERESTING_CENTRE, nullptr));
    } else {
        check(vips_thumbnail(file, &streamed, width, "height", 10'000'000, nullptr));
    }

    VipsImage *image = vips_image_copy_memory(streamed);
    check(image == nullptr ? -1 : 0);
    g_object_unref(streamed);
    return image;
}

// Opaque, or flattened on grey.
VipsImage *shown(VipsImage *image)
{
    if (!vips_image_hasalpha(image)) {
        g_object_ref(image);
        return image;
    }

    VipsArrayDouble *grey = vips_array_double_newv(1, 128.0);
    VipsImage *out = nullptr;
    check(vips_flatten(image, &out, "background", grey, nullptr));
    vips_area_unref(VIPS_AREA(grey));
    return out;
}

double psnr(VipsImage *one, VipsImage *other)
{
    VipsImage *a = shown(one);
    VipsImage *b = shown(other);
    VipsImage *difference = nullptr;
    VipsImage *square = nullptr;
    double mean = 0;
    check(vips_subtract(a, b, &difference, nullptr));
    check(vips_multiply(difference, difference, &square, nullptr));
    check(vips_avg(square, &mean, nullptr));
    for (VipsImage *image : {a, b, difference, square}) {
        g_object_unref(image);
    }

    return 10 * std::log10(255.0 * 255.0 / mean);
}

struct Lightness {
    std::size_t                width = 0;
    std::size_t                height = 0;
    std::vector<unsigned char> values;
};

Lightness lightness(VipsImage *image)
{
    VipsImage *opaque = shown(image);
    VipsImage *grey = nullptr;
    VipsImage *bytes = nullptr;
    check(vips_colourspace(opaque, &grey, VIPS_INTERPRETATION_B_W, nullptr));
    check(vips_cast_uchar(grey, &bytes, nullptr));

    std::size_t size = 0;
    auto *values = static_cast<unsigned char *>(vips_image_write_to_memory(bytes, &size));
    check(values == nullptr ? -1 : 0);
    Lightness out{static_cast<std::size_t>(vips_image_get_width(bytes)),
                  static_cast<std::size_t>(vips_image_get_height(bytes)), {values, values + size}};

    g_free(values);
    for (VipsImage *one : {opaque, grey, bytes}) {
        g_object_unref(one);
    }
    return out;
}

double ssim(const Lightness &a, const Lightness &b)
{
    constexpr std::size_t side = 8;
    constexpr double n = side * side;
    constexpr double c1 = 0.01 * 255 * 0.01 * 255;
    constexpr double c2 = 0.03 * 255 * 0.03 * 255;

    double sum = 0;
    std::size_t windows = 0;
    for (std::size_t top = 0; top + side <= a.height; top += side / 2) {
        for (std::size_t left = 0; left + side <= a.width; left += side / 2) {
            double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
            for (std::size_t y = top; y < top + side; y++) {
                for (std::size_t x = left; x < left + side; x++) {
                    const double va = a.values[y * a.width + x];
                    const double vb = b.values[y * a.width + x];
                    sa += va;
                    sb += vb;
                    saa += va * va;
                    sbb += vb * vb;
                    sab += va * vb;
                }
            }
            const double ma = sa / n, mb = sb / n;
            const double variances = saa / n - ma * ma + sbb / n - mb * mb;
            const double covariance = sab / n - ma * mb;
            sum += (2 * ma * mb + c1) * (2 * covariance + c2) / ((ma * ma + mb * mb + c1) * (variances + c2));
            windows++;
        }
    }

    return windows == 0 ? 1 : sum / static_cast<double>(windows);
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

}  // namespace

int main(int argc, char **argv)
{
    if (argc < 6) {
        std::fprintf(stderr, "usage: %s REPEATS WIDTH HEIGHT FILE SAVE...\n", argv[0]);
        return 2;
    }

    setenv("VIPS_WARNING", "0", 1);                    // "heifload: ignoring nclx profile"
    check(vips_init(argv[0]));
    vips_concurrency_set(1);
    vips_cache_set_max(0);

    const int repeats = std::max(1, std::atoi(argv[1]));
    VipsImage *image = resized(argv[4], std::atoi(argv[2]), std::atoi(argv[3]));
    const Lightness original = lightness(image);

    for (int i = 5; i < argc; i++) {
        std::vector<double> cpu;
        std::vector<double> wall;
        void *data = nullptr;
        std::size_t size = 0;

        for (int run = 0; run < repeats; run++) {
            g_free(data);
            const double cpu_before = cpu_ms();
            const auto before = Clock::now();
            check(vips_image_write_to_buffer(image, argv[i], &data, &size, nullptr));
            cpu.push_back(cpu_ms() - cpu_before);
            wall.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count());
        }

        const bool animated = vips_image_get_n_pages(image) > 1;
        VipsImage *decoded =
            vips_image_new_from_buffer(data, size, animated ? "n=-1" : "", nullptr);
        check(decoded == nullptr ? -1 : 0);
        std::printf("%s %.1f %.1f %zu %.2f %.4f\n", argv[i], median(cpu), median(wall), size,
                    psnr(image, decoded), ssim(original, lightness(decoded)));
        std::fflush(stdout);
        g_object_unref(decoded);
        g_free(data);
    }

    g_object_unref(image);
    vips_shutdown();
}

// What an encoder's settings cost and give, by bare libvips.
//
//     encode REPEATS WIDTH HEIGHT FILE SAVE...
//
// FILE is resized to cover WIDTH x HEIGHT (HEIGHT 0: to WIDTH) and held in
// memory; each SAVE, like ".avif[Q=50,effort=1]", is then encoded REPEATS times.
// Prints a line for each:
//
//     SAVE CPU_MS WALL_MS BYTES PSNR
//
// Times are the least seen.  PSNR compares all colour bands with the resized
// picture, both flattened on grey if they are transparent; "inf" is exact.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

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

    const int repeats = std::atoi(argv[1]);
    VipsImage *image = resized(argv[4], std::atoi(argv[2]), std::atoi(argv[3]));

    for (int i = 5; i < argc; i++) {
        double cpu = 1e9;
        double wall = 1e9;
        void *data = nullptr;
        std::size_t size = 0;

        for (int run = 0; run < repeats; run++) {
            g_free(data);
            const double cpu_before = cpu_ms();
            const auto before = Clock::now();
            check(vips_image_write_to_buffer(image, argv[i], &data, &size, nullptr));
            cpu = std::min(cpu, cpu_ms() - cpu_before);
            wall = std::min(
                wall, std::chrono::duration<double, std::milli>(Clock::now() - before).count());
        }

        const bool animated = vips_image_get_n_pages(image) > 1;
        VipsImage *decoded =
            vips_image_new_from_buffer(data, size, animated ? "n=-1" : "", nullptr);
        check(decoded == nullptr ? -1 : 0);
        std::printf("%s %.1f %.1f %zu %.2f\n", argv[i], cpu, wall, size, psnr(image, decoded));
        std::fflush(stdout);
        g_object_unref(decoded);
        g_free(data);
    }

    g_object_unref(image);
    vips_shutdown();
}

// The yardstick: a picture transformed over and over by bare libvips, as well
// as libvips does it, without server, client or checks.
//
//     loop SECONDS THREADS WIDTH HEIGHT FIT FORMAT QUALITY FILE
//
// FIT is "inside" or "cover" (HEIGHT may be 0 with "inside").  Prints one line:
//
//     OPERATIONS SECONDS CPU_SECONDS PEAK_KIB BYTES P50_MS P99_MS
//
// Encoder settings are those of src/image/save_vips.cpp; what differs is never
// less work.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include <vips/vips.h>

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

[[noreturn]] void fail()
{
    std::fprintf(stderr, "loop: %s\n", vips_error_buffer());
    std::exit(1);
}

void check(int status)
{
    if (status != 0) {
        fail();
    }
}

// Orc breaks the heap where two threads let go of compiled code at once, see src/image/vips_picture.h.
std::mutex one_at_a_time;

void let_go(VipsImage *image)
{
    const std::lock_guard lock(one_at_a_time);
    g_object_unref(image);
}

// Replaces a picture by what an operation makes of it.
template <typename Operation>
void step(VipsImage *&image, Operation operation)
{
    const std::lock_guard lock(one_at_a_time);
    VipsImage *out = nullptr;
    check(operation(image, &out));
    g_object_unref(image);
    image = out;
}

struct Task {
    int         width = 0;
    int         height = 0;
    bool        cover = false;
    std::string format;
    int         quality = 0;
    std::string source;                                // the file's bytes
};

bool starts_with(const std::string &bytes, const char *magic, std::size_t size)
{
    return bytes.compare(0, size, magic, size) == 0;
}

// Sizes that the whole picture is resized to, before it is cut.
void resized_size(const Task &task, int width, int height, int &out_width, int &out_height)
{
    const double x = static_cast<double>(task.width) / width;
    const double y = task.height > 0 ? static_cast<double>(task.height) / height : x;
    const double factor = task.cover ? std::max(x, y) : std::min(x, y);

    out_width = std::max(1, static_cast<int>(std::lround(width * factor)));
    out_height = std::max(1, static_cast<int>(std::lround(height * factor)));
}

VipsImage *load(const Task &task, int &width, int &height, int &frames)
{
    const auto data = const_cast<char *>(task.source.data());
    const auto size = task.source.size();
    VipsImage *image = nullptr;
    frames = 1;

    if (starts_with(task.source, "\xff\xd8", 2)) {
        check(vips_jpegload_buffer(data, size, &image, "access", VIPS_ACCESS_SEQUENTIAL, nullptr));
        const int full_width = vips_image_get_width(image);
        const int full_height = vips_image_get_height(image);
        resized_size(task, full_width, full_height, width, height);

        for (const int shrink : {8, 4, 2}) {
            if ((full_width + shrink - 1) / shrink >= width
                && (full_height + shrink - 1) / shrink >= height)
            {
                let_go(image);
                check(vips_jpegload_buffer(data, size, &image, "shrink", shrink, "access",
                                           VIPS_ACCESS_SEQUENTIAL, nullptr));
                break;
            }
        }
    } else if (starts_with(task.source, "GIF8", 4)) {
        check(vips_gifload_buffer(data, size, &image, "n", -1, "access", VIPS_ACCESS_SEQUENTIAL,
                                  nullptr));
        frames = vips_image_get_n_pages(image);
        resized_size(task, vips_image_get_width(image), vips_image_get_page_height(image), width,
                     height);
    } else {
        check(vips_pngload_buffer(data, size, &image, "access", VIPS_ACCESS_SEQUENTIAL, nullptr));
        resized_size(task, vips_image_get_width(image), vips_image_get_height(image), width,
                     height);
    }

    return image;
}

// The loader of an animation gives alpha whether there is any or not.
bool opaque(VipsImage *&image, int frames)
{
    if (frames == 1) {
        return false;
    }

    VipsImage *whole = vips_image_copy_memory(image);
    check(whole == nullptr ? -1 : 0);
    let_go(image);
    image = whole;

    VipsImage *alpha = nullptr;
    double least = 0;
    check(vips_extract_band(image, &alpha, vips_image_get_bands(image) - 1, nullptr));
    check(vips_min(alpha, &least, nullptr));
    let_go(alpha);
    return least == 255;
}

std::size_t save(VipsImage *image, const Task &task)
{
    void *data = nullptr;
    std::size_t size = 0;

    if (task.format == "jpeg") {
        check(vips_jpegsave_buffer(image, &data, &size, "Q", task.quality, "strip", TRUE,
                                   "optimize_coding", TRUE, "interlace", TRUE, nullptr));
    } else if (task.format == "webp") {
        check(vips_webpsave_buffer(image, &data, &size, "Q", task.quality, "strip", TRUE, nullptr));
    } else {
        check(vips_pngsave_buffer(image, &data, &size, "strip", TRUE, nullptr));
    }

    g_free(data);
    return size;
}

std::size_t transform(const Task &task)
{
    int width = 0;
    int height = 0;
    int frames = 1;
    VipsImage *image = load(task, width, height, frames);

    const bool alpha = vips_image_hasalpha(image) != 0 && !opaque(image, frames);
    if (alpha) {
        step(image, [](auto *i, auto **o) { return vips_premultiply(i, o, nullptr); });
        step(image, [](auto *i, auto **o) { return vips_cast_uchar(i, o, nullptr); });
    }
    step(image, [&](auto *i, auto **o) {
        return vips_resize(i, o, static_cast<double>(width) / vips_image_get_width(i), "vscale",
                           static_cast<double>(height * frames) / vips_image_get_height(i),
                           nullptr);
    });
    if (alpha) {
        step(image, [](auto *i, auto **o) { return vips_unpremultiply(i, o, nullptr); });
        step(image, [](auto *i, auto **o) { return vips_cast_uchar(i, o, nullptr); });
    }

    if (task.cover) {
        step(image, [&](auto *i, auto **o) {
            return vips_extract_area(i, o, (width - task.width + 1) / 2, (height - task.height + 1) / 2,
                                     task.width, task.height, nullptr);
        });
    }

    if (frames > 1) {
        step(image, [](auto *i, auto **o) { return vips_copy(i, o, nullptr); });
        vips_image_set_int(image, VIPS_META_PAGE_HEIGHT, height);
    }

    const std::size_t bytes = save(image, task);
    let_go(image);
    return bytes;
}

double cpu_seconds()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &t) { return t.tv_sec + t.tv_usec / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char **argv)
{
    if (argc != 9) {
        std::fprintf(stderr, "usage: %s SECONDS THREADS WIDTH HEIGHT FIT FORMAT QUALITY FILE\n",
                     argv[0]);
        return 2;
    }

    if (vips_init(argv[0]) != 0) {
        fail();
    }
    vips_concurrency_set(1);
    vips_cache_set_max(0);

    const double seconds = std::atof(argv[1]);
    const int threads = std::atoi(argv[2]);

    Task task;
    task.width = std::atoi(argv[3]);
    task.height = std::atoi(argv[4]);
    task.cover = argv[5] == std::string("cover");
    task.format = argv[6];
    task.quality = std::atoi(argv[7]);

    std::ifstream file(argv[8], std::ios::binary);
    task.source.assign(std::istreambuf_iterator<char>(file), {});
    if (!file || task.source.empty()) {
        std::fprintf(stderr, "loop: cannot read %s\n", argv[8]);
        return 1;
    }

    const std::size_t bytes = transform(task);         // not counted: the first is slower

    std::vector<std::vector<double>> took(threads);
    std::vector<std::thread> pool;
    const double cpu = cpu_seconds();
    const auto start = Clock::now();

    for (auto &mine : took) {
        pool.emplace_back([&] {
            auto begun = Clock::now();
            while (since(start) < seconds) {
                transform(task);
                const auto ended = Clock::now();
                mine.push_back(std::chrono::duration<double>(ended - begun).count());
                begun = ended;
            }
            vips_thread_shutdown();
        });
    }
    for (auto &thread : pool) {
        thread.join();
    }

    const double elapsed = since(start);
    const double used = cpu_seconds() - cpu;

    std::vector<double> all;
    for (const auto &mine : took) {
        all.insert(all.end(), mine.begin(), mine.end());
    }
    std::sort(all.begin(), all.end());

    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("%zu %.4f %.4f %ld %zu %.3f %.3f\n", all.size(), elapsed, used, usage.ru_maxrss,
                bytes, all[all.size() / 2] * 1000, all[(all.size() - 1) * 99 / 100] * 1000);
    vips_shutdown();
}

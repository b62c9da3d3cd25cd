// VipsImage as C++ holds it, for the *_vips.cpp alone: a reference with an
// owner, failures as exceptions, frames one by one.

#pragma once

#include "image/render.h"

#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include <vips/vips.h>

namespace cdn::image {

// While it lives, asking the Stop kills this picture's computation.
class StopScope {
public:
    StopScope(Stop &stop, VipsImage *image) : stop_(stop)
    {
        const std::lock_guard lock(stop_.mutex_);
        stop_.act_ = [image] { vips_image_set_kill(image, TRUE); };
        if (stop_.asked_) {
            stop_.act_();
        }
    }

    ~StopScope()
    {
        const std::lock_guard lock(stop_.mutex_);
        stop_.act_ = nullptr;
    }

    StopScope(const StopScope &) = delete;
    StopScope &operator=(const StopScope &) = delete;

private:
    Stop &stop_;
};

// What this and helper processes have libvips do alike.
bool start_libvips();

// libvips said no; its words are in its error buffer.
struct VipsFailure {};

inline void check(int status)
{
    if (status != 0) {
        throw VipsFailure();
    }
}

// Orc, with which libvips compiles the loops of a resize or a blur for each picture, lets go of
// such code without a lock (0.4.33): two pictures ending at once break its list, and the heap.
// So operations are begun, and pictures let go of, by one thread at a time; pixels come from all.
inline std::recursive_mutex one_at_a_time;

// One reference to a VipsImage.
class Picture {
public:
    Picture() = default;
    explicit Picture(VipsImage *image) : image_(image) {}
    Picture(Picture &&other) noexcept : image_(std::exchange(other.image_, nullptr)) {}
    Picture &operator=(Picture &&other) noexcept
    {
        std::swap(image_, other.image_);
        return *this;
    }
    ~Picture()
    {
        if (image_ != nullptr) {
            const std::lock_guard lock(one_at_a_time);
            g_object_unref(image_);
        }
    }

    VipsImage *get() const { return image_; }
    int width() const { return vips_image_get_width(image_); }
    int height() const { return vips_image_get_height(image_); }
    int bands() const { return vips_image_get_bands(image_); }
    bool alpha() const { return vips_image_hasalpha(image_) != 0; }
    bool has(const char *field) const { return vips_image_get_typeof(image_, field) != 0; }

    int number(const char *field, int otherwise) const
    {
        int value = otherwise;
        if (has(field) && vips_image_get_int(image_, field, &value) != 0) {
            vips_error_clear();
        }
        return value;
    }

private:
    VipsImage *image_ = nullptr;
};

// Numbers as operations take them.
template <typename T>
class Array {
public:
    explicit Array(const std::vector<T> &values)
    {
        if constexpr (std::is_same_v<T, double>) {
            array_ = vips_array_double_new(values.data(), static_cast<int>(values.size()));
        } else {
            array_ = vips_array_int_new(values.data(), static_cast<int>(values.size()));
        }
    }
    ~Array() { vips_area_unref(VIPS_AREA(array_)); }
    Array(const Array &) = delete;
    Array &operator=(const Array &) = delete;

    auto get() const { return array_; }

private:
    std::conditional_t<std::is_same_v<T, double>, VipsArrayDouble, VipsArrayInt> *array_;
};

// Applies one operation: step(in, [&](VipsImage *in, VipsImage **out) {...}).
template <typename Operation>
Picture step(const Picture &in, Operation operation)
{
    const std::lock_guard lock(one_at_a_time);
    VipsImage *out = nullptr;
    check(operation(in.get(), &out));
    return Picture(out);
}

inline std::vector<double> pixel_at(const Picture &in, int x, int y)
{
    double *values = nullptr;
    int bands = 0;
    check(vips_getpoint(in.get(), &values, &bands, x, y, nullptr));
    std::vector<double> pixel(values, values + bands);
    g_free(values);

    return pixel;
}

// All pixels computed, by one thread: vips_image_copy_memory() hands on from strip to strip.
Picture in_memory(const Picture &in, Stop &stop);

// ---- frames: an animation is one tall strip of them

template <typename Operation>
Picture each_frame(const Picture &in, int frames, Operation operation)
{
    if (frames == 1) {
        return step(in, operation);
    }

    const int height = in.height() / frames;
    std::vector<Picture> parts;
    std::vector<VipsImage *> images;

    for (int i = 0; i < frames; i++) {
        const Picture frame = step(in, [&](auto *image, auto **out) {
            return vips_extract_area(image, out, 0, i * height, in.width(), height, nullptr);
        });
        parts.push_back(step(frame, operation));
        images.push_back(parts.back().get());
    }

    VipsImage *joined = nullptr;
    check(vips_arrayjoin(images.data(), &joined, frames, "across", 1, nullptr));
    return Picture(joined);
}

}  // namespace cdn::image

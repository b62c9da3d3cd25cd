#include "image/cost.h"

#include <algorithm>

namespace cdn::image {

namespace {

constexpr std::uint64_t light_bytes = 1U << 20;
constexpr double        light_side = 1200;
constexpr std::uint64_t light_ns = 150'000'000;

// Of one pixel of noise, on one slow core; and where the decoder shrinks, which
// leaves it little more to do than to read the file.
constexpr std::uint64_t decode_ns = 25;
constexpr std::uint64_t shrinking_decode_ns = 12;
constexpr std::uint64_t lay_ns = 100;                  // over another picture

std::uint64_t encode_ns(Format format)
{
    switch (format) {
    case Format::jpeg: return 60;
    case Format::avif: return 1000;
    default:           return 300;
    }
}

std::uint64_t pixels(int width, int height, int frames)
{
    return static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height)
           * static_cast<std::uint64_t>(frames);
}

}  // namespace

bool may_be_light(std::uint64_t source_bytes, const Request &request)
{
    const auto light = [](const Length &side) {
        return side.is_share || side.value <= light_side;
    };

    return source_bytes <= light_bytes && light(request.width) && light(request.height);
}

bool is_light(const SourceInfo &source, const Plan &plan)
{
    const std::uint64_t resized = pixels(plan.resized_width, plan.resized_height, plan.frames);
    const std::uint64_t result = pixels(plan.canvas_width, plan.canvas_height, plan.frames);

    const std::uint64_t decode = shrink_on_load(source, plan) > 1 ? shrinking_decode_ns : decode_ns;
    const std::uint64_t overlay = plan.overlay ? plan.overlay->decoded * decode_ns + result * lay_ns : 0;

    return pixels(source.width, source.height, plan.frames) * decode + overlay
               + std::max(resized, result) * encode_ns(plan.format) <= light_ns;
}

bool make_cheaper(Request &request, Format chosen)
{
    auto &formats = request.format.formats;
    if (request.format.kind != FormatChoice::Kind::negotiated
        || std::find(formats.begin(), formats.end(), chosen) == formats.end())
    {
        return false;
    }

    std::erase_if(formats, [&](Format format) { return encode_ns(format) >= encode_ns(chosen); });
    return true;
}

int steps_cheaper(std::uint64_t waited_ms, std::uint64_t timeout_ms)
{
    return static_cast<int>(std::min<std::uint64_t>(waited_ms * 4 / std::max<std::uint64_t>(timeout_ms, 1), 4));
}

}  // namespace cdn::image

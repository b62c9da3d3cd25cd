// A picture on a picture: where, how large, at what cost.

#include "image/plan.h"

#include <algorithm>
#include <cmath>

namespace cdn::image {

namespace {

std::uint64_t area(int width, int height)
{
    return static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
}

// What the picture leaves of them.
Limits rest_of(Limits limits, const SourceInfo &picture, const Plan &plan)
{
    const double scale = picture.drawn ? plan.scale : 1;
    const double pixels = static_cast<double>(picture.width) * picture.height * picture.frames * scale * scale;

    limits.max_bytes -= std::min(limits.max_bytes, picture.bytes);
    limits.max_pixels -= std::min(limits.max_pixels, static_cast<std::uint64_t>(std::min(pixels, 1e18)));
    return limits;
}

// The overlay as a request of its own, in the result's pixels.
Request sized(const Overlay &overlay, const Plan &plan)
{
    const auto side = [](Length length, int whole) {
        const double pixels = length.is_share ? std::max(1.0, std::round(length.value * whole)) : length.value;
        return Length(pixels);
    };

    Request request;
    request.width = side(overlay.width, plan.canvas_width);
    request.height = side(overlay.height, plan.canvas_height);
    request.fit = overlay.width.value > 0 || overlay.height.value > 0 ? Fit::contain : Fit::scale_down;
    request.format = {FormatChoice::Kind::exactly, {Format::png}};
    request.animate = false;
    return request;
}

int start_of(double place, int shift, int whole, int part)
{
    const int start = static_cast<int>(std::lround(place * (static_cast<double>(whole) - part)));
    return place == 1 ? start - shift : start + shift;
}

bool is_seen(int start, int part, int whole)
{
    return start < whole && part > -start;
}

}  // namespace

std::optional<Error> plan_overlay(const Overlay &asked, const SourceInfo &overlay, const SourceInfo &picture,
                                  const Limits &limits, Plan &plan)
{
    auto own = make_plan(sized(asked, plan), overlay, rest_of(limits, picture, plan));
    if (!own) {
        return Error{own.error().code, "the overlay, beside the picture: " + own.error().message};
    }

    OverlayPlan laid;
    laid.plan = std::move(*own);
    laid.opacity = asked.opacity;
    laid.repeats = asked.repeats;
    laid.decoded = area(overlay.width, overlay.height);
    laid.x = start_of(asked.x, asked.shift_x, plan.canvas_width, laid.plan.canvas_width);
    laid.y = start_of(asked.y, asked.shift_y, plan.canvas_height, laid.plan.canvas_height);

    const bool seen = asked.repeats
                      || (is_seen(laid.x, laid.plan.canvas_width, plan.canvas_width)
                          && is_seen(laid.y, laid.plan.canvas_height, plan.canvas_height));
    plan.same_pixels = plan.same_pixels && !seen;
    if (!seen || plan.json) {
        return std::nullopt;
    }

    // the result is held whole, and made anew
    plan.memory += laid.plan.memory + area(plan.canvas_width, plan.canvas_height) * plan.frames * 8;
    plan.overlay = std::make_shared<const OverlayPlan>(std::move(laid));
    return std::nullopt;
}

}  // namespace cdn::image

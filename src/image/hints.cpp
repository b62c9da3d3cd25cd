#include "image/hints.h"

#include "core/text.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>

namespace cdn::image {

namespace {

constexpr double widths[] = {320, 768, 960, 1200};     // Cloudflare's, of width=auto
constexpr double densities[] = {1, 1.5, 2, 3};

// The smallest step that is enough, or the largest.
template <std::size_t N>
double step_for(double wanted, const double (&steps)[N])
{
    const auto enough = std::lower_bound(std::begin(steps), std::end(steps), wanted);
    return enough != std::end(steps) ? *enough : steps[N - 1];
}

// The first of these headers that is there; nonsense counts as absent.
std::optional<double> number(const ReadHint &read, std::initializer_list<std::string_view> names)
{
    for (const auto name : names) {
        const auto value = parse_decimal(trim(read(name)));
        if (value && *value > 0) {
            return value;
        }
    }

    return std::nullopt;
}

std::optional<double> screen_density(const ReadHint &read)
{
    return number(read, {"Sec-CH-DPR", "DPR"});
}

double pixels(const std::optional<Length> &side)
{
    return side && !side->is_share ? side->value : 1;
}

// The width it is shown at, in device pixels.
std::optional<double> shown_width(const Options &options, const ReadHint &read)
{
    if (const auto width = number(read, {"Sec-CH-Width", "Width"})) {
        return width;
    }

    const auto viewport = number(read, {"Sec-CH-Viewport-Width", "Viewport-Width"});
    if (!viewport) {
        return std::nullopt;
    }

    return *viewport * (options.dpr ? *options.dpr : screen_density(read).value_or(1));
}

// Cloudflare's limits.  Those that change with every request come last.
bool is_slow(const ReadHint &read)
{
    if (equal_ignoring_case(trim(read("Save-Data")), "on")) {
        return true;
    }

    const auto type = lower(trim(read("ECT")));
    if (type == "slow-2g" || type == "2g" || type == "3g") {
        return true;
    }

    if (const auto round_trip_ms = number(read, {"RTT"}); round_trip_ms && *round_trip_ms > 150) {
        return true;
    }

    const auto megabits = parse_decimal(trim(read("Downlink")));
    return megabits && *megabits >= 0 && *megabits < 5;
}

}  // namespace

void apply_hints(Options &options, const ReadHint &read)
{
    if (options.hinted_dpr) {
        // no client may be refused for its screen
        const double density = step_for(screen_density(read).value_or(1), densities);
        const double longest = std::max(pixels(options.width), pixels(options.height));
        options.dpr = std::min(density, max_side / longest);
    }

    if (options.hinted_width) {
        // the largest for a client that says nothing
        options.width = step_for(shown_width(options, read).value_or(max_side), widths);
    }

    if (options.slow_quality && is_slow(read)) {
        options.quality = *options.slow_quality;
        options.lossless.reset();
    }
}

}  // namespace cdn::image

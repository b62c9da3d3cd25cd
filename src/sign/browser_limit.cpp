#include "sign/browser_limit.h"

#include "core/cache_directives.h"

#include <algorithm>
#include <array>

namespace cdn::sign {

namespace {

enum class Unsaid { cacheable, error, other };

// What a cache does with a status whose response says nothing (RFC 9110, section 15.1).
Unsaid unsaid(unsigned status)
{
    static constexpr std::array cacheable = {200U, 203U, 204U, 206U, 300U, 301U, 304U, 308U};
    static constexpr std::array errors = {404U, 405U, 410U, 414U, 501U};

    const auto among = [&](const auto &list) {
        return std::find(list.begin(), list.end(), status) != list.end();
    };
    return among(cacheable) ? Unsaid::cacheable : among(errors) ? Unsaid::error : Unsaid::other;
}

// Of a response whose Cache-Control has no max-age.
std::optional<std::int64_t> untold_max_age(const Freshness &freshness, std::int64_t most)
{
    if (freshness.expires_in) {
        return std::clamp<std::int64_t>(*freshness.expires_in, 0, most);
    }
    if (unsaid(freshness.status) == Unsaid::other) {
        return std::nullopt;
    }

    return unsaid(freshness.status) == Unsaid::cacheable ? most : 0;
}

}  // namespace

std::string limit_browser(const Freshness &freshness, std::int64_t remaining)
{
    // an Age beyond all clocks adds nothing that could overflow
    const std::int64_t age = std::clamp<std::int64_t>(freshness.age, 0, std::int64_t{1} << 40);
    const std::int64_t most = std::clamp<std::int64_t>(remaining, 0, std::int64_t{1} << 40) + age;

    if (freshness.cache_control.empty()) {             // files, mostly: the shortest way to the same
        const auto max_age = untold_max_age(freshness, most);
        return max_age ? "max-age=" + std::to_string(*max_age) : std::string();
    }

    const auto directives = cache_directives(freshness.cache_control);
    const auto says = [&](auto what) { return std::any_of(directives.begin(), directives.end(), what); };
    if (says([](const CacheDirective &d) { return d.is("no-store"); })) {
        return freshness.cache_control;
    }

    // of several the least; one that is no number makes a response stale
    std::optional<std::int64_t> max_age;
    for (const CacheDirective &d : directives) {
        if (d.is("max-age")) {
            max_age = std::min(max_age.value_or(most), delta_seconds(d.value));
        }
    }

    const bool revalidates = says([](const CacheDirective &d) { return d.is("no-cache") && !d.has_value; });
    if (!max_age && (freshness.expires_in || !revalidates)) {
        max_age = untold_max_age(freshness, most);
    }

    return limited_directives(directives, max_age, most);
}

}  // namespace cdn::sign

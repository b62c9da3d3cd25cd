#include "sign/browser_limit.h"

#include "core/text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace cdn::sign {

namespace {

struct Directive {
    std::string                 text;
    std::string                 name;
    std::optional<std::int64_t> seconds;               // "max-age=N", also in quotes
};

// Commas within quotes do not separate: private="a, b".
std::vector<Directive> parse(std::string_view text)
{
    std::vector<Directive> out;

    while (!text.empty()) {
        bool quoted = false;
        std::size_t end = 0;
        for (; end < text.size() && (quoted || text[end] != ','); end++) {
            if (quoted && text[end] == '\\') {
                end++;
            } else if (text[end] == '"') {
                quoted = !quoted;
            }
        }
        end = std::min(end, text.size());

        const auto directive = trim(text.substr(0, end));
        if (!directive.empty()) {
            auto [name, value, has_value] = cut(directive, '=');
            if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
                value = value.substr(1, value.size() - 2);
            }
            out.push_back({std::string(directive), lower(trim(name)), parse_digits(trim(value))});
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }

    return out;
}

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

}  // namespace

std::string limit_browser(const Freshness &freshness, std::int64_t remaining)
{
    // an Age beyond all clocks adds nothing that could overflow
    const std::int64_t age = std::clamp<std::int64_t>(freshness.age, 0, std::int64_t{1} << 40);
    const std::int64_t most = std::clamp<std::int64_t>(remaining, 0, std::int64_t{1} << 40) + age;

    auto directives = parse(freshness.cache_control);
    const auto says = [&](std::string_view name) {
        return std::any_of(directives.begin(), directives.end(),
                           [&](const Directive &d) { return d.name == name; });
    };
    if (says("no-store")) {
        return freshness.cache_control;
    }

    // of several the least; one that is no number makes a response stale
    std::optional<std::int64_t> max_age;
    for (const Directive &directive : directives) {
        if (directive.name == "max-age") {
            max_age = std::min(max_age.value_or(most), directive.seconds.value_or(0));
        }
    }

    const bool revalidates = std::any_of(directives.begin(), directives.end(), [](const Directive &d) {
        return d.text.size() == d.name.size() && d.name == "no-cache";
    });
    if (!max_age && freshness.expires_in) {
        max_age = std::clamp<std::int64_t>(*freshness.expires_in, 0, most);
    } else if (!max_age && !revalidates && unsaid(freshness.status) != Unsaid::other) {
        max_age = unsaid(freshness.status) == Unsaid::cacheable ? most : 0;
    }

    std::string out;
    bool told = false;
    for (const Directive &directive : directives) {
        std::string text = directive.text;

        if (directive.name == "max-age") {
            if (told) {
                continue;
            }
            text = "max-age=" + std::to_string(*max_age);
            told = true;
        } else if (directive.name == "s-maxage") {
            text = "s-maxage=" + std::to_string(std::min(directive.seconds.value_or(0), most));
        } else if (directive.name == "stale-while-revalidate" || directive.name == "stale-if-error") {
            text = directive.name + '='
                   + std::to_string(std::min(directive.seconds.value_or(0), most - max_age.value_or(0)));
        }

        out += out.empty() ? "" : ", ";
        out += text;
    }
    if (max_age && !told) {
        out += out.empty() ? "" : ", ";
        out += "max-age=" + std::to_string(*max_age);
    }

    return out;
}

}  // namespace cdn::sign

#include "core/cache_directives.h"

#include "core/text.h"

#include <algorithm>

namespace cdn {

bool CacheDirective::is(std::string_view word) const
{
    return equal_ignoring_case(name, word);
}

std::vector<CacheDirective> cache_directives(std::string_view text)
{
    std::vector<CacheDirective> out;

    for (std::size_t start = 0; start <= text.size();) {
        bool quoted = false;
        std::size_t end = start;
        for (; end < text.size() && (quoted || text[end] != ','); end++) {
            if (quoted && text[end] == '\\') {
                end = std::min(end + 1, text.size() - 1);
            } else if (text[end] == '"') {
                quoted = !quoted;
            }
        }

        const auto member = trim(text.substr(start, end - start));
        start = end + 1;
        if (member.empty()) {
            continue;
        }

        const auto [name, value, has_value] = cut(member, '=');
        CacheDirective d{trim(name), trim(value), has_value, member};
        if (d.value.size() >= 2 && d.value.front() == '"' && d.value.back() == '"') {
            d.value = d.value.substr(1, d.value.size() - 2);
        }
        out.push_back(d);
    }

    return out;
}

std::int64_t delta_seconds(std::string_view text)
{
    if (!text.empty() && text.find_first_not_of("0123456789") == text.npos) {
        return std::min(parse_digits(text).value_or(longest_delta), longest_delta);
    }

    return 0;
}

std::string limited_directives(std::span<const CacheDirective> directives, std::optional<std::int64_t> max_age,
                               std::int64_t oldest)
{
    std::string out;
    const auto add = [&](std::string_view name, std::optional<std::int64_t> number = {}) {
        out += out.empty() ? "" : ", ";
        out += name;
        if (number) {
            out += '=';
            append_number(out, *number);
        }
    };

    bool told = false;
    for (const CacheDirective &d : directives) {
        if (d.is("max-age")) {
            if (max_age && !told) {
                add("max-age", max_age);
                told = true;
            }
        } else if (d.is("stale-while-revalidate") || d.is("stale-if-error")) {
            const std::int64_t window = std::min(delta_seconds(d.value), oldest - max_age.value_or(0));
            if (window > 0) {
                add(d.name, window);
            }
        } else if (d.is("s-maxage")) {
            add("s-maxage", std::min(delta_seconds(d.value), oldest));
        } else {
            add(d.whole);
        }
    }
    if (max_age && !told) {
        add("max-age", max_age);
    }

    return out;
}

}  // namespace cdn

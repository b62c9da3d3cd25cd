#include "core/wildcards.h"

#include <algorithm>

#include <string.h>

namespace cdn {

bool matches(std::string_view pattern, std::string_view text)
{
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = pattern.npos;                   // the last one: the only place to go back to
    std::size_t resume = 0;                            // behind what it has swallowed so far

    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == text[t] || pattern[p] == '?')) {
            p++;
            t++;
        } else if (star != pattern.npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }

    return pattern.find_first_not_of('*', p) == pattern.npos;
}

std::optional<bool> matches_stars(std::string_view pattern, std::string_view text, std::size_t &steps)
{
    const auto first = pattern.find('*');
    if (first == pattern.npos) {
        return pattern == text;
    }

    const auto start = pattern.substr(0, first);
    const auto end = pattern.substr(pattern.rfind('*') + 1);
    if (text.size() < start.size() + end.size() || !text.starts_with(start) || !text.ends_with(end)) {
        return false;
    }
    text.remove_prefix(start.size());
    text.remove_suffix(end.size());
    pattern.remove_prefix(start.size());
    pattern.remove_suffix(end.size());

    // each part between two stars where it comes first: what follows has the most left
    while (!pattern.empty()) {
        const auto part = pattern.substr(0, pattern.find('*'));
        pattern.remove_prefix(std::min(part.size() + 1, pattern.size()));
        if (part.empty()) {
            continue;
        }
        if (steps == 0) {
            return std::nullopt;
        }

        const void *found = memmem(text.data(), text.size(), part.data(), part.size());
        const std::size_t searched =
            found == nullptr ? text.size() : static_cast<const char *>(found) - text.data() + part.size();
        steps -= std::min(steps, searched);
        if (found == nullptr) {
            return false;
        }
        text.remove_prefix(searched);
    }

    return true;
}

}  // namespace cdn

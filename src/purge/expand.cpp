#include "purge/expand.h"

#include "core/text.h"
#include "purge/purge.h"

#include <algorithm>

namespace cdn::purge {

namespace {

// "user-{user_id}" in two: what stands there, and what is filled in.
struct Piece {
    bool             is_name = false;
    std::string_view text;
};

bool is_variable(std::string_view name)
{
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
               || c == '_';
    });
}

Result<std::vector<Piece>> parse_template(std::string_view text)
{
    std::vector<Piece> pieces;

    while (!text.empty()) {
        const auto open = std::min(text.find_first_of("{}"), text.size());
        pieces.push_back({false, text.substr(0, open)});
        text.remove_prefix(open);
        if (text.empty()) {
            break;
        }

        const auto close = text.find('}');
        if (text[0] == '}' || close == text.npos || !is_variable(text.substr(1, close - 1))) {
            return bad_request("\"{name}\" is expected at \"" + printable(text) + '"');
        }
        pieces.push_back({true, text.substr(1, close - 1)});
        text.remove_prefix(close + 1);
    }

    return pieces;
}

// Every byte that could mean something in a URL.
std::string escape(std::string_view value)
{
    static constexpr char hex[] = "0123456789ABCDEF";

    std::string out;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
            || std::string_view("-._~").find(c) != std::string_view::npos)
        {
            out += c;
        } else {
            out += {'%', hex[byte >> 4], hex[byte & 15]};
        }
    }

    return out;
}

// Paths are compared decoded: an escaped slash would still be one, and dots
// or nothing would make "/users/{id}/" mean "/" or "/users/".
std::optional<Error> check_value(std::string_view name, std::string_view value, bool in_url)
{
    const std::string quoted = '"' + printable(name) + '"';

    if (value.empty()) {
        return bad_request(quoted + " is empty");
    }
    if (in_url && value.find('/') != value.npos) {
        return bad_request(quoted + " holds a slash: \"" + printable(value) + '"');
    }
    if (in_url && value.find_first_not_of('.') == value.npos) {
        return bad_request(quoted + " holds nothing but dots");
    }

    return std::nullopt;
}

}  // namespace

std::optional<Error> Expansion::add_cascade(std::string_view target,
                                            const std::vector<std::string_view> &dependents)
{
    const auto from = parse_target_word(target);
    if (!from) {
        return from.error();
    }
    if (dependents.empty()) {
        return bad_request("names nothing that depends on \"" + printable(target) + '"');
    }

    for (const auto word : dependents) {
        const auto to = parse_target_word(word);
        if (!to) {
            return to.error();
        }
        cascades_[*from].push_back(*to);
    }

    return std::nullopt;
}

std::optional<Error> Expansion::add_event(std::string_view name,
                                          const std::vector<std::string_view> &targets)
{
    if (!is_name(name)) {
        return bad_request("malformed event name \"" + printable(name) + '"');
    }
    if (targets.empty()) {
        return bad_request("event \"" + std::string(name) + "\" has no target");
    }

    for (const auto word : targets) {
        const auto [kind, text] = split_target_word(word);
        const auto pieces = parse_template(text);
        if (!pieces) {
            return pieces.error();
        }

        std::string sample;                            // no hex digit: "%{a}" is refused
        for (const Piece &piece : *pieces) {
            sample += piece.is_name ? "x" : piece.text;
        }
        if (const auto target = parse_target(kind, sample); !target) {
            return target.error();
        }
    }

    const bool added = events_.try_emplace(std::string(name), targets.begin(), targets.end()).second;
    if (!added) {
        return bad_request("event \"" + std::string(name) + "\" is defined twice");
    }

    return std::nullopt;
}

Result<std::vector<Target>> Expansion::fill(std::string_view event,
                                            const std::map<std::string, std::string> &data) const
{
    const auto found = events_.find(event);
    if (found == events_.end()) {
        return bad_request("unknown event \"" + printable(event) + '"');
    }

    std::vector<Target> out;
    for (const std::string &word : found->second) {
        // the kind is the configuration's, whatever a value looks like
        const auto [kind, text] = split_target_word(word);
        const auto pieces = parse_template(text);
        if (!pieces) {
            return pieces.error();
        }

        std::string filled;
        for (const Piece &piece : *pieces) {
            if (!piece.is_name) {
                filled += piece.text;
                continue;
            }

            const auto value = data.find(std::string(piece.text));
            if (value == data.end()) {
                return bad_request("event \"" + found->first + "\" needs \""
                                   + std::string(piece.text) + "\" in its data");
            }
            if (auto error = check_value(piece.text, value->second, kind != Kind::tag)) {
                return std::move(*error);
            }
            filled += kind == Kind::tag ? value->second : escape(value->second);
        }

        auto target = parse_target(kind, filled);
        if (!target) {
            return target.error();
        }
        out.push_back(std::move(*target));
    }

    return out;
}

Result<std::vector<Target>> Expansion::expand(std::vector<Target> targets) const
{
    constexpr int deepest = 16;

    TargetSet seen;
    std::vector<Target> out;
    const auto take = [&](const Target &target) {
        if (seen.insert(target).second) {
            out.push_back(target);
        }
        return out.size() <= most_targets;
    };

    const auto refused = [](std::string_view what) {
        return bad_request("the purge has more than " + std::string(what));
    };
    const std::string too_many = std::to_string(most_targets) + " targets";

    for (const Target &target : targets) {
        if (!take(target)) {
            return refused(too_many);
        }
    }

    std::size_t next = 0;
    for (int depth = 0; next < out.size(); depth++) {
        if (depth > deepest) {
            return refused(std::to_string(deepest) + " cascades in a row");
        }

        for (const std::size_t end = out.size(); next < end; next++) {
            const auto found = cascades_.find(out[next]);
            if (found == cascades_.end()) {
                continue;
            }
            for (const Target &dependent : found->second) {
                if (!take(dependent)) {
                    return refused(too_many);
                }
            }
        }
    }

    return out;
}

}  // namespace cdn::purge

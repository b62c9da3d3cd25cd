#include "ttl/profile.h"

#include "core/text.h"
#include "ttl/popularity.h"

#include <array>

namespace cdn::ttl {

namespace {

constexpr Seconds longest_time = 100 * 365 * day;

std::string quoted(std::string_view text)
{
    return '"' + printable(text) + '"';
}

// "ttl=5m" of a role or of "during"
Result<Seconds> read_time(std::string_view text, std::string_view what)
{
    if (const auto time = parse_time(text)) {
        return *time;
    }

    return bad_request(std::string(what) + " must be a time like 30m or 7d: " + quoted(text));
}

std::optional<bool> on_or_off(std::string_view word)
{
    return word == "on" ? std::optional(true) : word == "off" ? std::optional(false) : std::nullopt;
}

// A header's name, or a tag: what needs no quoting in a list.
bool is_plain_word(std::string_view word)
{
    return !word.empty() && word.size() <= 1024 && std::all_of(word.begin(), word.end(), [](char c) {
        return c > ' ' && c < 127 && c != ',' && c != '"';
    });
}

Result<During> read_during(std::span<const std::string_view> words)
{
    During during;
    during.name = words[0];

    for (const auto word : words.subspan(1)) {
        const auto [key, value, has_value] = cut(word, '=');
        if (word == "hold") {
            during.hold = true;
        } else if (key == "ttl" && has_value) {
            const auto time = read_time(value, "ttl");
            if (!time) {
                return time.error();
            }
            during.ttl = *time;
        } else if (key == "factor" && has_value) {
            const auto factor = parse_decimal(value);
            if (!factor || *factor <= 0 || *factor > 1000) {
                return bad_request("factor must be over 0, at most 1000: " + quoted(value));
            }
            during.factor = *factor;
        } else {
            return bad_request("\"during\" takes ttl=TIME, factor=NUMBER or hold: " + quoted(word));
        }
    }

    return during;
}

}  // namespace

std::optional<Seconds> parse_time(std::string_view text)
{
    constexpr std::array<std::pair<char, Seconds>, 7> units = {
        {{'y', 365 * day}, {'M', 30 * day}, {'w', 7 * day}, {'d', day}, {'h', 3600}, {'m', 60}, {'s', 1}}};

    if (text.empty()) {
        return std::nullopt;
    }

    Seconds total = 0;
    std::size_t next_unit = 0;                         // units only get smaller
    while (!text.empty()) {
        const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
        const auto number = parse_digits(text.substr(0, digits));
        text.remove_prefix(digits);

        std::size_t unit = units.size() - 1;
        if (!text.empty()) {
            unit = next_unit;
            while (unit < units.size() && units[unit].first != text[0]) {
                unit++;
            }
            text.remove_prefix(1);
        } else if (next_unit == units.size()) {
            return std::nullopt;
        }

        if (!number || unit == units.size() || *number > longest_time / units[unit].second) {
            return std::nullopt;
        }
        total += *number * units[unit].second;
        next_unit = unit + 1;
    }

    return total <= longest_time ? std::optional(total) : std::nullopt;
}

std::optional<Error> Profile::set(std::span<const std::string_view> words)
{
    const std::string_view key = words[0];
    const auto values = words.subspan(1);

    const std::pair<std::string_view, std::optional<Seconds> *> optional_times[] = {
        {"ttl", &ttl}, {"min_ttl", &min_ttl}, {"max_ttl", &max_ttl}, {"browser_ttl", &browser_ttl}};
    const std::pair<std::string_view, Seconds *> times[] = {
        {"stale_while_revalidate", &stale_while_revalidate}, {"stale_if_error", &stale_if_error}};
    const std::pair<std::string_view, bool *> flags[] = {
        {"immutable", &immutable}, {"must_revalidate", &must_revalidate},
        {"popularity", &popularity}};

    const bool takes_several = key == "vary" || key == "tag" || key == "role" || key == "during";
    if (values.empty() || (values.size() > 1 && !takes_several)) {
        return bad_request("invalid number of arguments in " + quoted(key));
    }

    const auto read_into = [&](auto &slot) -> std::optional<Error> {
        const auto time = read_time(values[0], key);
        if (!time) {
            return time.error();
        }
        slot = *time;
        return std::nullopt;
    };
    for (const auto &[word, slot] : optional_times) {
        if (key == word) {
            return read_into(*slot);
        }
    }
    for (const auto &[word, slot] : times) {
        if (key == word) {
            return read_into(*slot);
        }
    }
    for (const auto &[word, slot] : flags) {
        if (key == word) {
            const auto flag = on_or_off(values[0]);
            if (!flag) {
                return bad_request(quoted(key) + " is on or off: " + quoted(values[0]));
            }
            *slot = *flag;
            return std::nullopt;
        }
    }

    if (key == "visibility") {
        if (values[0] != "public" && values[0] != "private") {
            return bad_request("\"visibility\" is public or private: " + quoted(values[0]));
        }
        visibility = values[0] == "public" ? Visibility::everybody : Visibility::one_user;
        return std::nullopt;
    }

    if (key == "vary" || key == "tag") {
        for (const auto word : values) {
            if (!is_plain_word(word) || (key == "vary" && word == "*")) {
                return bad_request(quoted(key) + " takes names of up to 1024 bytes, without commas: " + quoted(word));
            }
            (key == "vary" ? vary : tags).emplace_back(word);
            std::string &text = key == "vary" ? vary_text : tags_text;
            text += text.empty() ? "" : ", ";
            text += word;
        }
        return std::nullopt;
    }

    if (key == "jitter") {
        const auto percent = values[0].ends_with('%')
                                 ? parse_decimal(values[0].substr(0, values[0].size() - 1)) : std::nullopt;
        if (!percent || *percent < 0 || *percent > 100) {
            return bad_request("\"jitter\" is a share from 0% to 100%: " + quoted(values[0]));
        }
        jitter = *percent / 100;
        return std::nullopt;
    }

    if (key == "role") {
        const auto [word, value, has_value] = cut(values.back(), '=');
        if (values.size() != 2 || word != "ttl" || !has_value) {
            return bad_request("\"role\" is NAME ttl=TIME");
        }
        const auto time = read_time(value, "ttl");
        if (!time) {
            return time.error();
        }
        roles.insert_or_assign(std::string(values[0]), *time);
        return std::nullopt;
    }

    if (key == "during") {
        if (values.size() < 2) {
            return bad_request("\"during\" is NAME ttl=TIME, factor=NUMBER or hold");
        }
        auto rule = read_during(values);
        if (!rule) {
            return rule.error();
        }
        during.push_back(std::move(*rule));
        return std::nullopt;
    }

    return bad_request("unknown directive " + quoted(key));
}

std::optional<Error> Profile::contradiction() const
{
    if (min_ttl && max_ttl && *min_ttl > *max_ttl) {
        return bad_request("\"min_ttl\" is over \"max_ttl\"");
    }
    if (popularity && !ttl) {
        return bad_request("\"popularity\" needs a \"ttl\", for as long as little is known");
    }
    const bool has_ttl = ttl || !roles.empty();
    for (const During &rule : during) {
        if (rule.hold && !has_ttl) {
            return bad_request("\"during " + printable(rule.name)
                               + " hold\" has nothing to hold: set a \"ttl\"");
        }
    }

    return std::nullopt;
}

Seconds Profile::longest() const
{
    Seconds longest = std::max({ttl.value_or(0), min_ttl.value_or(0), max_ttl.value_or(0)});
    for (const auto &[role, time] : roles) {
        longest = std::max(longest, time);
    }
    for (const During &rule : during) {
        longest = std::max(longest, rule.ttl.value_or(0));
    }

    if (popularity) {
        longest = std::max(longest, tier_ttl(*this, Tier::hot));
    }

    return longest + stale_window();
}

namespace {

// In the words of the block.
constexpr std::string_view built_in[] = {
    "educational_content: ttl 7d; stale_while_revalidate 1d; vary Accept Accept-Encoding; "
    "tag edu-content; jitter 5%; role student ttl=2d; during school_hours hold",
    "student_submission: ttl 2d; stale_while_revalidate 1h; visibility private; "
    "vary Authorization; tag student-work; jitter 5%",
    "media_resource: ttl 30d; stale_while_revalidate 7d; vary Accept Accept-Encoding; tag media; "
    "jitter 5%; during school_hours hold",
    "avatar: ttl 1d; stale_while_revalidate 1h; vary Accept; tag avatars; jitter 5%",
    "temporary: ttl 1h; stale_while_revalidate 5m; vary Accept; tag temp; jitter 5%; "
    "during school_hours factor=0.5",
    "static_assets: ttl 1y; immutable on; jitter 5%",
    "api_responses: ttl 5m; stale_while_revalidate 1m",
    "user_content: ttl 1h; must_revalidate on; jitter 5%",
    "dynamic_content: ttl 1m; visibility private; during school_hours factor=0.5",
    "default: ttl 1d; jitter 5%",
    "image: ttl 7d; jitter 5%",
    "document: ttl 2d; jitter 5%",
};

Profile read_built_in(std::string_view text)
{
    const auto [name, lines, found] = cut(text, ':');

    Profile profile;
    profile.name = name;
    for (const auto line : split(lines, ';')) {
        const auto words = split(trim(line), ' ');
        profile.set(words);
    }

    return profile;
}

}  // namespace

Profiles built_in_profiles()
{
    Profiles profiles;
    for (const auto text : built_in) {
        Profile profile = read_built_in(text);
        profiles.emplace(profile.name, std::move(profile));
    }

    Profile origin;
    origin.name = origin_profile;
    profiles.emplace(origin.name, std::move(origin));
    return profiles;
}

std::string_view profile_for_path(std::string_view path)
{
    constexpr std::string_view assets[] = {".css", ".js",  ".png",  ".jpg",   ".jpeg", ".gif",
                                           ".svg", ".ico", ".woff", ".woff2", ".ttf"};
    constexpr std::string_view of_users[] = {"/uploads/", "/media/", "/files/", "/avatars/"};

    const auto file = path.substr(std::min(path.rfind('/') + 1, path.size()));
    const auto dot = file.rfind('.');
    const std::string extension = dot == file.npos ? std::string() : lower(file.substr(dot));

    if (std::find(std::begin(assets), std::end(assets), extension) != std::end(assets)) {
        return "static_assets";
    }
    if (path.starts_with("/api/")) {
        return "api_responses";
    }
    const bool users = std::any_of(std::begin(of_users), std::end(of_users), [&](std::string_view part) {
        return path.find(part) != path.npos;
    });
    return users ? "user_content" : "dynamic_content";
}

}  // namespace cdn::ttl

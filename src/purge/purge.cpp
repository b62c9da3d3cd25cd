#include "purge/purge.h"

#include "core/json.h"
#include "core/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace cdn::purge {

namespace {

using nlohmann::json;

constexpr std::int64_t last_ms = 253402300799999;      // of the year 9999

constexpr std::array<std::string_view, 2> modes = {"soft", "hard"};
constexpr std::array<std::string_view, 3> strategies = {"immediate", "gradual", "smart"};

template <typename Enum, std::size_t N>
std::optional<Enum> parse_name(const std::array<std::string_view, N> &names, std::string_view name)
{
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        return std::nullopt;
    }

    return static_cast<Enum>(found - names.begin());
}

// JSON holds UTF-8 alone, paths and tags any bytes: what is not UTF-8 goes as
// {"bytes": "..."}, one character U+0000..U+00FF for each.
json wrap(const std::string &text)
{
    try {
        const json plain = text;
        (void) plain.dump();
        return plain;
    } catch (const json::type_error &) {
    }

    std::string characters;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            characters += c;
        } else {
            characters += static_cast<char>(0xC0 | byte >> 6);
            characters += static_cast<char>(0x80 | (byte & 0x3F));
        }
    }

    return json::object({{"bytes", characters}});
}

std::optional<std::string> unwrap(const json &value)
{
    if (value.is_string()) {
        return value.get<std::string>();
    }
    if (!value.is_object() || !value.contains("bytes") || !value["bytes"].is_string()) {
        return std::nullopt;
    }

    const auto &characters = value["bytes"].get_ref<const std::string &>();
    std::string text;
    for (std::size_t i = 0; i < characters.size(); i++) {
        const auto lead = static_cast<unsigned char>(characters[i]);
        if (lead < 0x80) {
            text += characters[i];
        } else if ((lead == 0xC2 || lead == 0xC3) && i + 1 < characters.size()) {
            text += static_cast<char>((lead & 3) << 6 | (characters[++i] & 0x3F));
        } else {
            return std::nullopt;
        }
    }

    return text;
}

// Members of an object from outside; the first that is wrong is remembered.
class Members {
public:
    explicit Members(const json &object) : object_(object) {}

    const std::string &problem() const { return problem_; }

    void wrong(std::string_view name)
    {
        if (problem_.empty()) {
            problem_ = "purge record: bad \"" + std::string(name) + '"';
        }
    }

    std::optional<std::int64_t> number(std::string_view name, std::int64_t least, std::int64_t most)
    {
        const auto found = object_.find(name);
        if (found == object_.end()) {
            return std::nullopt;
        }

        const bool fits = found->is_number_unsigned()
                              ? found->get<std::uint64_t>() <= static_cast<std::uint64_t>(most)
                              : found->is_number_integer() && found->get<std::int64_t>() <= most;
        if (!fits || found->get<std::int64_t>() < least) {
            wrong(name);
            return std::nullopt;
        }

        return found->get<std::int64_t>();
    }

    std::string text(std::string_view name, std::size_t longest)
    {
        const auto found = object_.find(name);
        if (found == object_.end()) {
            return {};
        }

        auto out = unwrap(*found);
        if (!out || out->size() > longest) {
            wrong(name);
            return {};
        }

        return std::move(*out);
    }

    std::vector<std::string> texts(std::string_view name, std::size_t most)
    {
        const auto found = object_.find(name);
        if (found == object_.end()) {
            return {};
        }
        if (!found->is_array() || found->size() > most) {
            wrong(name);
            return {};
        }

        std::vector<std::string> out;
        for (const json &item : *found) {
            if (auto one = unwrap(item)) {
                out.push_back(std::move(*one));
            } else {
                wrong(name);
            }
        }

        return out;
    }

private:
    const json &object_;
    std::string problem_;
};

}  // namespace

std::string_view mode_name(Mode mode)
{
    return modes[static_cast<std::size_t>(mode)];
}

std::optional<Mode> parse_mode(std::string_view name)
{
    return parse_name<Mode>(modes, name);
}

std::string_view strategy_name(Strategy strategy)
{
    return strategies[static_cast<std::size_t>(strategy)];
}

std::optional<Strategy> parse_strategy(std::string_view name)
{
    return parse_name<Strategy>(strategies, name);
}

std::string make_id(std::int64_t time_ms, std::uint64_t random)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%012llx-%08llx", static_cast<unsigned long long>(time_ms),
                  static_cast<unsigned long long>(random & 0xffffffff));
    return text;
}

bool is_name(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
               || c == '.' || c == '_' || c == '-';
    });
}

bool is_node(std::string_view text)
{
    return text.size() <= longest_node && is_word(text);
}

std::string print_targets(const std::vector<Target> &targets)
{
    json words = json::array();
    for (const Target &target : targets) {
        words.push_back(print_target_word(target));
    }

    try {
        return words.dump();
    } catch (const json::type_error &) {               // some are not UTF-8
    }
    for (json &word : words) {
        word = wrap(word.get_ref<const std::string &>());
    }
    return words.dump();
}

std::string print_purge(const Purge &purge)
{
    return print_purge(purge, print_targets(purge.targets));
}

std::string print_purge(const Purge &purge, std::string_view printed_targets)
{
    json out = {{"id", wrap(purge.id)}, {"mode", mode_name(purge.mode)}, {"time", purge.time_ms}};

    if (purge.at_ms) {
        out["at"] = *purge.at_ms;
    }
    if (purge.rollout != Rollout()) {
        out["strategy"] = strategy_name(purge.rollout.strategy);
        out["batch"] = purge.rollout.batch;
        out["delay"] = purge.rollout.delay_ms;

        json &regions = out["regions"] = json::array();
        for (const std::string &region : purge.rollout.regions) {
            regions.push_back(wrap(region));
        }
    }
    if (!purge.reason.empty()) {
        out["reason"] = wrap(purge.reason);
    }
    out["source"] = wrap(purge.source);
    out["who"] = wrap(purge.who);
    if (!purge.node.empty()) {
        out["node"] = wrap(purge.node);
    }

    std::string text = print_json(out);
    text.pop_back();                                   // the closing brace
    text.reserve(text.size() + printed_targets.size() + 16);
    text += ",\"targets\":";
    text += printed_targets;
    text += '}';
    return text;
}

Result<Purge> parse_purge(std::string_view text)
{
    const auto parsed = parse_json(text);
    if (!parsed) {
        return bad_request("purge record: " + parsed.error().message);
    }
    if (!parsed->is_object()) {
        return bad_request("purge record: not an object");
    }

    Members in(*parsed);
    Purge purge;

    purge.id = in.text("id", 64);
    if (!purge.id.empty() && !is_name(purge.id)) {
        in.wrong("id");
    }

    TargetSet seen;
    for (const std::string &word : in.texts("targets", most_targets)) {
        const auto target = parse_target_word(word);
        if (!target) {
            in.wrong("targets");
        } else if (seen.insert(*target).second) {
            purge.targets.push_back(*target);
        }
    }
    if (purge.targets.empty()) {
        in.wrong("targets");
    }

    const auto mode = parse_mode(in.text("mode", 16));
    if (!mode) {
        in.wrong("mode");
    }
    purge.mode = mode.value_or(Mode::hard);

    purge.at_ms = in.number("at", 0, last_ms);
    purge.time_ms = in.number("time", 0, last_ms).value_or(0);

    Rollout &rollout = purge.rollout;
    if (parsed->contains("strategy")) {
        const auto strategy = parse_strategy(in.text("strategy", 16));
        if (!strategy) {
            in.wrong("strategy");
        }
        rollout.strategy = strategy.value_or(Strategy::immediate);
    }
    rollout.batch = static_cast<int>(in.number("batch", 1, most_batch).value_or(rollout.batch));
    rollout.delay_ms = in.number("delay", 0, longest_delay_ms).value_or(rollout.delay_ms);
    rollout.regions = in.texts("regions", most_regions);
    if (!std::all_of(rollout.regions.begin(), rollout.regions.end(), is_name)) {
        in.wrong("regions");
    }

    purge.reason = in.text("reason", longest_reason);
    purge.source = in.text("source", 64);
    purge.who = in.text("who", 256);
    purge.node = in.text("node", longest_node);

    if (!in.problem().empty()) {
        return bad_request(in.problem());
    }

    return purge;
}

}  // namespace cdn::purge

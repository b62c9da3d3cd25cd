#include "core/rfc3339.h"
#include "core/text.h"
#include "purge/api_dialects.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace cdn::purge {

namespace {

using nlohmann::json;

constexpr std::int64_t longest_wait_ms = 30 * 1000;
constexpr std::int64_t farthest_ms = std::int64_t{366} * 24 * 3600 * 1000;

struct TargetList {
    std::string_view name;
    Kind             kind;
};
constexpr std::array<TargetList, 4> target_lists = {{{"tags", Kind::tag},
                                                     {"urls", Kind::url},
                                                     {"prefixes", Kind::prefix},
                                                     {"patterns", Kind::pattern}}};

Error wrong(std::string_view name, std::string_view what)
{
    return bad_request('"' + std::string(name) + "\" is not " + std::string(what));
}

// "2s", "500ms", "1m"; a bare number counts seconds.  Longer than the longest is
// the longest.
std::optional<std::int64_t> parse_wait(std::string_view text)
{
    const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_digits(text.substr(0, end));
    const auto unit = text.substr(end);
    const std::int64_t factor = unit == "ms"                  ? 1
                                : unit.empty() || unit == "s" ? 1000
                                : unit == "m"                 ? 60 * 1000
                                                              : 0;
    if (!number || factor == 0) {
        return std::nullopt;
    }

    return std::min(std::min(*number, longest_wait_ms) * factor, longest_wait_ms);
}

std::optional<std::int64_t> whole(const json &value, std::int64_t least, std::int64_t most)
{
    if (!value.is_number_integer()) {
        return std::nullopt;
    }

    const bool huge = value.is_number_unsigned()
                      && value.get<std::uint64_t>() > static_cast<std::uint64_t>(most);
    if (huge || value.get<std::int64_t>() < least || value.get<std::int64_t>() > most) {
        return std::nullopt;
    }

    return value.get<std::int64_t>();
}

// Seconds, perhaps with a fraction, as milliseconds.
std::optional<std::int64_t> seconds(const json &value, std::int64_t most)
{
    if (value.is_number_integer()) {
        const auto number = whole(value, 0, most);
        return number ? std::optional(*number * 1000) : std::nullopt;
    }
    if (!value.is_number()) {
        return std::nullopt;
    }

    const double number = value.get<double>();
    if (!(number >= 0 && number <= static_cast<double>(most))) {
        return std::nullopt;
    }

    return std::llround(number * 1000);
}

Result<std::int64_t> read_at(const json &value, std::int64_t now_ms)
{
    constexpr std::int64_t last_second = 253402300799; // of the year 9999

    std::optional<std::int64_t> at;
    if (value.is_string()) {
        const auto &text = value.get_ref<const std::string &>();
        const auto number = parse_digits(text);
        at = number ? seconds(*number, last_second) : parse_rfc3339(text);
    } else {
        at = seconds(value, last_second);
    }

    if (!at) {
        return wrong("at", "a time: Unix seconds or like \"2026-11-21T08:00:00Z\"");
    }
    if (*at <= now_ms) {
        return bad_request("\"at\" is not later than now");
    }
    if (*at - now_ms > farthest_ms) {
        return bad_request("\"at\" is more than a year ahead");
    }

    return *at;
}

Result<std::map<std::string, std::string>> read_data(const json &value)
{
    if (!value.is_object()) {
        return wrong("data", "an object");
    }

    std::map<std::string, std::string> data;
    for (const auto &[name, one] : value.items()) {
        if (one.is_string()) {
            data[name] = one.get<std::string>();
        } else if (one.is_number_integer()) {
            data[name] = one.dump();
        } else {
            return bad_request("\"data\": \"" + printable(name) + "\" is no text or whole number");
        }
    }

    return data;
}

std::optional<Error> read_event(std::vector<Target> &targets, const json &body,
                                const Expansion &expansion)
{
    if (!body.contains("event")) {
        return body.contains("data") ? std::optional(bad_request("\"data\" goes with \"event\""))
                                     : std::nullopt;
    }
    if (!body["event"].is_string()) {
        return wrong("event", "a text");
    }

    const auto data = read_data(body.value("data", json::object()));
    if (!data) {
        return data.error();
    }

    const auto filled = expansion.fill(body["event"].get_ref<const std::string &>(), *data);
    if (!filled) {
        return filled.error();
    }

    targets.insert(targets.end(), filled->begin(), filled->end());
    return std::nullopt;
}

std::optional<Error> read_rollout(Rollout &rollout, const json &body)
{
    if (body.contains("strategy")) {
        const json &value = body["strategy"];
        const auto strategy =
            value.is_string() ? parse_strategy(value.get_ref<const std::string &>()) : std::nullopt;
        if (!strategy) {
            return wrong("strategy", "immediate, gradual or smart");
        }
        rollout.strategy = *strategy;
    }

    for (const std::string_view name : {"batch", "delay", "regions"}) {
        if (body.contains(name) && rollout.strategy == Strategy::immediate) {
            return bad_request('"' + std::string(name)
                               + "\" goes with \"strategy\" gradual or smart");
        }
    }

    if (body.contains("batch")) {
        const auto batch = whole(body["batch"], 1, most_batch);
        if (!batch) {
            return wrong("batch", "a whole number from 1 to " + std::to_string(most_batch));
        }
        rollout.batch = static_cast<int>(*batch);
    }

    if (body.contains("delay")) {
        const auto delay = seconds(body["delay"], longest_delay_ms / 1000);
        if (!delay) {
            return wrong("delay", "a number of seconds from 0 to "
                                      + std::to_string(longest_delay_ms / 1000));
        }
        rollout.delay_ms = *delay;
    }

    if (body.contains("regions")) {
        const json &list = body["regions"];
        const bool names = list.is_array() && list.size() <= most_regions
                           && std::all_of(list.begin(), list.end(), [](const json &item) {
                                  return item.is_string()
                                         && is_name(item.get_ref<const std::string &>());
                              });
        if (!names || rollout.strategy != Strategy::smart) {
            return names ? bad_request("\"regions\" goes with \"strategy\" smart")
                         : wrong("regions", "a list of region names");
        }
        rollout.regions = list.get<std::vector<std::string>>();
    }

    return std::nullopt;
}

Result<Purge> read_body(const json &body, const Expansion &expansion, std::int64_t now_ms)
{
    constexpr std::array<std::string_view, 10> others = {"everything", "event", "data",  "mode",
                                                         "at",         "strategy", "batch", "delay",
                                                         "regions",    "reason"};
    Purge purge;

    for (const auto &[name, value] : body.items()) {
        const auto list = std::find_if(target_lists.begin(), target_lists.end(),
                                       [&](const TargetList &l) { return l.name == name; });
        if (list != target_lists.end()) {
            if (auto error = add_targets(purge.targets, list->kind, name, value)) {
                return std::move(*error);
            }
        } else if (std::find(others.begin(), others.end(), name) == others.end()) {
            return unknown_member(name);
        }
    }

    if (body.contains("everything")) {
        if (!body["everything"].is_boolean()) {
            return wrong("everything", "true or false");
        }
        if (body["everything"].get<bool>()) {
            purge.targets.push_back({Kind::everything, {}});
        }
    }
    if (auto error = read_event(purge.targets, body, expansion)) {
        return std::move(*error);
    }

    if (body.contains("mode")) {
        const json &value = body["mode"];
        const auto mode =
            value.is_string() ? parse_mode(value.get_ref<const std::string &>()) : std::nullopt;
        if (!mode) {
            return wrong("mode", "soft or hard");
        }
        purge.mode = *mode;
    }
    if (body.contains("at")) {
        const auto at = read_at(body["at"], now_ms);
        if (!at) {
            return at.error();
        }
        purge.at_ms = *at;
    }
    if (auto error = read_rollout(purge.rollout, body)) {
        return std::move(*error);
    }

    if (body.contains("reason")) {
        const json &value = body["reason"];
        if (!value.is_string() || value.get_ref<const std::string &>().size() > longest_reason) {
            return wrong("reason", "a text of at most " + std::to_string(longest_reason) + " bytes");
        }
        purge.reason = value.get<std::string>();
        std::replace_if(
            purge.reason.begin(), purge.reason.end(),
            [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }, ' ');
    }

    return purge;
}

}  // namespace

Result<Submit> read_native(const Call &call, const Expansion &expansion, std::int64_t now_ms)
{
    const auto arguments = parse_arguments(call.query);
    if (!arguments) {
        return arguments.error();
    }

    Submit submit;
    for (const auto &[name, value] : *arguments) {
        if (name != "wait") {
            return unknown_argument(name);
        }

        const auto wait = parse_wait(value);
        if (!wait) {
            return bad_request("\"wait\" is not a time like 2s: \"" + printable(value) + '"');
        }
        submit.wait_ms = *wait;
    }

    const auto body = parse_json(call.body);
    if (!body) {
        return body.error();
    }
    if (!body->is_object()) {
        return bad_request("the body is not a JSON object");
    }

    auto purge = read_body(*body, expansion, now_ms);
    if (!purge) {
        return purge.error();
    }

    submit.purge = std::move(*purge);
    return submit;
}

Result<List> read_native_list(const Call &call)
{
    const auto arguments = parse_arguments(call.query);
    if (!arguments) {
        return arguments.error();
    }

    List list;
    for (const auto &[name, value] : *arguments) {
        if (name != "limit") {
            return unknown_argument(name);
        }

        const auto limit = parse_digits(value);
        if (!limit || *limit < 1 || *limit > 1000) {
            return bad_request("\"limit\" is not a number from 1 to 1000: \"" + printable(value) + '"');
        }
        list.limit = static_cast<int>(*limit);
    }

    return list;
}

}  // namespace cdn::purge

#include "core/text.h"
#include "purge/api_dialects.h"

namespace cdn::purge {

namespace {

using nlohmann::json;

// PHP's lists: "tags[]=a&tags[1]=b".
Result<json> parse_form(std::string_view form)
{
    const auto arguments = parse_arguments(trim(form));
    if (!arguments) {
        return arguments.error();
    }

    json object = json::object();
    for (const auto &[name, value] : *arguments) {
        json &list = object[std::string(cut(name, '[').before)];
        list.push_back(value);
    }

    return object;
}

std::optional<Error> add_lists(std::vector<Target> &targets, Kind kind, const json &object)
{
    const std::string_view wanted = kind == Kind::tag ? "tags" : "urls";

    for (const auto &[name, value] : object.items()) {
        if (name != wanted) {
            return unknown_member(name);
        }
        if (!value.is_array()) {
            return bad_request('"' + name + "\" is not a list of texts");
        }

        json list = value;
        if (kind == Kind::url) {
            for (json &item : list) {
                if (item.is_string()) {
                    item = with_slashes(item.get_ref<const std::string &>());
                }
            }
        }
        if (auto error = add_targets(targets, kind, name, list)) {
            return error;
        }
    }

    return std::nullopt;
}

json zone_of(std::string_view id, std::string_view name)
{
    return {{"id", id}, {"name", name}, {"type", "pull"}, {"status", "active"}};
}

std::string print_data(json data)
{
    return print_json({{"status", "success"}, {"description", "OK"}, {"data", std::move(data)}}) + '\n';
}

}  // namespace

Result<Purge> read_keycdn(const Call &call, Kind kind)
{
    const auto start = call.body.find_first_not_of(" \t\r\n");
    const bool is_json = start != call.body.npos && call.body[start] == '{';

    Purge purge;
    for (const auto &part : {is_json ? parse_json(call.body) : parse_form(call.body),
                             parse_form(call.query)})
    {
        if (!part) {
            return part.error();
        }
        if (auto error = add_lists(purge.targets, kind, *part)) {
            return std::move(*error);
        }
    }
    if (purge.targets.empty()) {
        return bad_request(kind == Kind::tag ? "\"tags\" is missing" : "\"urls\" is missing");
    }

    return purge;
}

std::string print_keycdn(const Standing &standing)
{
    const auto &targets = standing.purge.targets;
    const Kind kind = targets.empty() ? Kind::everything : targets.front().kind;
    const std::string_view what = kind == Kind::url   ? "URL(s)."
                                  : kind == Kind::tag ? "Tag(s)."
                                                      : "Zone.";

    return print_json({{"status", "success"},
                       {"description", "Cache has been cleared for " + std::string(what)}})
           + '\n';
}

std::string print_keycdn(const Error &error)
{
    return print_json({{"status", "error"}, {"description", error.message}}) + '\n';
}

std::string print_keycdn_zones(const Call &call)
{
    return print_data({{"zones", json::array({zone_of("1", call.host)})}});
}

std::string print_keycdn_zone(std::string_view id, const Call &call)
{
    return print_data({{"zone", zone_of(id, call.host)}});
}

}  // namespace cdn::purge

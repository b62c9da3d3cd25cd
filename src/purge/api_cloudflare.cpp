#include "core/digest.h"
#include "core/text.h"
#include "purge/api_dialects.h"

namespace cdn::purge {

namespace {

using nlohmann::json;

// Cloudflare's own, of its largest plan.
constexpr std::size_t most_files = 500;
constexpr std::size_t most_others = 100;

Error too_many(std::string_view name, std::size_t most)
{
    return bad_request('"' + std::string(name) + "\" has more than " + std::to_string(most)
                       + " entries");
}

// {"url": ..., "headers": {...}} names one variant; all of them go here.
Result<json> urls_of(const json &files)
{
    json urls = json::array();
    for (const json &file : files) {
        if (!file.is_object()) {
            urls.push_back(file);
            continue;
        }

        for (const auto &[name, value] : file.items()) {
            if (name != "url" && name != "headers") {
                return unknown_member("files: " + name);
            }
        }
        urls.push_back(file.value("url", json()));
    }

    return urls;
}

// "www.example.com" and "www.example.com/foo" as the prefixes they stand for.
Result<json> prefixes_of(const json &list, bool hosts)
{
    json out = json::array();
    for (const json &item : list) {
        if (!item.is_string()) {
            out.push_back(item);
            continue;
        }

        const auto &text = item.get_ref<const std::string &>();
        if (!hosts) {
            out.push_back(with_slashes(text));
        } else if (text.find_first_of("/?#") == text.npos) {
            out.push_back("//" + text + '/');
        } else {
            return bad_request("\"hosts\": not a host: \"" + printable(text) + '"');
        }
    }

    return out;
}

int code_of(int status)
{
    switch (status) {
    case 401: return 10001;                            // unable to authenticate
    case 403: return 10000;                            // authentication error
    case 404: return 7003;                             // no route for that URI
    case 405: return 10405;                            // method not allowed
    case 429: return 971;                              // throttle
    default:  return status < 500 ? 1012 : 10013;      // bad purge request, internal error
    }
}

json zone_of(std::string_view id, std::string_view name)
{
    return {{"id", id},
            {"name", name},
            {"status", "active"},
            {"paused", false},
            {"type", "full"},
            {"permissions", {"#zone:read", "#cache_purge:edit"}}};
}

json success(json result)
{
    return {{"success", true}, {"errors", json::array()}, {"messages", json::array()}, {"result", std::move(result)}};
}

}  // namespace

// One zone on one page, of the name asked for; plugins that walk through pages come to an end.
std::string print_cloudflare_zones(const Call &call)
{
    std::string name(call.host);
    std::int64_t page = 1;
    if (const auto arguments = parse_arguments(call.query)) {
        for (const auto &[key, value] : *arguments) {
            if (key == "name" && !value.empty()) {
                name = lower(value.starts_with("equal:") ? value.substr(6) : value);
            } else if (key == "page") {
                page = parse_digits(value).value_or(1);
            }
        }
    }

    json zones = json::array();
    if (page <= 1) {
        zones.push_back(zone_of(sha256_hex(name).substr(0, 32), name));
    }
    const std::size_t count = zones.size();
    json out = success(std::move(zones));
    out["result_info"] = {{"page", page}, {"per_page", 20}, {"count", count}, {"total_count", 1}, {"total_pages", 1}};
    return print_json(out) + '\n';
}

std::string print_cloudflare_zone(std::string_view id, const Call &call)
{
    return print_json(success(zone_of(id, call.host))) + '\n';
}

std::string print_cloudflare_token()
{
    return print_json(success({{"id", std::string(32, '0')}, {"status", "active"}})) + '\n';
}

Result<Purge> read_cloudflare(const Call &call)
{
    const auto body = parse_json(call.body);
    if (!body) {
        return body.error();
    }
    if (!body->is_object()) {
        return bad_request("the body is not a JSON object");
    }

    Purge purge;
    for (const auto &[name, value] : body->items()) {
        if (name == "purge_everything") {
            if (!value.is_boolean()) {
                return bad_request("\"purge_everything\" is not true or false");
            }
            if (value.get<bool>()) {
                purge.targets.push_back({Kind::everything, {}});
            }
            continue;
        }

        const bool files = name == "files";
        if (!files && name != "tags" && name != "hosts" && name != "prefixes") {
            return unknown_member(name);
        }
        if (!value.is_array()) {
            return bad_request('"' + name + "\" is not a list");
        }
        if (value.size() > (files ? most_files : most_others)) {
            return too_many(name, files ? most_files : most_others);
        }

        Result<json> list = value;
        if (files) {
            list = urls_of(value);
        } else if (name != "tags") {
            list = prefixes_of(value, name == "hosts");
        }
        if (!list) {
            return list.error();
        }

        const Kind kind = files ? Kind::url : name == "tags" ? Kind::tag : Kind::prefix;
        if (auto error = add_targets(purge.targets, kind, name, *list)) {
            return std::move(*error);
        }
    }

    if (purge.targets.empty()) {
        return bad_request("Request must contain one of \"purge_everything\", \"files\", "
                           "\"tags\", \"hosts\" or \"prefixes\"");
    }

    return purge;
}

std::string print_cloudflare(const Standing &standing)
{
    return print_json(success({{"id", standing.purge.id}})) + '\n';
}

std::string print_cloudflare(int status, const Error &error)
{
    const json one = {{"code", code_of(status)}, {"message", error.message}};
    return print_json({{"success", false},
                       {"errors", json::array({one})},
                       {"messages", json::array()},
                       {"result", nullptr}})
           + '\n';
}

}  // namespace cdn::purge

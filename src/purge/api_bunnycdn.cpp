#include "core/text.h"
#include "purge/api_dialects.h"

namespace cdn::purge {

namespace {

using nlohmann::json;

std::string_view key_of(int status)
{
    switch (status) {
    case 401:
    case 403: return "unauthorized";
    case 404: return "not_found";
    case 429: return "too_many_requests";
    default:  return status < 500 ? "validation_error" : "internal_error";
    }
}

std::optional<bool> parse_bool(std::string_view text)
{
    return equal_ignoring_case(text, "true")    ? std::optional(true)
           : equal_ignoring_case(text, "false") ? std::optional(false)
                                                : std::nullopt;
}

// "https://host/a/" means all below it, unless it is to be exact; a star stands
// for anything, and at the end alone it makes a prefix.
Result<Target> parse_url(std::string_view url, bool exact)
{
    const auto star = url.find('*');
    if (star != url.npos) {
        return star + 1 == url.size()
                   ? parse_target(Kind::prefix, with_slashes(url.substr(0, star)))
                   : parse_target(Kind::pattern, with_slashes(url));
    }

    return parse_target(url.ends_with('/') && !exact ? Kind::prefix : Kind::url, with_slashes(url));
}

}  // namespace

Result<Purge> read_bunnycdn_zone(const Call &call)
{
    const auto body = parse_object(call.body);
    if (!body) {
        return body.error();
    }

    Purge purge;
    for (const auto &[name, value] : body->items()) {
        if (name != "CacheTag") {
            return unknown_member(name);
        }
        if (!value.is_string() && !value.is_null()) {
            return bad_request("\"CacheTag\" is not a text");
        }
        if (value.is_string() && !value.get_ref<const std::string &>().empty()) {
            if (auto error = add_targets(purge.targets, Kind::tag, name, json::array({value}))) {
                return std::move(*error);
            }
        }
    }
    if (purge.targets.empty()) {
        purge.targets.push_back({Kind::everything, {}});
    }

    return purge;
}

Result<Purge> read_bunnycdn_url(const Call &call)
{
    const auto arguments = parse_arguments(call.query);
    if (!arguments) {
        return arguments.error();
    }

    std::string url;
    bool exact = false;
    for (const auto &[name, value] : *arguments) {
        if (name == "url" && url.empty()) {
            url = value;
        } else if (name == "headerName" || name == "headerValue") {
            continue;                                  // one variant of it; all of them go here
        } else if (name == "async" || name == "exactPath") {
            const auto on = value.empty() ? std::optional(false) : parse_bool(value);
            if (!on) {
                return bad_request('"' + name + "\" is not true or false");
            }
            exact = name == "exactPath" ? *on : exact;
        } else {
            return unknown_argument(name);
        }
    }
    if (url.empty()) {
        return bad_request("\"url\" is missing in the query");
    }

    auto target = parse_url(url, exact);
    if (!target) {
        return bad_request("\"url\": " + target.error().message);
    }

    return Purge{.targets = {std::move(*target)}};
}

std::string print_bunnycdn(int status, const Error &error)
{
    return print_json({{"ErrorKey", key_of(status)}, {"Field", ""}, {"Message", error.message}})
           + '\n';
}

std::string print_bunnycdn_pullzone(std::string_view id, const Call &call)
{
    const auto number = parse_digits(id);
    const json host = {{"Id", 1}, {"Value", call.host}, {"IsSystemHostname", false}};
    return print_json({{"Id", number ? json(*number) : json(id)}, {"Name", call.host}, {"Enabled", true}, {"Hostnames", {host}}}) + '\n';
}

}  // namespace cdn::purge

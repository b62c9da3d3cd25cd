#include "core/digest.h"
#include "core/text.h"
#include "purge/api_dialects.h"

namespace cdn::purge {

namespace {

using nlohmann::json;

constexpr std::size_t most_keys = 256;

json service_of(std::string_view id, std::string_view name)
{
    const json version = {{"number", 1}, {"active", true}, {"locked", true}, {"service_id", id}};
    return {{"id", id}, {"name", name}, {"type", "vcl"}, {"version", 1}, {"versions", {version}}};
}

}  // namespace

Result<Purge> read_fastly_key(std::string_view key)
{
    const auto decoded = percent_decode(key);
    if (!decoded) {
        return bad_request("malformed percent-encoding: \"" + printable(key) + '"');
    }

    auto target = parse_target(Kind::tag, *decoded);
    if (!target) {
        return target.error();
    }

    return Purge{.targets = {std::move(*target)}};
}

Result<Purge> read_fastly_keys(const Call &call)
{
    const auto body = parse_object(call.body);
    if (!body) {
        return body.error();
    }

    json keys = json::array();
    for (const auto key : split(call.surrogate_key, ' ')) {
        if (!trim(key).empty()) {
            keys.push_back(trim(key));
        }
    }
    for (const auto &[name, value] : body->items()) {
        if (name != "surrogate_keys") {
            return unknown_member(name);
        }
        if (!value.is_array()) {
            return bad_request("\"surrogate_keys\" is not a list of texts");
        }
        keys.insert(keys.end(), value.begin(), value.end());
    }

    if (keys.size() > most_keys) {
        return bad_request("Batch surrogate key request only supports up to 256 surrogate keys");
    }

    Purge purge;
    if (auto error = add_targets(purge.targets, Kind::tag, "surrogate_keys", keys)) {
        return std::move(*error);
    }

    return purge;
}

// "www.example.com/a", "https://www.example.com/a", and either as one escaped segment.
Result<Purge> read_fastly_url(std::string_view url, std::string_view query)
{
    std::string whole(url);
    if (url.find('/') == url.npos) {
        const auto decoded = percent_decode(url);
        if (!decoded) {
            return bad_request("malformed percent-encoding: \"" + printable(url) + '"');
        }
        whole = *decoded;
    }
    if (!query.empty()) {
        whole += '?';
        whole += query;
    }

    auto target = parse_target(Kind::url, with_slashes(whole));
    if (!target) {
        return target.error();
    }

    return Purge{.targets = {std::move(*target)}};
}

std::string print_fastly(const Standing &standing)
{
    return print_json({{"status", "ok"}, {"id", standing.purge.id}}) + '\n';
}

std::string print_fastly_keys(const Standing &standing)
{
    json ids = json::object();
    for (const Target &target : standing.purge.targets) {
        if (target.kind == Kind::tag) {
            ids[target.text] = standing.purge.id;
        }
    }

    return print_json(ids) + '\n';
}

// The purge service says "reason", the gateway before it "msg": plugins read either.
std::string print_fastly(const Error &error)
{
    return print_json({{"status", "fail"}, {"reason", error.message}, {"msg", error.message}}) + '\n';
}

std::string print_fastly_services(const Call &call)
{
    return print_json(json::array({service_of(sha256_hex(call.host).substr(0, 22), call.host)})) + '\n';
}

std::string print_fastly_service(std::string_view id, const Call &call)
{
    return print_json(service_of(id, call.host)) + '\n';
}

// Drupal's module purges nothing with a token that lacks these scopes; no services: all of them.
std::string print_fastly_token()
{
    return print_json({{"id", std::string(22, '0')},
                       {"name", "ngx_cdn"},
                       {"scope", "purge_all purge_select"},
                       {"scopes", {"purge_all", "purge_select"}},
                       {"services", json::array()},
                       {"expires_at", nullptr}})
           + '\n';
}

}  // namespace cdn::purge

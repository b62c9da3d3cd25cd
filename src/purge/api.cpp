#include "purge/api.h"

#include "core/text.h"
#include "purge/api_dialects.h"

#include <algorithm>
#include <array>

namespace cdn::purge {

namespace {

using nlohmann::json;

enum class Endpoint {
    list, one,
    cloudflare, cloudflare_soft,
    fastly_key, fastly_keys, fastly_all, fastly_url,
    bunnycdn_zone, bunnycdn_url,
    keycdn_zone, keycdn_url, keycdn_tag,
    cloudflare_zones, cloudflare_zone, cloudflare_token,
    fastly_services, fastly_service, fastly_token, bunnycdn_pullzone, keycdn_zones, keycdn_one_zone,
    method_purge,
    none,
};

struct Route {
    std::string_view shape;                            // "*": one segment, "*.json": one that ends so; "**": the rest, slashes too
    Endpoint         endpoint = Endpoint::none;
    Dialect          dialect = Dialect::native;
    std::string_view methods;
};

// The first that fits holds.
constexpr std::array<Route, 28> routes = {{
    {"", Endpoint::list, Dialect::native, "GET, HEAD, POST"},
    {"zones/*/purge_cache", Endpoint::cloudflare, Dialect::cloudflare, "POST, DELETE"},
    {"zones/*/environments/*/purge_cache", Endpoint::cloudflare, Dialect::cloudflare, "POST, DELETE"},
    {"zones/*/invalidate_cache", Endpoint::cloudflare_soft, Dialect::cloudflare, "POST"},
    {"zones/*/environments/*/invalidate_cache", Endpoint::cloudflare_soft, Dialect::cloudflare, "POST"},
    {"service/*/purge", Endpoint::fastly_keys, Dialect::fastly_keys, "POST"},
    {"service/*/purge_all", Endpoint::fastly_all, Dialect::fastly, "POST"},
    {"service/*/purge/**", Endpoint::fastly_key, Dialect::fastly, "POST"},
    {"pullzone/*/purgeCache", Endpoint::bunnycdn_zone, Dialect::bunnycdn, "POST"},
    {"purge", Endpoint::bunnycdn_url, Dialect::bunnycdn_url, "GET, POST"},
    {"purge/**", Endpoint::fastly_url, Dialect::fastly, "POST"},
    {"zones/purge/*", Endpoint::keycdn_zone, Dialect::keycdn, "GET"},
    {"zones/purgeurl/*", Endpoint::keycdn_url, Dialect::keycdn, "DELETE"},
    {"zones/purgetag/*", Endpoint::keycdn_tag, Dialect::keycdn, "DELETE"},
    {"zones.json", Endpoint::keycdn_zones, Dialect::keycdn, "GET"},
    {"zones/*.json", Endpoint::keycdn_one_zone, Dialect::keycdn, "GET"},
    {"zones", Endpoint::cloudflare_zones, Dialect::cloudflare, "GET"},
    {"zones/*", Endpoint::cloudflare_zone, Dialect::cloudflare, "GET"},
    {"user/tokens/verify", Endpoint::cloudflare_token, Dialect::cloudflare, "GET"},
    {"accounts/*/tokens/verify", Endpoint::cloudflare_token, Dialect::cloudflare, "GET"},
    {"service", Endpoint::fastly_services, Dialect::fastly, "GET"},
    {"service/*", Endpoint::fastly_service, Dialect::fastly, "GET"},
    {"tokens/self", Endpoint::fastly_token, Dialect::fastly, "GET"},
    {"pullzone/*", Endpoint::bunnycdn_pullzone, Dialect::bunnycdn, "GET"},
    {"zones/**", Endpoint::none, Dialect::cloudflare, ""},
    {"accounts/**", Endpoint::none, Dialect::cloudflare, ""},
    {"service/**", Endpoint::none, Dialect::fastly, ""},
    {"*", Endpoint::one, Dialect::native, "GET, HEAD, DELETE"},
}};

constexpr Route method_purge = {"", Endpoint::method_purge, Dialect::native, "PURGE"};
constexpr Route nowhere = {};
constexpr Route nowhere_of_cloudflare = {"", Endpoint::none, Dialect::cloudflare, ""};

// What the last star stands for, if the path has this shape.
std::optional<std::string_view> match(std::string_view shape, std::string_view path)
{
    if (!shape.ends_with("**") && path.ends_with('/')) {
        path.remove_suffix(1);
    }

    std::string_view star;
    while (!shape.empty()) {
        const auto [wanted, other_shapes, more_wanted] = cut(shape, '/');
        if (wanted == "**") {
            return path.empty() ? std::nullopt : std::optional(path);
        }

        const auto [segment, rest, more] = cut(path, '/');
        const bool any = wanted.starts_with('*');
        const auto ending = wanted.substr(any ? 1 : 0);
        if (more != more_wanted
            || (any ? segment.size() <= ending.size() || !segment.ends_with(ending) : segment != wanted))
        {
            return std::nullopt;
        }
        if (any) {
            star = segment.substr(0, segment.size() - ending.size());
        }
        shape = other_shapes;
        path = rest;
    }

    return path.empty() ? std::optional(star) : std::nullopt;
}

struct Routed {
    const Route     &route;
    std::string_view star;
};

Routed find_route(const Call &call)
{
    if (call.method == "PURGE") {
        return {method_purge, {}};
    }

    constexpr std::string_view version = "client/v4/"; // of Cloudflare's API, which many leave to the address
    auto path = call.path.substr(call.path.starts_with('/') ? 1 : 0);
    const bool is_cloudflare = path.starts_with(version);
    path.remove_prefix(is_cloudflare ? version.size() : 0);

    for (const Route &route : routes) {
        if (is_cloudflare && route.dialect != Dialect::cloudflare) {
            continue;
        }
        if (const auto star = match(route.shape, path)) {
            return {route, *star};
        }
    }

    return {is_cloudflare ? nowhere_of_cloudflare : nowhere, {}};
}

bool allows(const Route &route, std::string_view method)
{
    const auto methods = split(route.methods, ',');
    return std::any_of(methods.begin(), methods.end(),
                       [&](std::string_view allowed) { return trim(allowed) == method; });
}

std::string_view source_name(const Route &route)
{
    if (route.endpoint == Endpoint::method_purge) {
        return "purge";
    }

    switch (route.dialect) {
    case Dialect::native:      break;
    case Dialect::cloudflare:  return "cloudflare";
    case Dialect::fastly:
    case Dialect::fastly_keys: return "fastly";
    case Dialect::bunnycdn:
    case Dialect::bunnycdn_url: return "bunnycdn";
    case Dialect::keycdn:      return "keycdn";
    }

    return "api";
}

// Elsewhere an argument is refused: it may have been meant to narrow a call that
// purges everything without it.
bool takes_query(Endpoint endpoint)
{
    return endpoint == Endpoint::fastly_url || endpoint == Endpoint::bunnycdn_url
           || endpoint == Endpoint::keycdn_url || endpoint == Endpoint::keycdn_tag
           || endpoint == Endpoint::method_purge;
}

Purge everything()
{
    return {.targets = {Target{Kind::everything, {}}}};
}

// The URL that would be served, on its own host.
Result<Purge> read_method_purge(const Call &call)
{
    std::string url = call.host.empty() ? std::string() : "//" + std::string(call.host);
    url += '/';                                        // "//a" would be a host
    url += call.path.substr(std::min(call.path.find_first_not_of('/'), call.path.size()));
    if (!call.query.empty()) {
        url += '?';
        url += call.query;
    }

    auto target = parse_target(Kind::url, url);
    if (!target) {
        return target.error();
    }

    return Purge{.targets = {std::move(*target)}};
}

Result<Purge> read_provider(const Routed &routed, const Call &call)
{
    switch (routed.route.endpoint) {
    case Endpoint::cloudflare:
    case Endpoint::cloudflare_soft: return read_cloudflare(call);
    case Endpoint::fastly_key:    return read_fastly_key(routed.star);
    case Endpoint::fastly_keys:   return read_fastly_keys(call);
    case Endpoint::fastly_url:    return read_fastly_url(routed.star, call.query);
    case Endpoint::bunnycdn_zone: return read_bunnycdn_zone(call);
    case Endpoint::bunnycdn_url:  return read_bunnycdn_url(call);
    case Endpoint::keycdn_url:    return read_keycdn(call, Kind::url);
    case Endpoint::keycdn_tag:    return read_keycdn(call, Kind::tag);
    case Endpoint::fastly_all:
    case Endpoint::keycdn_zone:   return everything();
    case Endpoint::method_purge:  return read_method_purge(call);
    case Endpoint::list:
    case Endpoint::one:
    case Endpoint::cloudflare_zones:
    case Endpoint::cloudflare_zone:
    case Endpoint::cloudflare_token:
    case Endpoint::fastly_services:
    case Endpoint::fastly_service:
    case Endpoint::fastly_token:
    case Endpoint::bunnycdn_pullzone:
    case Endpoint::keycdn_zones:
    case Endpoint::keycdn_one_zone:
    case Endpoint::none:          break;
    }

    return Error{ErrorCode::not_found, "no such purge call"};
}

std::optional<Told> tell(const Routed &routed, const Call &call)
{
    switch (routed.route.endpoint) {
    case Endpoint::cloudflare_zones:  return Told{print_cloudflare_zones(call)};
    case Endpoint::cloudflare_zone:   return Told{print_cloudflare_zone(routed.star, call)};
    case Endpoint::cloudflare_token:  return Told{print_cloudflare_token()};
    case Endpoint::fastly_services:   return Told{print_fastly_services(call)};
    case Endpoint::fastly_service:    return Told{print_fastly_service(routed.star, call)};
    case Endpoint::fastly_token:      return Told{print_fastly_token()};
    case Endpoint::bunnycdn_pullzone: return Told{print_bunnycdn_pullzone(routed.star, call)};
    case Endpoint::keycdn_zones:      return Told{print_keycdn_zones(call)};
    case Endpoint::keycdn_one_zone:   return Told{print_keycdn_zone(routed.star, call)};
    default:                          return std::nullopt;
    }
}

Result<Submit> read_submit(const Routed &routed, const Call &call, const Expansion &expansion,
                           std::int64_t now_ms)
{
    if (routed.route.endpoint == Endpoint::list) {
        return read_native(call, expansion, now_ms);
    }

    if (!takes_query(routed.route.endpoint)) {
        const auto arguments = parse_arguments(call.query);
        if (!arguments) {
            return arguments.error();
        }
        if (!arguments->empty()) {
            return unknown_argument(arguments->front().name);
        }
    }

    auto purge = read_provider(routed, call);
    if (!purge) {
        return purge.error();
    }

    const bool soft = call.soft || routed.route.endpoint == Endpoint::cloudflare_soft;
    purge->mode = soft ? Mode::soft : Mode::hard;
    return Submit{.purge = std::move(*purge)};
}

std::string print_line(const json &value)
{
    return print_json(value) + '\n';
}

// Unix seconds.
json seconds(std::int64_t ms)
{
    return ms % 1000 == 0 ? json(ms / 1000) : json(static_cast<double>(ms) / 1000);
}

std::string_view status_name(const Standing &standing)
{
    if (standing.cancelled) {
        return "cancelled";
    }

    switch (standing.status) {
    case Status::scheduled: return "scheduled";
    case Status::pending:   return "pending";
    case Status::applied:   break;
    }

    return "applied";
}

// What every answer says first.
json summary(const Standing &standing)
{
    const Purge &purge = standing.purge;
    const bool waits = standing.status == Status::scheduled && purge.at_ms;

    return {{"id", purge.id},
            {"status", status_name(standing)},
            {"effective_at", seconds(waits ? *purge.at_ms : purge.time_ms)}};
}

json print_edges(const Standing &standing)
{
    json edges = json::array();
    for (const Receipt &receipt : standing.edges) {
        json edge = {{"node", receipt.node}, {"applied_at", seconds(receipt.applied_at_ms)}};
        if (!receipt.region.empty()) {
            edge["region"] = receipt.region;
        }
        edges.push_back(std::move(edge));
    }

    return edges;
}

json describe(const Standing &standing, std::size_t targets)
{
    const Purge &purge = standing.purge;

    json out = summary(standing);
    out["mode"] = mode_name(purge.mode);
    out["source"] = purge.source;
    out["who"] = purge.who;
    if (purge.rollout.strategy != Strategy::immediate) {
        out["strategy"] = strategy_name(purge.rollout.strategy);
    }
    if (!purge.reason.empty()) {
        out["reason"] = purge.reason;
    }

    json &words = out["targets"] = json::array();
    for (std::size_t i = 0; i < std::min(targets, purge.targets.size()); i++) {
        words.push_back(print_target_word(purge.targets[i]));
    }
    out["target_count"] = purge.targets.size();

    return out;
}

}  // namespace

// ---- what the dialects share

std::optional<Error> add_targets(std::vector<Target> &targets, Kind kind, std::string_view name,
                                 const json &list)
{
    const std::string quoted = '"' + std::string(name) + '"';

    if (!list.is_array()) {
        return bad_request(quoted + " is not a list of texts");
    }
    if (list.size() > most_targets) {
        return bad_request(quoted + " has more than " + std::to_string(most_targets) + " entries");
    }

    for (const json &item : list) {
        if (!item.is_string()) {
            return bad_request(quoted + " is not a list of texts");
        }

        auto target = parse_target(kind, item.get_ref<const std::string &>());
        if (!target) {
            return bad_request(quoted + ": " + target.error().message);
        }
        targets.push_back(std::move(*target));
    }

    return std::nullopt;
}

Result<json> parse_object(std::string_view body)
{
    if (body.find_first_not_of(" \t\r\n") == body.npos) {
        return json::object();
    }

    auto parsed = parse_json(body);
    if (parsed && !parsed->is_object()) {
        return bad_request("the body is not a JSON object");
    }

    return parsed;
}

std::string with_slashes(std::string_view url)
{
    const bool absolute = url.starts_with('/') || url.find("://") < url.find('/');
    return absolute || url.empty() ? std::string(url) : "//" + std::string(url);
}

Result<std::vector<Argument>> parse_arguments(std::string_view form)
{
    std::vector<Argument> arguments;
    if (form.empty()) {
        return arguments;
    }

    const auto decode = [](std::string_view text) {
        std::string spaced(text);
        std::replace(spaced.begin(), spaced.end(), '+', ' ');
        return percent_decode(spaced);
    };

    for (const auto part : split(form, '&')) {
        const auto [before, after, has_value] = cut(part, '=');
        const auto name = decode(before);
        const auto value = decode(after);
        if (!name || !value) {
            return bad_request("malformed percent-encoding: \"" + printable(part) + '"');
        }
        if (arguments.size() == most_targets) {
            return bad_request("more than " + std::to_string(most_targets) + " arguments");
        }
        if (!part.empty()) {
            arguments.push_back({*name, *value});
        }
    }

    return arguments;
}

Error unknown_member(std::string_view name)
{
    return bad_request("unknown field \"" + printable(name) + '"');
}

Error unknown_argument(std::string_view name)
{
    return bad_request("unknown query argument \"" + printable(name) + '"');
}

// ---- calls

Dialect dialect_of(const Call &call)
{
    return find_route(call).route.dialect;
}

std::string_view allowed_methods(const Call &call)
{
    return find_route(call).route.methods;
}

Result<Understood> understand(const Call &call, const Expansion &expansion, std::int64_t now_ms)
{
    const Routed routed = find_route(call);
    const Route &route = routed.route;
    const bool reads = call.method == "GET" || call.method == "HEAD";

    if (route.endpoint == Endpoint::none
        || (route.endpoint == Endpoint::one && !is_name(routed.star)))
    {
        return Error{ErrorCode::not_found, "no such purge call"};
    }
    if (!allows(route, call.method)) {
        return Error{ErrorCode::not_allowed, "the method is not " + std::string(route.methods)};
    }
    if (call.body.size() > longest_body) {
        return Error{ErrorCode::too_large, "the body is over 1 MiB"};
    }

    if (route.endpoint == Endpoint::one) {
        const std::string id(routed.star);
        return reads ? Understood{route.dialect, Show{id}} : Understood{route.dialect, Cancel{id}};
    }
    if (auto told = tell(routed, call)) {
        return Understood{route.dialect, std::move(*told)};
    }
    if (route.endpoint == Endpoint::list && reads) {
        auto list = read_native_list(call);
        if (!list) {
            return list.error();
        }
        return Understood{route.dialect, *list};
    }

    auto submit = read_submit(routed, call, expansion, now_ms);
    if (!submit) {
        return submit.error();
    }
    if (submit->purge.targets.empty()) {
        return bad_request("nothing to purge is named");
    }

    auto targets = expansion.expand(std::move(submit->purge.targets));
    if (!targets) {
        return targets.error();
    }
    submit->purge.targets = std::move(*targets);
    submit->purge.source = source_name(route);

    return Understood{route.dialect, std::move(*submit)};
}

// ---- answers

Answer accepted(Dialect dialect, const Standing &standing)
{
    Answer answer;
    answer.status = standing.status == Status::pending ? 202 : 200;

    switch (dialect) {
    case Dialect::cloudflare:
        answer.body = print_cloudflare(standing);
        break;
    case Dialect::fastly:
        answer.body = print_fastly(standing);
        break;
    case Dialect::fastly_keys:
        answer.body = print_fastly_keys(standing);
        break;
    case Dialect::bunnycdn:
        answer.status = answer.status == 200 ? 204 : answer.status;
        answer.content_type.clear();
        break;
    case Dialect::bunnycdn_url:
        answer.content_type.clear();
        break;
    case Dialect::keycdn:
        answer.body = print_keycdn(standing);
        break;
    case Dialect::native: {
        json body = summary(standing);
        if (!standing.edges.empty()) {
            body["edges"] = print_edges(standing);
        }
        if (!standing.missing.empty()) {
            body["missing"] = standing.missing;
        }
        answer.body = print_line(body);
        break;
    }
    }

    return answer;
}

Answer refused(Dialect dialect, int status, const Error &error)
{
    Answer answer;
    answer.status = status;

    switch (dialect) {
    case Dialect::cloudflare:
        answer.body = print_cloudflare(status, error);
        break;
    case Dialect::fastly:
    case Dialect::fastly_keys:
        answer.body = print_fastly(error);
        break;
    case Dialect::bunnycdn:
    case Dialect::bunnycdn_url:
        answer.body = print_bunnycdn(status, error);
        break;
    case Dialect::keycdn:
        answer.body = print_keycdn(error);
        break;
    case Dialect::native:
        answer.content_type = "text/plain";
        answer.body = error.message + '\n';
        break;
    }

    return answer;
}

Answer shown(const Standing &standing)
{
    json body = describe(standing, standing.purge.targets.size());
    body["edges"] = print_edges(standing);
    return {.body = print_line(body)};
}

Answer listed(const std::vector<Standing> &standings)
{
    constexpr std::size_t enough_to_recognise = 10;

    json purges = json::array();
    for (const Standing &standing : standings) {
        purges.push_back(describe(standing, enough_to_recognise));
    }

    return {.body = print_line({{"purges", std::move(purges)}})};
}

Answer cancelled(const Standing &standing)
{
    json body = summary(standing);
    body["status"] = "cancelled";
    return {.body = print_line(body)};
}

}  // namespace cdn::purge

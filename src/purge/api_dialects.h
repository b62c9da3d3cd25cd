// The languages that api.cpp chooses from, a file each.  They only read: that
// targets are some, few enough and each once is api.cpp's to see to.

#pragma once

#include "core/json.h"
#include "purge/api.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::purge {

// ---- what they share

// A JSON list of texts, each as a target; `name` is the member it came from.
std::optional<Error> add_targets(std::vector<Target> &targets, Kind kind, std::string_view name,
                                 const nlohmann::json &list);

// The body as an object; an empty body is an empty one.
Result<nlohmann::json> parse_object(std::string_view body);

// "example.com/a" is as good as "https://example.com/a" to some providers.
std::string with_slashes(std::string_view url);

// "a=1&b[]=%20": pairs, decoded as forms are.  A name twice stands twice.
struct Argument {
    std::string name;
    std::string value;
};
Result<std::vector<Argument>> parse_arguments(std::string_view form);

Error unknown_member(std::string_view name);
Error unknown_argument(std::string_view name);

// ---- native: {"tags": [...], ...}?wait=2s

Result<Submit> read_native(const Call &call, const Expansion &expansion, std::int64_t now_ms);
Result<List> read_native_list(const Call &call);

// ---- Cloudflare: files, tags, hosts, prefixes, purge_everything

Result<Purge> read_cloudflare(const Call &call);
std::string print_cloudflare(const Standing &standing);
std::string print_cloudflare(int status, const Error &error);

// ---- Fastly: one key of the path, many of a header or body, a URL

Result<Purge> read_fastly_key(std::string_view key);
Result<Purge> read_fastly_keys(const Call &call);
Result<Purge> read_fastly_url(std::string_view url, std::string_view query);
std::string print_fastly(const Standing &standing);
std::string print_fastly_keys(const Standing &standing);
std::string print_fastly(const Error &error);

// ---- BunnyCDN: a pull zone, whole or by tag; a URL

Result<Purge> read_bunnycdn_zone(const Call &call);
Result<Purge> read_bunnycdn_url(const Call &call);
std::string print_bunnycdn(int status, const Error &error);

// ---- KeyCDN: "urls" or "tags", in JSON, form or query

Result<Purge> read_keycdn(const Call &call, Kind kind);
std::string print_keycdn(const Standing &standing);
std::string print_keycdn(const Error &error);

// ---- what plugins look up before they purge: any name stands for this cache

std::string print_cloudflare_zones(const Call &call);
std::string print_cloudflare_zone(std::string_view id, const Call &call);
std::string print_cloudflare_token();
std::string print_fastly_services(const Call &call);
std::string print_fastly_service(std::string_view id, const Call &call);
std::string print_fastly_token();
std::string print_bunnycdn_pullzone(std::string_view id, const Call &call);
std::string print_keycdn_zones(const Call &call);
std::string print_keycdn_zone(std::string_view id, const Call &call);

}  // namespace cdn::purge

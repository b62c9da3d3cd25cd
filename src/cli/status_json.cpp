#include "cli/status_json.h"

#include "cli/command.h"
#include "cli/http.h"
#include "cli/terminal.h"

namespace cdn::cli {

using nlohmann::json;

const json &value_at(const json &from, Path path)
{
    static const json nothing;
    const json *at = &from;
    for (const std::string_view name : path) {
        const auto found = at->is_object() ? at->find(name) : at->end();
        if (!at->is_object() || found == at->end()) {
            return nothing;
        }
        at = &*found;
    }
    return *at;
}

std::optional<double> number_at(const json &from, Path path)
{
    const json &value = value_at(from, path);
    return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

std::string text_at(const json &from, Path path)
{
    const json &value = value_at(from, path);
    return value.is_string() ? harmless(value.get_ref<const std::string &>()) : std::string();
}

const json &list_at(const json &from, Path path)
{
    static const json empty = json::array();
    const json &value = value_at(from, path);
    return value.is_array() ? value : empty;
}

const json &members_at(const json &from, Path path)
{
    static const json empty = json::object();
    const json &value = value_at(from, path);
    return value.is_object() ? value : empty;
}

std::string json_text(const json &value, int indent)
{
    return value.dump(indent, ' ', true, json::error_handler_t::replace);
}

json fetch_status(const std::string &url, const std::string &ca_file, bool with_series)
{
    const Address address = parse_address(url);
    Request       request;
    request.via = address.via;
    request.target = address.rest.empty() ? "/cdn/status" : address.rest.substr(0, address.rest.find('?'));
    request.target += with_series ? "?format=json&series=1" : "?format=json";
    request.headers = {{"Accept", "application/json"}};
    request.ca_file = ca_file;
    request.timeout_ms = 10'000;

    const Response response = fetch(std::move(request));
    if (response.status != 200) {
        throw Failure(Exit::refused, harmless(url) + " answers " + std::to_string(response.status));
    }
    json status = json::parse(response.body, nullptr, false);
    if (!status.is_object() || !value_at(status, {"windows"}).is_object()) {
        throw Failure(Exit::refused, harmless(url) + " is no status of ngx_cdn");
    }
    return status;
}

}  // namespace cdn::cli

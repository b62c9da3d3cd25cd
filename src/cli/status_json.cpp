#include "cli/status_json.h"

#include "cli/input.h"
#include "cli/terminal.h"
#include "core/encoding.h"

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

void add_status_user(CLI::App &command, const std::string &name, std::string &user)
{
    command.add_option(name, user, "USER:PASSWORD where it asks for one: file:NAME or env:NAME [NGX_CDN_STATUS_USER]")
        ->type_name("PLACE");
}

void add_status_place(CLI::App &command, StatusPlace &place)
{
    command.add_option("URL", place.url, "of its cdn_status")->envname("NGX_CDN_STATUS_URL")->capture_default_str();
    add_status_user(command, "--user", place.user);
    command.add_option("--cacert", place.ca_file, "PEM file of the authorities to trust, for https")->type_name("FILE");
}

StatusSource::StatusSource(const StatusPlace &place) : url_(place.url)
{
    const Address address = parse_address(url_);
    request_.via = address.via;
    request_.target = address.rest.empty() ? "/cdn/status" : address.rest.substr(0, address.rest.find('?'));
    request_.target += "?format=json";
    request_.headers = {{"Accept", "application/json"}};
    request_.ca_file = place.ca_file;
    request_.timeout_ms = 10'000;

    const std::string user = read_token("the status's user", place.user, "NGX_CDN_STATUS_USER");
    if (!user.empty()) {
        if (user.find(':') == user.npos) {
            throw Failure(Exit::usage, "the status's user is USER:PASSWORD, and there is no colon in it");
        }
        request_.headers.emplace_back("Authorization", "Basic " + base64(user));
    }
}

json StatusSource::fetch(bool with_series) const
{
    Request request = request_;
    request.target += with_series ? "&series=1" : "";

    const Response response = cli::fetch(std::move(request));
    if (response.status != 200) {
        throw Failure(Exit::refused, harmless(url_) + " answers " + std::to_string(response.status));
    }
    json status = json::parse(response.body, nullptr, false);
    if (!status.is_object() || !value_at(status, {"windows"}).is_object()) {
        throw Failure(Exit::refused, harmless(url_) + " is no status of ngx_cdn");
    }
    return status;
}

}  // namespace cdn::cli

#include "cli/command.h"
#include "cli/http.h"
#include "cli/purge_place.h"
#include "cli/secret.h"
#include "cli/terminal.h"
#include "core/json.h"
#include "core/text.h"

namespace cdn::cli {

namespace {

using nlohmann::json;

class EdgeEndpoint : public PurgeTaker {
public:
    explicit EdgeEndpoint(const PurgePlace &place)
        : address_(parse_address(place.to)), token_(read_token("--token", place.token, "NGX_CDN_PURGE_TOKEN")),
          ca_file_(place.ca_file), patience_ms_(place.patience_ms)
    {
        address_.rest = address_.rest.substr(0, address_.rest.find('?'));
        while (address_.rest.ends_with('/')) {
            address_.rest.pop_back();
        }
        if (address_.rest.empty()) {
            throw Failure(Exit::usage, "--to names no endpoint: http://HOST/cdn/purge");
        }
    }

    json submit(const json &purge, const std::string &wait) override
    {
        return call("POST", wait.empty() ? "" : "?wait=" + wait, print_json(purge));
    }

    json list(int limit) override { return call("GET", "?limit=" + std::to_string(limit), ""); }
    json show(const std::string &id) override { return call("GET", '/' + id, ""); }
    json cancel(const std::string &id) override { return call("DELETE", '/' + id, ""); }

private:
    json call(const std::string &method, const std::string &target, const std::string &body)
    {
        Request request;
        request.method = method;
        request.via = address_.via;
        request.target = address_.rest + target;
        request.body = body;
        request.ca_file = ca_file_;
        request.timeout_ms = patience_ms_;
        request.headers = {{"Accept", "application/json"}};
        if (!body.empty()) {
            request.headers.emplace_back("Content-Type", "application/json");
        }
        if (!token_.empty()) {
            request.headers.emplace_back("Authorization", "Bearer " + token_);
        }

        const Response response = fetch(std::move(request));
        if (response.status != 200 && response.status != 202) {
            throw Failure(Exit::refused, refusal(response));
        }
        json answer = json::parse(response.body, nullptr, false);
        if (!answer.is_object()) {
            throw Failure(Exit::refused, "that is no purge endpoint: its answer is no JSON object");
        }
        return answer;
    }

    // The endpoint says why in one line; a page of someone else's is not repeated.
    static std::string refusal(const Response &response)
    {
        std::string_view line = response.body;
        while (line.ends_with('\n')) {
            line.remove_suffix(1);
        }
        const bool plain = response.header("content-type").starts_with("text/plain") && !line.empty()
                           && line.find('\n') == line.npos;
        return "refused with " + std::to_string(response.status) + (plain ? ": " + harmless(line.substr(0, 500)) : "");
    }

    Address     address_;
    std::string token_;
    std::string ca_file_;
    std::int64_t patience_ms_;
};

}  // namespace

std::unique_ptr<PurgeTaker> edge_endpoint(const PurgePlace &place)
{
    return std::make_unique<EdgeEndpoint>(place);
}

}  // namespace cdn::cli

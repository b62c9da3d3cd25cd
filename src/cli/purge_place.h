// Where purges go: an edge's endpoint, or the Redis of a fleet.  Both answer as the
// endpoint does.

#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cdn::cli {

struct PurgePlace {
    std::string              to;                       // an endpoint's URL
    std::string              token;                    // file:NAME, env:NAME
    std::string              ca_file;
    std::vector<std::string> redis;                    // URLs, tried in turn
    std::string              password;                 // file:NAME, env:NAME
    std::string              sentinel;
    std::string              name_space = "ngx_cdn";
    std::int64_t             patience_ms = 10'000;     // for all of it
};

class PurgeTaker {
public:
    virtual ~PurgeTaker() = default;

    // All throw Failure where it is refused, or nobody answers.
    virtual nlohmann::json submit(const nlohmann::json &purge, const std::string &wait) = 0;
    virtual nlohmann::json list(int limit) = 0;
    virtual nlohmann::json show(const std::string &id) = 0;
    virtual nlohmann::json cancel(const std::string &id) = 0;
};

std::unique_ptr<PurgeTaker> edge_endpoint(const PurgePlace &place);
std::unique_ptr<PurgeTaker> fleet_redis(const PurgePlace &place);

}  // namespace cdn::cli

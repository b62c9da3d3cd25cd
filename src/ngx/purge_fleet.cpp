#include "ngx/purge_fleet.h"

#include "ngx/bridge.h"
#include "ngx/purge_state.h"

#include <hiredis/hiredis.h>

#include <memory>

namespace cdn {

namespace {

// How long a call waits for Redis before it is told "pending".
constexpr std::int64_t publish_patience_ms = 1000;

std::unique_ptr<RedisLink> &link()
{
    static std::unique_ptr<RedisLink> instance;
    return instance;
}

}  // namespace

void start_fleet(const MainConf &conf, ngx_log_t *log)
{
    if (conf.redis != nullptr) {
        link() = std::make_unique<RedisLink>(*conf.redis, log, publish_patience_ms, true, nullptr);
    }
}

void stop_fleet()
{
    link().reset();
}

RedisLink *fleet_link()
{
    return link().get();
}

const purge::FleetKeys &fleet_keys(const MainConf &conf)
{
    static const purge::FleetKeys keys(conf.redis->name_space);
    return keys;
}

std::string reply_text(const redisReply *reply)
{
    return reply != nullptr && reply->str != nullptr ? std::string(reply->str, reply->len) : std::string();
}

std::map<std::string, std::string, std::less<>> reply_pairs(const redisReply *reply)
{
    std::map<std::string, std::string, std::less<>> pairs;
    if (reply == nullptr || reply->type != REDIS_REPLY_ARRAY) {
        return pairs;
    }
    for (std::size_t i = 0; i + 1 < reply->elements; i += 2) {
        pairs[reply_text(reply->element[i])] = reply_text(reply->element[i + 1]);
    }
    return pairs;
}

void publish(const MainConf &conf, const purge::Purge &purge, std::function<void(bool taken)> done)
{
    const auto &keys = fleet_keys(conf);
    const auto command = purge.time_ms > 0 ? purge::publish_command(keys, purge)
                                           : purge::schedule_command(keys, purge);
    auto shared = std::make_shared<std::function<void(bool)>>(std::move(done));

    const bool sent = link() && link()->send(command, [shared](const redisReply *reply) {
        if (reply != nullptr && reply->type == REDIS_REPLY_ERROR) {
            const std::string error = reply_text(reply);
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "cdn redis: a purge was not taken: %s",
                          error.c_str());
        }
        (*shared)(reply != nullptr && reply->type != REDIS_REPLY_ERROR);
    });
    if (!sent) {
        (*shared)(false);
    }
}

void ask_receipts(const MainConf &conf, const std::string &id, std::function<void(const Receipts &)> done)
{
    const auto &keys = fleet_keys(conf);
    auto receipts = std::make_shared<Receipts>();
    auto shared = std::make_shared<std::function<void(const Receipts &)>>(std::move(done));
    auto applied = std::make_shared<std::map<std::string, std::string, std::less<>>>();

    if (!link() || !link()->ready()) {
        (*shared)(*receipts);
        return;
    }

    static_cast<void>(link()->send({"HGETALL", keys.receipts + id}, [applied](const redisReply *reply) {
        *applied = reply_pairs(reply);
    }));
    static_cast<void>(link()->send({"HGETALL", keys.nodes}, [=](const redisReply *reply) {
        std::vector<purge::Node> nodes;
        for (const auto &[name, value] : reply_pairs(reply)) {
            if (auto node = purge::parse_node(name, value)) {
                nodes.push_back(std::move(*node));
            }
        }

        receipts->complete = reply != nullptr;
        for (const purge::Node &node : nodes) {
            const auto found = applied->find(node.name);
            const auto time = found != applied->end() ? parse_digits(found->second) : std::nullopt;
            if (time) {
                receipts->edges.push_back({node.name, node.region, *time});
            }
        }
        for (const purge::Node &node : purge::living(nodes, clock_ms())) {
            receipts->complete = receipts->complete && applied->contains(node.name);
        }
        (*shared)(*receipts);
    }));
}

void send_receipt(const MainConf &conf, const std::string &id, std::int64_t applied_at_ms)
{
    if (link()) {
        static_cast<void>(link()->send(
            purge::receipt_command(fleet_keys(conf), id, view(conf.node), applied_at_ms),
            [](const redisReply *) {}));
    }
}

}  // namespace cdn

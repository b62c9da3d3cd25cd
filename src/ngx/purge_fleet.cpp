#include "ngx/purge_fleet.h"

#include "ngx/bridge.h"
#include "ngx/purge_state.h"

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

void publish(const MainConf &conf, const std::string &id, std::optional<std::int64_t> to_come_at_ms,
             std::string line, std::function<void(bool taken)> done)
{
    const auto &keys = fleet_keys(conf);
    const auto command = to_come_at_ms
                             ? purge::schedule_command(keys, id, *to_come_at_ms, std::move(line))
                             : purge::publish_command(keys, id, std::move(line));
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

void ask_receipts(const MainConf &conf, const std::string &id,
                  std::function<void(const std::optional<purge::Receipts> &)> done)
{
    const auto &keys = fleet_keys(conf);
    auto shared = std::make_shared<std::function<void(const std::optional<purge::Receipts> &)>>(std::move(done));
    auto applied = std::make_shared<purge::Pairs>();

    if (!link() || !link()->ready()) {
        (*shared)(std::nullopt);
        return;
    }

    static_cast<void>(link()->send({"HGETALL", keys.receipts + id}, [applied](const redisReply *reply) {
        *applied = reply_pairs(reply);
    }));
    static_cast<void>(link()->send({"HGETALL", keys.nodes}, [=](const redisReply *reply) {
        if (reply == nullptr) {
            (*shared)(std::nullopt);
            return;
        }
        (*shared)(purge::read_receipts(reply_pairs(reply), *applied, clock_ms()));
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

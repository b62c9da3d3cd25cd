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

// Of what changes the fleet's keys.  True: it did.
bool was_taken(const redisReply *reply)
{
    static std::string complaint;                      // said once until something is taken again

    if (reply == nullptr) {
        return false;
    }
    if (reply->type != REDIS_REPLY_ERROR) {
        complaint.clear();
        return true;
    }

    const std::string error = reply_text(reply);
    if (complaint != error) {
        complaint = error;
        const ngx_str_t text = borrow(error);
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "cdn redis: a purge was not taken: %V", &text);
    }
    return false;
}

void ask_for_text(const purge::RedisCommand &command, Text done)
{
    const auto shared = std::make_shared<Text>(std::move(done));
    const bool sent = link() && link()->send(command, [shared](const redisReply *reply) {
        const bool told = was_taken(reply);
        (*shared)(told ? std::optional(reply_text(reply)) : std::nullopt);
    });
    if (!sent) {
        (*shared)(std::nullopt);
    }
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
    // a worker inherits what the master had before a reload
    static std::string name_space;
    static std::unique_ptr<purge::FleetKeys> keys;
    if (!keys || name_space != conf.redis->name_space) {
        name_space = conf.redis->name_space;
        keys = std::make_unique<purge::FleetKeys>(name_space);
    }
    return *keys;
}

std::string own_key(const MainConf &conf)
{
    return purge::node_key(view(conf.node), conf.journal->instance());
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
        (*shared)(was_taken(reply));
    });
    if (!sent) {
        (*shared)(false);
    }
}

void find_to_come(const MainConf &conf, const std::string &id, Text done)
{
    ask_for_text({"HGET", fleet_keys(conf).to_come, id}, std::move(done));
}

void cancel_in_fleet(const MainConf &conf, const std::string &id, Text done)
{
    ask_for_text(purge::cancel_command(fleet_keys(conf), id), std::move(done));
}

void ask_receipts(const MainConf &conf, const std::string &id,
                  std::function<void(const std::optional<purge::Receipts> &)> done)
{
    const auto &keys = fleet_keys(conf);
    auto shared = std::make_shared<std::function<void(const std::optional<purge::Receipts> &)>>(std::move(done));
    auto applied = std::make_shared<purge::Pairs>();
    auto nodes = std::make_shared<purge::Pairs>();

    if (!link() || !link()->ready()) {
        (*shared)(std::nullopt);
        return;
    }

    static_cast<void>(link()->send({"HGETALL", keys.receipts + id}, [applied](const redisReply *reply) {
        *applied = reply_pairs(reply);
    }));
    static_cast<void>(link()->send({"HGETALL", keys.nodes}, [nodes](const redisReply *reply) {
        *nodes = reply_pairs(reply);
    }));
    static_cast<void>(link()->send({"TIME"}, [=](const redisReply *reply) {
        const bool told = reply != nullptr && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2;
        const auto now = told ? parse_digits(reply_text(reply->element[0])) : std::nullopt;
        if (!now) {
            (*shared)(std::nullopt);
            return;
        }
        (*shared)(purge::read_receipts(*nodes, *applied, *now * 1000));
    }));
}

void send_receipt(const MainConf &conf, const std::string &id, std::int64_t applied_at_ms)
{
    if (link()) {
        static_cast<void>(link()->send(
            purge::receipt_command(fleet_keys(conf), id, own_key(conf), applied_at_ms),
            [](const redisReply *) {}));
    }
}

}  // namespace cdn

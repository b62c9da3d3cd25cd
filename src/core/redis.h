// Redis: where one is, and a connection that waits for its answers.

#pragma once

#include "core/result.h"

#include <hiredis/hiredis.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn {

struct RedisServer {
    std::string host;                                  // a name, an IP address, or a socket's path
    int         port = 0;                              // 0: a socket
    std::string shown;                                 // for logs: without the password
};

// Where Redis is: cdn_redis.
struct RedisSettings {
    std::vector<RedisServer> servers;                  // tried in turn
    std::string              sentinel;                 // they are sentinels, for the master of this name
    std::string              user;
    std::string              password;
    int                      database = 0;
    std::string              name_space = "ngx_cdn";
};

// Adds redis://[[user:]password@]host[:port][/db] or unix:PATH.  Returns what was wrong,
// which never holds the password.
std::optional<Error> add_redis_url(RedisSettings &settings, std::string_view url);

using RedisReply = std::unique_ptr<redisReply, void (*)(void *)>;

// To the master, logged in.  All of it may take until the deadline.
class BlockingRedis {
public:
    BlockingRedis(const RedisSettings &settings, std::chrono::steady_clock::time_point deadline);

    explicit operator bool() const { return context_ != nullptr; }
    const std::string &problem() const { return problem_; }   // why there is no connection, or no reply

    // None: no reply, or an error.
    RedisReply run(const std::vector<std::string> &command);

private:
    std::optional<timeval> patience() const;
    void open(const RedisServer &server);
    void dial(const RedisServer &server);
    void give_up(std::string problem);

    const RedisSettings                  &settings_;
    std::chrono::steady_clock::time_point deadline_;
    std::string                           problem_;
    std::unique_ptr<redisContext, void (*)(redisContext *)> context_{nullptr, redisFree};
};

std::string reply_text(const redisReply *reply);

// The pairs of a hash, or of a stream entry's fields.
std::map<std::string, std::string, std::less<>> reply_pairs(const redisReply *reply);

}  // namespace cdn

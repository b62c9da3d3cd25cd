#include "core/redis.h"

#include "core/text.h"

#include <sys/un.h>

namespace cdn {

namespace {

constexpr int default_port = 6379;

// "host", "host:port", "[::1]:port"; the last gives the bare address.
std::optional<RedisServer> parse_address(std::string_view address)
{
    const bool bracketed = address.starts_with('[');
    const auto end = bracketed ? address.find(']') : address.find(':');
    const auto host = address.substr(bracketed, end - bracketed);
    auto       rest = end == address.npos ? std::string_view() : address.substr(end + bracketed);
    if (host.empty() || (bracketed && end == address.npos) || (!rest.empty() && rest.front() != ':')) {
        return std::nullopt;
    }

    std::int64_t port = default_port;
    if (!rest.empty()) {
        port = parse_digits(rest.substr(1)).value_or(0);
    }
    if (port < 1 || port > 65535) {
        return std::nullopt;
    }
    return RedisServer{std::string(host), static_cast<int>(port), std::string(address)};
}

}  // namespace

std::optional<Error> add_redis_url(RedisSettings &settings, std::string_view url)
{
    const auto wrong = [&](std::string_view why) {
        return bad_request("\"" + printable(url.substr(0, url.find("://") + 3)) + "...\" " + std::string(why));
    };

    constexpr std::string_view unix_scheme = "unix:";
    if (url.starts_with(unix_scheme)) {
        const std::string path(url.substr(unix_scheme.size()));
        if (!path.starts_with('/')) {
            return bad_request("a socket is unix:/PATH, not \"" + printable(url) + '"');
        }
        if (path.size() >= sizeof(sockaddr_un::sun_path)) {
            return bad_request("the path of a socket has at most " + std::to_string(sizeof(sockaddr_un::sun_path) - 1)
                               + " bytes: \"" + printable(url) + '"');
        }
        settings.servers.push_back({path, 0, path});
        return std::nullopt;
    }
    if (url.starts_with("rediss://")) {
        return wrong("needs TLS, which the hiredis of this build does not have: use redis:// through a tunnel");
    }

    constexpr std::string_view scheme = "redis://";
    if (!url.starts_with(scheme)) {
        return bad_request("a server is redis://HOST:PORT/DB or unix:/PATH, not \"" + printable(url) + '"');
    }
    auto rest = url.substr(scheme.size());

    if (const auto at = rest.rfind('@'); at != rest.npos) {
        const auto credentials = rest.substr(0, at);
        const auto colon = credentials.find(':');
        const auto user = percent_decode(credentials.substr(0, colon == credentials.npos ? 0 : colon));
        const auto password = percent_decode(credentials.substr(colon == credentials.npos ? 0 : colon + 1));
        if (!user || !password) {
            return wrong("has malformed percent-encoding in its password");
        }
        settings.user = *user;
        settings.password = *password;
        rest.remove_prefix(at + 1);
    }

    const auto [address, database, has_database] = cut(rest, '/');
    if (has_database && !database.empty()) {
        const auto number = parse_digits(database);
        if (!number || *number > 1'000'000) {
            return wrong("has a database that is no number");
        }
        settings.database = static_cast<int>(*number);
    }

    auto server = parse_address(address);
    if (!server) {
        return wrong("has no address like HOST or HOST:PORT");
    }
    settings.servers.push_back(std::move(*server));
    return std::nullopt;
}

BlockingRedis::BlockingRedis(const RedisSettings &settings, std::chrono::steady_clock::time_point deadline)
    : settings_(settings), deadline_(deadline)
{
    for (std::size_t i = 0; i < settings.servers.size() && !context_; i++) {
        open(settings.servers[i]);
    }
}

RedisReply BlockingRedis::run(const std::vector<std::string> &command)
{
    std::vector<const char *> arguments;
    std::vector<std::size_t> lengths;
    for (const std::string &argument : command) {
        arguments.push_back(argument.data());
        lengths.push_back(argument.size());
    }

    const auto left = patience();
    RedisReply reply(nullptr, freeReplyObject);
    if (context_ && left && redisSetTimeout(context_.get(), *left) == REDIS_OK) {
        reply.reset(static_cast<redisReply *>(redisCommandArgv(
            context_.get(), static_cast<int>(arguments.size()), arguments.data(), lengths.data())));
    }

    if (!reply) {
        problem_ = context_ && context_->err != 0 && context_->err != REDIS_ERR_IO ? context_->errstr : "no answer";
    } else if (reply->type == REDIS_REPLY_ERROR) {
        problem_ = reply_text(reply.get());
        reply.reset();
    }
    return reply;
}

std::optional<timeval> BlockingRedis::patience() const
{
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                          deadline_ - std::chrono::steady_clock::now()).count();
    return left > 0 ? std::optional(timeval{left / 1000, left % 1000 * 1000}) : std::nullopt;
}

void BlockingRedis::give_up(std::string problem)
{
    problem_ = std::move(problem);
    context_.reset();
}

void BlockingRedis::open(const RedisServer &server)
{
    dial(server);
    if (!settings_.sentinel.empty() && context_) {
        const RedisReply master = run({"SENTINEL", "get-master-addr-by-name", settings_.sentinel});
        const bool known = master && master->type == REDIS_REPLY_ARRAY && master->elements == 2;
        const std::string host = known ? reply_text(master->element[0]) : "";
        const auto port = known ? parse_digits(reply_text(master->element[1])) : std::nullopt;
        if (!port) {
            give_up(master ? "the sentinel knows no master \"" + settings_.sentinel + '"' : problem_);
            return;
        }
        dial({host, static_cast<int>(*port), host});
    }
    if (!context_) {
        return;
    }

    bool in = true;
    if (!settings_.password.empty()) {
        std::vector<std::string> command{"AUTH", settings_.password};
        if (!settings_.user.empty()) {
            command.insert(command.begin() + 1, settings_.user);
        }
        in = run(command) != nullptr;
    }
    if (in && settings_.database != 0) {
        in = run({"SELECT", std::to_string(settings_.database)}) != nullptr;
    }
    const RedisReply role = in ? run({"ROLE"}) : RedisReply(nullptr, freeReplyObject);
    if (!role) {
        give_up(problem_);
    } else if (role->type != REDIS_REPLY_ARRAY || role->elements == 0 || reply_text(role->element[0]) != "master") {
        give_up("this Redis is a replica");
    }
}

void BlockingRedis::dial(const RedisServer &server)
{
    const auto left = patience();
    if (!left) {
        give_up("no answer");
        return;
    }
    context_.reset(server.port == 0 ? redisConnectUnixWithTimeout(server.host.c_str(), *left)
                                    : redisConnectWithTimeout(server.host.c_str(), server.port, *left));
    if (!context_ || context_->err != 0) {
        give_up(context_ ? context_->errstr : "no memory");
    }
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

}  // namespace cdn

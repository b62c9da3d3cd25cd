#include "ngx/redis.h"

#include "ngx/bridge.h"
#include "ngx/purge_state.h"

#include <hiredis/async.h>
#include <hiredis/sds.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <memory>

namespace cdn {

namespace {

constexpr std::int64_t connect_patience_ms = 2000;
constexpr std::int64_t shortest_retry_ms = 100;
constexpr std::int64_t longest_retry_ms = 2000;
constexpr std::int64_t a_while_ms = 5000;              // what breaks sooner has not worked
constexpr ngx_msec_t   tick_ms = 50;

bool leaving()
{
    return ngx_exiting || ngx_quit || ngx_terminate;
}

}  // namespace

RedisLink::RedisLink(const RedisSettings &settings, ngx_log_t *log, std::int64_t patience_ms, bool quiet,
                     std::function<void()> on_ready)
    : settings_(settings), log_(log), patience_ms_(patience_ms), quiet_(quiet), on_ready_(std::move(on_ready))
{
    timer_.prepare(timer_event, this, log);
    timer_.let_worker_end();
    connect();
    timer_.start(tick_ms);
}

RedisLink::~RedisLink()
{
    on_ready_ = nullptr;
    close();
    timer_.stop();
}

void RedisLink::connect()
{
    if (!master_.host.empty()) {
        const RedisServer master = std::move(master_);
        master_ = {};
        to_sentinel_ = false;
        connect_to(master);
        return;
    }

    to_sentinel_ = !settings_.sentinel.empty();
    const RedisServer &server = settings_.servers[next_server_ % settings_.servers.size()];
    next_server_++;
    connect_to(server);
}

void RedisLink::connect_to(const RedisServer &server)
{
    redisAsyncContext *context = server.port == 0 ? redisAsyncConnectUnix(server.host.c_str())
                                                  : redisAsyncConnect(server.host.c_str(), server.port);
    if (context == nullptr || context->err != 0) {
        failed(context != nullptr ? context->errstr : "no memory");
        if (context != nullptr) {
            redisAsyncFree(context);
        }
        return;
    }

    connection_ = ngx_get_connection(context->c.fd, log_);
    if (connection_ == nullptr) {
        redisAsyncFree(context);
        failed("no free connection");
        return;
    }
    connection_->data = this;
    connection_->log = log_;
    connection_->read->log = log_;
    connection_->write->log = log_;
    connection_->read->handler = read_event;
    connection_->write->handler = write_event;
    connection_->idle = 1;                             // a worker that quits does not wait for it

    context_ = context;
    context->data = this;
    context->ev.data = this;
    context->ev.addRead = add_read;
    context->ev.addWrite = add_write;
    context->ev.cleanup = clean_up;
    connecting_since_ms_ = clock_ms();

    redisAsyncSetConnectCallback(context, [](const redisAsyncContext *c, int status) {
        auto *link = static_cast<RedisLink *>(c->data);
        if (status != REDIS_OK) {
            link->context_ = nullptr;                  // hiredis frees it
            link->failed(c->errstr);
            return;
        }
        link->on_connected();
    });
    redisAsyncSetDisconnectCallback(context, [](const redisAsyncContext *c, int status) {
        auto *link = static_cast<RedisLink *>(c->data);
        link->context_ = nullptr;
        if (status != REDIS_OK) {
            link->failed(c->errstr != nullptr && *c->errstr != '\0' ? c->errstr : "connection lost");
        }
    });
}

void RedisLink::on_connected()
{
    connecting_since_ms_ = 0;
    if (to_sentinel_) {
        ask_sentinel();
    } else {
        log_in();
    }
}

void RedisLink::ask_sentinel()
{
    static_cast<void>(issue({"SENTINEL", "get-master-addr-by-name", settings_.sentinel}, [this](const redisReply *reply) {
        if (reply == nullptr) {
            return;
        }
        const bool known = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2
                           && reply->element[0]->type == REDIS_REPLY_STRING
                           && reply->element[1]->type == REDIS_REPLY_STRING;
        const auto port = known ? parse_digits({reply->element[1]->str, reply->element[1]->len}) : std::nullopt;
        const std::string host = known ? std::string(reply->element[0]->str, reply->element[0]->len) : "";
        if (!port || *port < 1 || *port > 65535
            || (ngx_inet_addr(borrow(host).data, host.size()) == INADDR_NONE && host.find(':') == host.npos))
        {
            failed("the sentinel knows no master \"" + settings_.sentinel + "\" by its address");
            wants_restart_ = true;
            return;
        }

        master_ = {host, static_cast<int>(*port), host + ':' + std::to_string(*port)};
        retry_at_ms_ = 0;
        wants_restart_ = true;
    }));
}

void RedisLink::log_in()
{
    const auto check = [this](const redisReply *reply) {
        if (reply != nullptr && reply->type == REDIS_REPLY_ERROR) {
            failed(std::string(reply->str, reply->len));
            wants_restart_ = true;
        }
    };

    if (!settings_.password.empty()) {
        RedisLink::Command command{"AUTH"};
        if (!settings_.user.empty()) {
            command.push_back(settings_.user);
        }
        command.push_back(settings_.password);
        static_cast<void>(issue(command, check));
    }
    if (settings_.database != 0) {
        static_cast<void>(issue({"SELECT", std::to_string(settings_.database)}, check));
    }

    // a replica, after a failover, would take no purge
    static_cast<void>(issue({"ROLE"}, [this](const redisReply *reply) {
        if (reply == nullptr) {
            return;
        }
        if (reply->type == REDIS_REPLY_ERROR) {
            failed(std::string(reply->str, reply->len));
            wants_restart_ = true;
            return;
        }
        const bool is_master = reply->type == REDIS_REPLY_ARRAY && reply->elements > 0
                               && reply->element[0]->type == REDIS_REPLY_STRING
                               && std::string_view(reply->element[0]->str, reply->element[0]->len) == "master";
        if (!is_master) {
            failed("this Redis is a replica");
            wants_restart_ = true;
            return;
        }

        ready_ = true;
        ready_since_ms_ = clock_ms();
        if (complains_) {
            ngx_log_error(NGX_LOG_NOTICE, log_, 0, "cdn redis: connected again");
            complains_ = false;
        }
        if (on_ready_) {
            on_ready_();
        }
    }));
}

void RedisLink::failed(const std::string &why)
{
    if (ready_ && clock_ms() - ready_since_ms_ >= a_while_ms) {
        complaint_.clear();
        retry_delay_ms_ = shortest_retry_ms;
    }
    ready_ = false;
    if (complaint_ != why && !quiet_ && !leaving()) {
        const ngx_str_t text = borrow(why);
        const ngx_str_t where = borrow(settings_.servers[(next_server_ + settings_.servers.size() - 1)
                                                         % settings_.servers.size()].shown);
        ngx_log_error(NGX_LOG_ERR, log_, 0,
                      "cdn redis: %V: %V; serving goes on, purges are kept until it answers", &where, &text);
        complaint_ = why;
        complains_ = true;
    }

    // spread out, so that a fleet does not come back as one
    retry_at_ms_ = clock_ms() + retry_delay_ms_ / 2 + static_cast<std::int64_t>(ngx_random())
                                                         % (retry_delay_ms_ / 2 + 1);
    retry_delay_ms_ = std::min(retry_delay_ms_ * 2, longest_retry_ms);
}

void RedisLink::close()
{
    ready_ = false;
    if (context_ != nullptr) {
        redisAsyncContext *context = context_;
        context_ = nullptr;
        redisAsyncFree(context);                       // pending replies come as nullptr
    }
}

void RedisLink::restart(const std::string &why)
{
    failed(why);
    wants_restart_ = true;
}

bool RedisLink::send(const Command &command, Done done)
{
    return ready_ && issue(command, std::move(done));
}

bool RedisLink::issue(const Command &command, Done done)
{
    if (context_ == nullptr) {
        return false;
    }

    std::vector<const char *> arguments;
    std::vector<std::size_t> lengths;
    for (const std::string &argument : command) {
        arguments.push_back(argument.data());
        lengths.push_back(argument.size());
    }

    auto *pending = new Pending{this, std::move(done), clock_ms()};
    if (redisAsyncCommandArgv(context_, reply_event, pending, static_cast<int>(arguments.size()),
                              arguments.data(), lengths.data())
        != REDIS_OK)
    {
        delete pending;
        return false;
    }
    pending_.push_back(pending);
    return true;
}

void RedisLink::reply_event(redisAsyncContext *, void *reply, void *data) noexcept
{
    const std::unique_ptr<Pending> pending(static_cast<Pending *>(data));
    std::erase(pending->link->pending_, pending.get());

    guarded(pending->link->log_, 0, [&] {
        // a replica by now, whoever finds out: what only tells of this edge would go on in vain
        const auto *answer = static_cast<const redisReply *>(reply);
        if (answer != nullptr && answer->type == REDIS_REPLY_ERROR && pending->link->ready_) {
            const std::string error(answer->str, answer->len);
            if (error.find("READONLY") != error.npos) {
                pending->link->restart(error);
            }
        }

        pending->done(answer);
        return 0;
    });
}

void RedisLink::on_timer()
{
    const std::int64_t now = clock_ms();

    if (context_ != nullptr) {
        const bool late = std::any_of(pending_.begin(), pending_.end(), [&](const Pending *p) {
            return now - p->since_ms > patience_ms_;
        });
        const bool slow = connecting_since_ms_ != 0 && now - connecting_since_ms_ > connect_patience_ms;
        if (late || slow) {
            failed("no answer");
            wants_restart_ = true;
        }
    }

    if (wants_restart_) {
        wants_restart_ = false;
        close();
    }
    if (context_ == nullptr && now >= retry_at_ms_) {
        connect();
    }
}

// ---- events

void RedisLink::read_event(ngx_event_t *event) noexcept
{
    auto *connection = static_cast<ngx_connection_t *>(event->data);
    auto *link = static_cast<RedisLink *>(connection->data);

    if (connection->close) {
        link->close();                                 // the worker quits
        return;
    }

    // edge-triggered: until there is nothing left
    for (;;) {
        redisAsyncContext *context = link->context_;
        if (context == nullptr) {
            return;
        }
        redisAsyncHandleRead(context);
        int left = 0;
        if (link->context_ != context || ioctl(context->c.fd, FIONREAD, &left) == -1 || left == 0) {
            return;
        }
    }
}

void RedisLink::write_event(ngx_event_t *event) noexcept
{
    auto *connection = static_cast<ngx_connection_t *>(event->data);
    auto *link = static_cast<RedisLink *>(connection->data);
    redisAsyncContext *context = link->context_;
    if (context == nullptr) {
        return;
    }

    redisAsyncHandleWrite(context);
    if (link->context_ == context && sdslen(context->c.obuf) > 0) {
        event->ready = 0;                              // the socket is full: an edge will come
        if (event->posted) {
            ngx_delete_posted_event(event);
        }
    }
}

void RedisLink::timer_event(ngx_event_t *event) noexcept
{
    if (leaving()) {
        return;
    }

    guarded(event->log, 0, [&] {
        Timer::data_of<RedisLink>(event).on_timer();
        return 0;
    });
    ngx_add_timer(event, tick_ms);
}

void RedisLink::add_read(void *data) noexcept
{
    auto *link = static_cast<RedisLink *>(data);
    ngx_event_t *event = link->connection_->read;
    if (!event->active) {
        static_cast<void>(ngx_add_event(event, NGX_READ_EVENT, NGX_CLEAR_EVENT));
    }
}

void RedisLink::add_write(void *data) noexcept
{
    auto *link = static_cast<RedisLink *>(data);
    ngx_event_t *event = link->connection_->write;
    if (!event->active) {
        static_cast<void>(ngx_add_event(event, NGX_WRITE_EVENT, NGX_CLEAR_EVENT));
    } else if (event->ready) {
        ngx_post_event(event, &ngx_posted_events);     // no edge will come
    }
}

void RedisLink::clean_up(void *data) noexcept
{
    auto *link = static_cast<RedisLink *>(data);
    ngx_connection_t *connection = link->connection_;
    if (connection == nullptr) {
        return;
    }

    link->connection_ = nullptr;
    for (ngx_event_t *event : {connection->read, connection->write}) {
        if (event->timer_set) {
            ngx_del_timer(event);
        }
        if (event->posted) {
            ngx_delete_posted_event(event);
        }
    }
    ngx_del_conn(connection, 0);
    ngx_free_connection(connection);
    connection->fd = static_cast<ngx_socket_t>(-1);    // hiredis closes it
}

}  // namespace cdn

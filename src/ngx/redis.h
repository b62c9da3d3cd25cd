// A connection to Redis on nginx's event loop.  Nothing here blocks: host names
// were resolved when the configuration was read.

#pragma once

#include "core/redis.h"
#include "ngx/ngx.h"
#include "ngx/timer.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

struct redisAsyncContext;

namespace cdn {

class RedisLink {
public:
    using Command = std::vector<std::string>;
    using Done = std::function<void(const redisReply *reply)>;   // nullptr: the connection broke

    // `patience_ms`: a reply that takes longer breaks the connection.  `on_ready` runs after each
    // connect, once Redis has let us in.  A `quiet` link leaves it to another one to say what is wrong.
    RedisLink(const RedisSettings &settings, ngx_log_t *log, std::int64_t patience_ms, bool quiet,
              std::function<void()> on_ready);
    ~RedisLink();
    RedisLink(const RedisLink &) = delete;
    RedisLink &operator=(const RedisLink &) = delete;

    bool ready() const { return ready_; }

    // False: not connected; `done` is not called then.
    bool send(const Command &command, Done done);

    // Connects anew, as after a failure: what it was, for the log.
    void restart(const std::string &why);

private:
    struct Pending {
        RedisLink   *link;
        Done         done;
        std::int64_t since_ms;
    };

    void connect();
    void connect_to(const RedisServer &server);
    void on_connected();
    void ask_sentinel();
    void log_in();
    void failed(const std::string &why);
    void close();
    void on_timer();
    bool issue(const Command &command, Done done);

    static void read_event(ngx_event_t *event) noexcept;
    static void write_event(ngx_event_t *event) noexcept;
    static void timer_event(ngx_event_t *event) noexcept;
    static void add_read(void *data) noexcept;
    static void add_write(void *data) noexcept;
    static void clean_up(void *data) noexcept;
    static void reply_event(redisAsyncContext *context, void *reply, void *data) noexcept;

    const RedisSettings   &settings_;
    ngx_log_t             *log_;
    std::int64_t           patience_ms_;
    bool                   quiet_;
    std::function<void()>  on_ready_;
    redisAsyncContext     *context_ = nullptr;
    ngx_connection_t      *connection_ = nullptr;
    std::size_t            next_server_ = 0;
    RedisServer            master_;                    // as a sentinel told it
    bool                   to_sentinel_ = false;
    bool                   ready_ = false;
    std::string            complaint_;                 // said once until it has worked for a while, or fails otherwise
    bool                   complains_ = false;         // since then it has not been connected
    std::int64_t           ready_since_ms_ = 0;
    bool                   wants_restart_ = false;
    bool                   within_callback_ = false;
    std::int64_t           connecting_since_ms_ = 0;
    std::int64_t           retry_at_ms_ = 0;
    std::int64_t           retry_delay_ms_ = 100;
    std::vector<Pending *> pending_;
    Timer                  timer_;
};

}  // namespace cdn

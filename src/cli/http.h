// HTTP through libcurl, which this alone includes: one request, or many at once.
// Nothing is redirected, and no proxy is asked.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cdn::cli {

// An address that one connects to, whatever host is asked for.
struct Via {
    std::string scheme = "http";
    std::string host = "127.0.0.1";                    // as in a URL
    int         port = 0;                              // 0: the scheme's own
    std::string socket;                                // a unix socket's path
};

// "http://127.0.0.1:8080", "http://unix:/run/nginx.sock:"; what follows is `rest`.
// Throws Failure.
struct Address {
    Via         via;
    std::string rest;                                  // "/path?query", or nothing
};
Address parse_address(std::string_view url);

struct Request {
    std::string method = "GET";
    Via         via;
    std::string host;                                  // to ask for; none: that of `via`
    std::string target = "/";                          // path and query
    std::vector<std::pair<std::string, std::string>> headers;
    std::string  body;
    std::string  ca_file;                              // none: the system's
    std::int64_t connect_timeout_ms = 5'000;
    std::int64_t timeout_ms = 30'000;
    std::size_t  most_bytes = 16U << 20;               // of the answer
    bool         keep_body = true;                     // false: it is counted only, without limit
};

struct Response {
    std::string  error;                                // why there is none
    bool         connected = false;                    // there was a connection to the other side
    int          status = 0;
    std::string  body;
    std::uint64_t bytes = 0;                           // of the body
    std::map<std::string, std::string> headers;        // names in lower case; the last one counts

    std::string_view header(const std::string &name) const;
};

// Requests under way.
class Transfers {
public:
    using Done = std::function<void(const Response &)>;

    Transfers();
    ~Transfers();                                      // aborts them
    Transfers(const Transfers &) = delete;
    Transfers &operator=(const Transfers &) = delete;

    void start(Request request, Done done);
    int in_flight() const;

    // Lets them go on for at most so long; calls what `done` was given.  A signal ends it.
    void run(int milliseconds);

    void abort();                                      // without calls

private:
    struct State;
    std::unique_ptr<State> state_;
};

// One, to its end.  Throws Failure where there is no answer.
Response fetch(Request request);

}  // namespace cdn::cli

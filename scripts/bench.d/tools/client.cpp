// HTTP clients that keep their connection and ask again as soon as they are
// answered: one thread, epoll, little work per request.
//
//     client [--pause=MS] [--watch=PID] [--header=LINE]... SECONDS CONNECTIONS PORT PATH...
//
// All answers must be 200 and, for one PATH, all of one length; anything else
// ends it with a message.  Each connection asks once before the clock starts.
// After SECONDS nothing new is asked; the clock stops with the last answer, so
// that every request counts whole.  --pause waits between answer and question,
// --watch measures the CPU time of a process meanwhile.  Prints one line:
//
//     REQUESTS SECONDS WATCHED_CPU_SECONDS OWN_CPU_SECONDS BYTES P50_MS P99_MS MAX_MS
//
// BYTES is the length of the first PATH's answer.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <queue>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

double seconds_of(Clock::duration duration)
{
    return std::chrono::duration<double>(duration).count();
}

double cpu_seconds(clockid_t clock)
{
    timespec time{};
    clock_gettime(clock, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

struct Target {
    std::string path;
    std::string request;
    long        length = -1;                           // of its answers, once known
};

struct Connection {
    int         socket = -1;
    Target     *target = nullptr;
    Time        asked;
    std::string head;                                  // of the answer, until it is whole
    long        body_left = -1;                        // -1: in the head
};

[[noreturn]] void refuse(const Target &target, std::string_view why)
{
    throw std::runtime_error(target.path + ": " + std::string(why));
}

int connect_to(int port)
{
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
        throw std::runtime_error("nobody listens on port " + std::to_string(port));
    }

    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
}

long content_length(const Target &target, std::string_view head)
{
    static constexpr std::string_view name = "\r\nContent-Length: ";
    const auto at = head.find(name);
    if (at == head.npos) {
        refuse(target, "an answer without Content-Length");
    }

    long length = -1;
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
    return length;
}

class Clients {
public:
    Clients(std::vector<Target> targets, int port, int connections, int pause_ms)
        : targets_(std::move(targets)), pause_(pause_ms), epoll_(epoll_create1(0)),
          connections_(connections)
    {
        for (auto &connection : connections_) {
            connection.socket = connect_to(port);
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.ptr = &connection;
            epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
        }
    }

    // Everybody asks until `until`, at least once; returns when all are answered.
    void run(Time until)
    {
        took_.clear();
        until_ = until;
        for (auto &connection : connections_) {
            ask(connection);
        }

        while (waiting_ > 0 || !resting_.empty()) {
            wake();
            receive();
        }
    }

    const std::vector<double> &took() const { return took_; }   // milliseconds
    long bytes() const { return targets_.front().length; }

private:
    struct Rest {
        Time        ends;
        Connection *connection;
        bool operator>(const Rest &other) const { return ends > other.ends; }
    };

    void ask(Connection &connection)
    {
        connection.target = &targets_[next_++ % targets_.size()];
        connection.head.clear();
        connection.body_left = -1;
        connection.asked = Clock::now();
        waiting_++;

        const auto &request = connection.target->request;
        if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL)
            != static_cast<ssize_t>(request.size()))
        {
            refuse(*connection.target, "the connection is closed");
        }
    }

    // Connections whose pause is over.
    void wake()
    {
        while (!resting_.empty() && resting_.top().ends <= Clock::now()) {
            Connection &connection = *resting_.top().connection;
            resting_.pop();
            ask(connection);
        }
    }

    void receive()
    {
        timespec limit{};
        timespec *timeout = nullptr;
        if (!resting_.empty()) {
            const auto left = std::max<long>(0, (resting_.top().ends - Clock::now()).count());
            limit = {left / 1'000'000'000, left % 1'000'000'000};
            timeout = &limit;
        }

        epoll_event events[64];
        const int count = epoll_pwait2(epoll_, events, 64, timeout, nullptr);
        for (int i = 0; i < count; i++) {
            read_some(*static_cast<Connection *>(events[i].data.ptr));
        }
    }

    void read_some(Connection &connection)
    {
        static char buffer[256 * 1024];
        const ssize_t size = ::recv(connection.socket, buffer, sizeof buffer, 0);
        if (size <= 0) {
            refuse(*connection.target, "the connection is closed");
        }

        const std::string_view bytes(buffer, static_cast<std::size_t>(size));
        if (connection.body_left >= 0) {
            connection.body_left -= size;
        } else {
            read_head(connection, bytes);
        }

        if (connection.body_left == 0) {
            answered(connection);
        }
    }

    void read_head(Connection &connection, std::string_view bytes)
    {
        connection.head += bytes;
        const auto end = connection.head.find("\r\n\r\n");
        if (end == std::string::npos) {
            return;
        }

        Target &target = *connection.target;
        const auto head = std::string_view(connection.head).substr(0, end + 2);
        if (!head.starts_with("HTTP/1.1 200 ")) {
            refuse(target, head.substr(0, head.find('\r')));
        }

        const long length = content_length(target, head);
        if (target.length < 0) {
            target.length = length;
        }
        if (length != target.length) {
            refuse(target, "an answer of " + std::to_string(length) + " bytes after one of "
                               + std::to_string(target.length));
        }

        connection.body_left = length - static_cast<long>(connection.head.size() - (end + 4));
    }

    void answered(Connection &connection)
    {
        const Time now = Clock::now();
        took_.push_back(seconds_of(now - connection.asked) * 1000);
        waiting_--;

        if (now >= until_) {
            return;
        }
        if (pause_.count() > 0) {
            resting_.push({now + pause_, &connection});
        } else {
            ask(connection);
        }
    }

    std::vector<Target>       targets_;
    std::chrono::milliseconds pause_;
    int                       epoll_;
    std::vector<Connection>   connections_;
    std::size_t               next_ = 0;
    int                       waiting_ = 0;
    Time                      until_;
    std::vector<double>       took_;
    std::priority_queue<Rest, std::vector<Rest>, std::greater<>> resting_;
};

int run(int argc, char **argv)
{
    int pause_ms = 0;
    pid_t watched = 0;
    std::string headers;
    std::vector<std::string> words;

    for (int i = 1; i < argc; i++) {
        const std::string_view word = argv[i];
        const auto value = [&] { return std::string(word.substr(word.find('=') + 1)); };
        if (word.starts_with("--pause=")) {
            pause_ms = std::stoi(value());
        } else if (word.starts_with("--watch=")) {
            watched = std::stoi(value());
        } else if (word.starts_with("--header=")) {
            headers += value() + "\r\n";
        } else {
            words.emplace_back(word);
        }
    }
    if (words.size() < 4) {
        throw std::runtime_error("SECONDS CONNECTIONS PORT PATH... are wanted");
    }

    std::vector<Target> targets;
    for (std::size_t i = 3; i < words.size(); i++) {
        targets.push_back({words[i], "GET " + words[i] + " HTTP/1.1\r\nHost: localhost\r\n"
                                         + headers + "\r\n"});
    }

    clockid_t watched_clock = CLOCK_PROCESS_CPUTIME_ID;
    if (watched != 0 && clock_getcpuclockid(watched, &watched_clock) != 0) {
        throw std::runtime_error("no process " + std::to_string(watched));
    }

    Clients clients(std::move(targets), std::stoi(words[2]), std::stoi(words[1]), pause_ms);
    clients.run(Clock::now());

    const double watched_cpu = cpu_seconds(watched_clock);
    const double own_cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    const Time start = Clock::now();

    clients.run(start + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(std::stod(words[0]))));

    const double elapsed = seconds_of(Clock::now() - start);
    auto took = clients.took();
    std::sort(took.begin(), took.end());

    std::printf("%zu %.5f %.5f %.5f %ld %.3f %.3f %.3f\n", took.size(), elapsed,
                watched != 0 ? cpu_seconds(watched_clock) - watched_cpu : 0.0,
                cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - own_cpu, clients.bytes(),
                took[took.size() / 2], took[(took.size() - 1) * 99 / 100], took.back());
    return 0;
}

}  // namespace

int main(int argc, char **argv)
{
    try {
        return run(argc, argv);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "client: %s\n", error.what());
        return 1;
    }
}

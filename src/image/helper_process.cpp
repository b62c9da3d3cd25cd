#include "image/helper_process.h"

#include "image/render.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cdn::image {

namespace {

constexpr int poll_ms = 20;
constexpr int helper_nice = 15;                        // as the threads of the pool

int parent_socket = -1;

// Sends one file descriptor.
bool send_descriptor(int socket, int descriptor)
{
    char byte = 0;
    iovec part{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};

    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);

    cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));

    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent == -1 && errno == EINTR);

    return sent == 1;
}

// -1: nobody will send one any more.
int receive_descriptor(int socket)
{
    for (;;) {
        char byte = 0;
        iovec part{&byte, 1};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};

        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof(control);

        const ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
        if (received == -1 && errno == EINTR) {
            continue;
        }
        if (received <= 0) {
            return -1;
        }

        const cmsghdr *header = CMSG_FIRSTHDR(&message);
        if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
            return descriptor;
        }
    }
}

[[noreturn]] void run_parent(int socket, void (*begin)(), void (*work)(int socket))
{
    // it ends with its owner, not with a signal to the group of both; the
    // kernel buries its children
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD,
                             SIGALRM, SIGIO, SIGPIPE})
    {
        std::signal(signal, SIG_IGN);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);

    // the owner's listening sockets and connections are not held open
    if (dup2(socket, 3) == -1) {
        _exit(1);
    }
    close_range(4, ~0U, 0);

#ifndef __SANITIZE_ADDRESS__
    // nor has what libraries print a place in the owner's log
    if (const int nowhere = open("/dev/null", O_WRONLY); nowhere != -1) {
        dup2(nowhere, 2);
        close(nowhere);
    }
#endif

    prctl(PR_SET_NAME, "cdn helpers");
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setpriority(PRIO_PROCESS, 0, helper_nice);
    begin();

    for (int client; (client = receive_descriptor(3)) != -1; close(client)) {
        if (fork() == 0) {
            close(3);
            prctl(PR_SET_NAME, "cdn helper");
            work(client);
            _exit(0);
        }
    }
    _exit(0);
}

// Ends the helper when the other end of its socket is closed.
void *watch_socket(void *socket)
{
    char byte;
    ssize_t n;
    do {
        n = recv(static_cast<int>(reinterpret_cast<std::intptr_t>(socket)), &byte, 1, 0);
    } while (n == -1 && errno == EINTR);
    _exit(1);
}

std::uint64_t data_in_use()
{
    std::uint64_t kilobytes = 0;
    if (FILE *status = std::fopen("/proc/self/status", "re")) {
        char line[256];
        while (std::fgets(line, sizeof(line), status) != nullptr) {
            if (std::strncmp(line, "VmData:", 7) == 0) {
                kilobytes = std::strtoull(line + 7, nullptr, 10);
            }
        }
        std::fclose(status);
    }

    return kilobytes << 10;
}

}  // namespace

bool start_helpers(void (*begin)(), void (*work)(int socket))
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1) {
        return false;
    }

    const pid_t child = fork();
    if (child == 0) {
        run_parent(ends[1], begin, work);
    }

    close(ends[1]);
    if (child == -1) {
        close(ends[0]);
        return false;
    }

    parent_socket = ends[0];
    return true;
}

int call_helper()
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1) {
        return -1;
    }

    const bool sent = send_descriptor(parent_socket, ends[1]);
    close(ends[1]);
    if (!sent) {
        close(ends[0]);
        return -1;
    }

    return ends[0];
}

void limit_helper(std::uint64_t memory, unsigned cpu_seconds)
{
    const rlimit no_core{0, 0};
    const rlimit cpu{cpu_seconds, cpu_seconds};
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_CPU, &cpu);

#ifndef __SANITIZE_ADDRESS__                           // which maps terabytes
    const rlimit data{data_in_use() + memory, data_in_use() + memory};
    setrlimit(RLIMIT_DATA, &data);
#endif

    // should all memory run out, this one is the first to go
    if (const int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); score != -1) {
        static_cast<void>(!write(score, "1000", 4));
        close(score);
    }
}

void end_with_socket(int socket)
{
    pthread_t thread;
    if (pthread_create(&thread, nullptr, watch_socket,
                       reinterpret_cast<void *>(static_cast<std::intptr_t>(socket))) != 0)
    {
        _exit(1);
    }
    pthread_detach(thread);
}

bool send_all(int socket, const void *bytes, std::size_t size)
{
    const char *at = static_cast<const char *>(bytes);
    while (size > 0) {
        const ssize_t n = send(socket, at, size, MSG_NOSIGNAL);
        if (n == -1 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        size -= static_cast<std::size_t>(n);
    }

    return true;
}

bool receive_all(int socket, void *bytes, std::size_t size, const Stop *stop)
{
    char *at = static_cast<char *>(bytes);
    while (size > 0) {
        if (stop != nullptr) {
            pollfd wait{socket, POLLIN, 0};
            if (stop->asked()) {
                return false;
            }
            if (poll(&wait, 1, poll_ms) == 0) {
                continue;
            }
        }

        const ssize_t n = recv(socket, at, size, 0);
        if (n == -1 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        size -= static_cast<std::size_t>(n);
    }

    return true;
}

}  // namespace cdn::image

#include "ngx/aside.h"

#include "ngx/bridge.h"
#include "ngx/timer.h"

#include <atomic>
#include <deque>
#include <memory>
#include <system_error>
#include <thread>

#include <pthread.h>
#include <signal.h>

namespace cdn {

namespace {

constexpr ngx_msec_t look_every_ms = 1;

struct Piece {
    std::function<void()> work;
    std::function<void()> done;
    std::atomic<bool>     finished = false;

    void run() noexcept
    {
        try {
            work();
        } catch (...) {
            // `done` finds that nothing came of it
        }
        finished = true;
    }
};

struct Aside {
    std::deque<std::unique_ptr<Piece>> pieces;         // the first is being worked on
    std::thread                        thread;
    Timer                              timer;
};

Aside &aside()
{
    static Aside instance;
    return instance;
}

void start_first(Aside &a)
{
    Piece &piece = *a.pieces.front();
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);       // signals are the event loop's
    try {
        a.thread = std::thread([&piece] { piece.run(); });
    } catch (const std::system_error &) {
        piece.run();                                   // no thread to be had: better late than never
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    a.timer.start(look_every_ms);
}

void on_timer(ngx_event_t *event) noexcept
{
    Aside &a = aside();
    if (!a.pieces.front()->finished) {
        ngx_add_timer(event, look_every_ms);
        return;
    }

    if (a.thread.joinable()) {
        a.thread.join();
    }
    const std::unique_ptr<Piece> piece = std::move(a.pieces.front());
    a.pieces.pop_front();
    if (!a.pieces.empty()) {
        start_first(a);
    }
    guarded(event->log, 0, [&] {
        piece->done();
        return 0;
    });
}

}  // namespace

void do_aside(std::function<void()> work, std::function<void()> done)
{
    Aside &a = aside();
    auto piece = std::make_unique<Piece>();
    piece->work = std::move(work);
    piece->done = std::move(done);
    a.pieces.push_back(std::move(piece));
    if (a.pieces.size() > 1) {
        return;
    }

    a.timer.prepare(on_timer, nullptr, ngx_cycle->log);
    start_first(a);
}

void do_aside_if_large(std::size_t bytes, std::function<void()> work, std::function<void()> done)
{
    if (bytes > most_at_once) {
        do_aside(std::move(work), std::move(done));
        return;
    }
    work();
    done();
}

void stop_asides()
{
    Aside &a = aside();
    if (a.thread.joinable()) {
        a.thread.join();
    }
    a.pieces.clear();
    a.timer.stop();
}

}  // namespace cdn

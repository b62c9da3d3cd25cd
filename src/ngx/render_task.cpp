#include "ngx/render_task.h"

#include "image/cost.h"
#include "ngx/bridge.h"
#include "ngx/render_work.h"
#include "ngx/timer.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

#include <malloc.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cdn {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Below this, serving waits for pixels (measured with scripts/bench latency).
constexpr int pool_nice = 15;

// Time that the event loop asks of the scheduler at once.  Where it is shorter than others' (1 to 3 ms),
// Linux 6.12 and later let it pass the pool's threads as soon as it has work; before, nothing changes.
constexpr std::uint64_t loop_slice_ns = 100'000;

// A source byte costs about this much of a thread; what a job is expected to
// cost delays when it is due, so that small ones pass.
constexpr std::int64_t bytes_per_us = 25;
constexpr std::int64_t delay_per_cost = 10;

// A ticket that no thread took for so long: large jobs keep the pool busy.
constexpr std::int64_t lane_opens_after_us = 250'000;

// And for so long, with overdue jobs alone on its threads: it is stuck.
constexpr std::int64_t stuck_after_us = 1'000'000;

// Who has spent so much of its timeout at work is late by its own fault.
constexpr double most_of_the_time = 0.75;

constexpr ngx_msec_t tick_ms = 250;

// After SIGTERM the master kills what is still there soon after a second.
constexpr milliseconds grace_after_term(700);

// The allocator keeps so much free at the end of each arena, and takes blocks of up to that size
// from arenas: to give pages back and get them again for each picture is 3 % of the work, of an
// animation 15 %.  After so long without a picture all goes back (scripts/bench memory).
constexpr int          kept_of_an_arena = 16 * 1024 * 1024;
constexpr milliseconds quiet_before_trim(1000);

// An exiting worker whose event loop has ended, and only waits for its pool.
constexpr std::int64_t loop_has_ended_after_us = 3'000'000;

// A pool task: whichever job is due when a thread takes it.
struct Ticket {
    ngx_thread_task_t    task{};
    std::shared_ptr<Job> job;
};

struct Queue {
    std::mutex                        mutex;
    std::condition_variable           changed;
    std::vector<std::shared_ptr<Job>> waiting;
    std::vector<Job *>                running;
    std::size_t                       tickets = 0;     // posted, not yet taken by a thread
    std::int64_t                      moved_us = 0;    // when a ticket was last taken, or the first posted
    std::int64_t                      loop_us = 0;     // when the event loop was last seen

    // the side lane's own
    std::vector<std::shared_ptr<Job>> through;         // made there, or too large for it
    int                               lane_event = -1;
    bool                              closing = false;

    // the event loop's own
    ZoneHead   *shared = nullptr;
    Timer       tick;
};

// Lives as long as the process: threads may still use it while it exits.
Queue &queue()
{
    static Queue &instance = *new Queue;
    return instance;
}

// ---- with the queue locked

std::shared_ptr<Job> take(Queue &q, std::vector<std::shared_ptr<Job>>::iterator at)
{
    auto job = std::move(*at);
    q.waiting.erase(at);
    q.running.push_back(job.get());
    job->taken_us = now_us();
    job->busy_since_us = job->taken_us;
    q.changed.notify_all();
    return job;
}

auto first_due(Queue &q, bool light_only)
{
    const auto later = [&](const auto &a, const auto &b) {
        return light_only && a->light != b->light ? b->light : a->due_us > b->due_us;
    };
    const auto found = std::max_element(q.waiting.begin(), q.waiting.end(), later);
    return found != q.waiting.end() && light_only && !(*found)->light ? q.waiting.end() : found;
}

bool is_stuck(const Queue &q, bool lane)
{
    bool any = false;
    for (const Job *job : q.running) {
        if (job->on_lane == lane) {
            any = true;
            if (!job->overdue) {
                return false;
            }
        }
    }

    return any && (lane || (q.tickets > 0 && now_us() - q.moved_us > stuck_after_us));
}

bool nobody_will_take(const Queue &q, const Job &job)
{
    return is_stuck(q, false) && (!job.light || is_stuck(q, true));
}

// Has worked for longer than this share of its timeout.
bool has_used(const Job &job, double share)
{
    const std::int64_t since = job.busy_since_us;
    return since != 0
           && static_cast<double>(now_us() - since) > static_cast<double>(job.timeout_ms) * 1000 * share;
}

void quarantine(Queue &q, const Job &job)
{
    if (const std::uint64_t id = job.blamed; id != 0) {
        q.shared->quarantine.add(id, image::Offence::slow, std::time(nullptr), job.timeout_ms);
    }
}

void put_back(Queue &q, Job &job)
{
    std::erase(q.running, &job);
    if (job.overdue) {
        q.shared->ledger.overdue(ngx_pid, -1);
    }
    q.changed.notify_all();
}

// What it had, and a slice of its own; without the right to it things stay as they are.
void shorten_slice()
{
    struct {                                           // sched_setattr(2): C libraries before 2.41 have none
        std::uint32_t size, policy;
        std::uint64_t flags;
        std::int32_t  nice;
        std::uint32_t priority;
        std::uint64_t runtime, deadline, period;
    } how{};

    if (syscall(SYS_sched_getattr, 0, &how, sizeof(how), 0) == 0 && how.policy == SCHED_OTHER) {
        how.size = sizeof(how);
        how.runtime = loop_slice_ns;
        (void) syscall(SYS_sched_setattr, 0, &how, 0);
    }
}

// ---- on threads

// Once in each: its priority, and a stack on which to notice that its own is full.
void prepare_thread()
{
    thread_local const bool done = [] {
        constexpr std::size_t size = 64 * 1024;
        stack_t stack{};
        stack.ss_sp = ::operator new(size);            // for as long as the thread, which is for ever
        stack.ss_size = size;
        return sigaltstack(&stack, nullptr) == 0
               && setpriority(PRIO_PROCESS, static_cast<id_t>(thread_id()), pool_nice) == 0;
    }();
    (void) done;
}

// False: the job is too large for the lane.
bool work(Job &job)
{
    const std::int64_t start = now_us();
    job.queue_us = static_cast<std::uint64_t>(start - job.queued_us);
    bool done = true;

    try {
        Work work(job, *queue().shared);
        if (work.open()) {
            done = !job.on_lane || work.is_light();
            if (done) {
                work.make();
            }
        }
    } catch (const std::exception &error) {
        job.answer.emplace(Error{ErrorCode::internal, "the transformation failed", error.what()});
    }

    image::render_stop_thread();
    job.run_us = static_cast<std::uint64_t>(now_us() - start);
    return done;
}

void run_ticket(void *data, ngx_log_t *) noexcept
{
    Ticket &ticket = *static_cast<Ticket *>(data);
    Queue &q = queue();

    prepare_thread();
    {
        const std::lock_guard lock(q.mutex);
        q.tickets--;
        q.moved_us = now_us();
        const auto due = first_due(q, false);
        if (due == q.waiting.end() || ngx_terminate) {
            return;
        }
        ticket.job = take(q, due);
    }

    work(*ticket.job);

    const std::lock_guard lock(q.mutex);
    put_back(q, *ticket.job);
}

void run_lane()
{
    Queue &q = queue();
    std::unique_lock lock(q.mutex);

    prepare_thread();
    for (;;) {
        q.changed.wait(lock, [&] { return first_due(q, true) != q.waiting.end(); });

        const std::int64_t wait = q.moved_us + lane_opens_after_us - now_us();
        if (wait > 0) {
            q.changed.wait_for(lock, microseconds(wait));
            continue;
        }
        if (q.closing || ngx_terminate) {
            return;
        }

        auto job = take(q, first_due(q, true));
        job->on_lane = true;
        lock.unlock();
        const bool done = work(*job);
        lock.lock();
        put_back(q, *job);
        job->on_lane = false;
        job->light = job->light && done;
        q.through.push_back(std::move(job));

        const std::uint64_t one = 1;
        static_cast<void>(!write(q.lane_event, &one, sizeof(one)));
    }
}

// ---- crashes

constexpr int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
ZoneHead *shared_in_use;
struct sigaction actions_before[std::size(fatal_signals)];

// Says in shared memory what was being worked on, then lets the crash happen.
// One on the event loop's own thread accuses nobody.
void on_crash(int signal, siginfo_t *info, void *)
{
    const std::int32_t tid = thread_id();
    if (tid != ngx_pid) {
        shared_in_use->quarantine.accuse(ngx_pid, tid);
    }

    const auto which = std::find(std::begin(fatal_signals), std::end(fatal_signals), signal);
    sigaction(signal, &actions_before[which - std::begin(fatal_signals)], nullptr);
    if (info->si_code <= 0) {                          // sent, not brought about by what runs again
        raise(signal);
    }
}

void watch_for_crashes()
{
    struct sigaction action{};
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&action.sa_mask);

    for (std::size_t i = 0; i < std::size(fatal_signals); i++) {
        sigaction(fatal_signals[i], &action, &actions_before[i]);
    }
}

// ---- exit and rest

int arenas()
{
    return static_cast<int>(std::thread::hardware_concurrency()) + 2;
}

// malloc_trim() leaves the ends of arenas alone, but for the first's.  What is free there goes
// back when a large block of that arena is freed, so one of each is.  Threads beyond the number
// of arenas take turns at them: twice as many meet all of them, those of libvips' threads too.
void give_memory_back()
{
    constexpr std::size_t large = 128 * 1024;
    const int count = 2 * arenas();
    std::latch everybody(count);
    std::vector<std::jthread> threads;

    mallopt(M_TRIM_THRESHOLD, 0);
    try {
        while (std::ssize(threads) < count) {
            threads.emplace_back([&] {
                void *const volatile block = std::malloc(large);
                everybody.arrive_and_wait();
                std::free(block);
            });
        }
    } catch (const std::exception &) {                 // no more threads here: those there are will do
        everybody.count_down(count - std::ssize(threads));
    }
    threads.clear();
    mallopt(M_TRIM_THRESHOLD, kept_of_an_arena);
    malloc_trim(0);
}

// The pool joins its threads at exit, and an encoder cannot be stopped: when
// nginx was told to terminate, running jobs get a moment, then the process goes.
// So it does when it has nothing left but to wait for overdue ones.  In between
// it tidies up.
void watch_jobs()
{
    Queue &q = queue();
    std::unique_lock lock(q.mutex);

    const auto leave_process = [&] {
        q.shared->quarantine.end_all(ngx_pid);         // none of them is to blame
        q.shared->ledger.close(ngx_pid);
        _exit(0);
    };

    const auto busy = [&] { return !q.running.empty(); };
    q.changed.wait(lock, busy);                        // before the first picture there is nothing to give back

    for (;;) {
        if (!q.changed.wait_for(lock, quiet_before_trim, busy)) {
            lock.unlock();
            give_memory_back();
            lock.lock();
            q.changed.wait(lock, busy);
        }

        if (ngx_terminate) {
            for (Job *job : q.running) {
                job->stop.ask();
            }
            if (!q.changed.wait_for(lock, grace_after_term, [&] { return q.running.empty(); })) {
                leave_process();
            }
            continue;
        }

        if (ngx_exiting && now_us() - q.loop_us > loop_has_ended_after_us
            && std::all_of(q.running.begin(), q.running.end(), [](Job *job) { return has_used(*job, 1); }))
        {
            leave_process();
        }

        q.changed.wait_for(lock, milliseconds(100));
    }
}

// ---- on the event loop

void call_back(Job &job)
{
    if (!job.on_done) {
        return;
    }

    const auto on_done = std::move(job.on_done);
    job.on_done = nullptr;
    guarded(ngx_cycle->log, 0, [&] {
        on_done(job);
        return 0;
    });
}

void refuse(Job &job)
{
    job.queue_us = static_cast<std::uint64_t>(now_us() - job.queued_us);
    job.answer.emplace(Error{ErrorCode::overload, "too many images are being made: try again later"});
    call_back(job);
}

// After the thread is through.
void finish_ticket(ngx_event_t *event) noexcept
{
    const std::unique_ptr<Ticket> ticket(static_cast<Ticket *>(event->data));
    if (ticket->job) {
        call_back(*ticket->job);
    }
}

void finish_lane(ngx_event_t *event) noexcept
{
    guarded(event->log, 0, [&] {
        Queue &q = queue();
        std::uint64_t times = 0;
        static_cast<void>(!read(q.lane_event, &times, sizeof(times)));

        std::vector<std::shared_ptr<Job>> through;
        {
            const std::lock_guard lock(q.mutex);
            through.swap(q.through);
        }

        for (const auto &job : through) {
            if (job->answer) {
                call_back(*job);
            } else if (job->on_done && !submit(job)) {
                refuse(*job);
            }
        }
        return 0;
    });
}

// Finds what is overdue, and who waits for nothing.
void on_tick(ngx_event_t *event) noexcept
{
    guarded(event->log, 0, [&] {
        Queue &q = queue();
        std::vector<std::shared_ptr<Job>> hopeless;
        {
            const std::lock_guard lock(q.mutex);
            q.loop_us = now_us();

            for (Job *job : q.running) {
                if (job->overdue || !has_used(*job, 1)) {
                    continue;
                }
                job->overdue = true;
                job->stop.ask();
                q.shared->ledger.overdue(ngx_pid, 1);
                quarantine(q, *job);
            }

            const auto kept = std::stable_partition(
                q.waiting.begin(), q.waiting.end(),
                [&](const auto &job) { return !nobody_will_take(q, *job); });
            hopeless.assign(kept, q.waiting.end());
            q.waiting.erase(kept, q.waiting.end());

            if (!q.running.empty() || !q.waiting.empty()) {
                ngx_add_timer(event, tick_ms);
            }
        }

        for (const auto &job : hopeless) {
            refuse(*job);
        }
        return 0;
    });
}

void start_tick(Queue &q)
{
    if (!q.tick.is_set()) {
        q.tick.prepare(on_tick, nullptr, ngx_cycle->log);
        q.tick.let_worker_end();
        q.tick.start(tick_ms);
    }
}

bool post_ticket(Queue &q, ngx_thread_pool_t *pool)
{
    auto ticket = std::make_unique<Ticket>();
    ticket->task.ctx = ticket.get();
    ticket->task.handler = run_ticket;
    ticket->task.event.handler = finish_ticket;
    ticket->task.event.data = ticket.get();

    if (ngx_thread_task_post(pool, &ticket->task) != NGX_OK) {
        return false;
    }

    if (q.tickets++ == 0) {
        q.moved_us = now_us();
    }
    static_cast<void>(ticket.release());
    return true;
}

}  // namespace

bool submit(const std::shared_ptr<Job> &job)
{
    Queue &q = queue();
    const bool again = job->queued_us != 0;            // from the lane
    const std::int64_t now = now_us();

    const std::uint64_t bytes = job->source.size() + (job->overlay ? job->overlay->size() : 0);

    if (!again) {
        job->queued_us = now;
        job->light = image::may_be_light(bytes, job->request);
    }
    job->due_us = now + static_cast<std::int64_t>(bytes) / bytes_per_us * delay_per_cost;

    const std::lock_guard lock(q.mutex);
    if (nobody_will_take(q, *job)) {
        return false;
    }
    start_tick(q);

    // tickets of jobs that were dropped serve the next ones
    if (q.tickets <= q.waiting.size() && !post_ticket(q, job->pool)) {
        return false;
    }

    q.waiting.push_back(job);
    q.changed.notify_all();
    return true;
}

bool leave(const std::shared_ptr<Job> &job)
{
    Queue &q = queue();
    job->on_done = nullptr;

    const std::lock_guard lock(q.mutex);
    if (std::erase(q.waiting, job) > 0) {
        return true;
    }

    job->stop.ask();
    return false;
}

bool expire(const std::shared_ptr<Job> &job)
{
    if (leave(job)) {
        return true;
    }

    Queue &q = queue();
    const std::lock_guard lock(q.mutex);
    if (!job->overdue && has_used(*job, most_of_the_time)) {
        quarantine(q, *job);
    }
    return static_cast<std::uint64_t>(job->taken_us - job->queued_us) >= job->timeout_ms * 1000 / 2;
}

bool render_start_worker(ngx_cycle_t *cycle, ZoneHead &shared, bool documents)
{
    Queue &q = queue();
    q.shared = &shared;
    shared_in_use = &shared;
    shared.ledger.open(ngx_pid);
    shared.quarantine.bury(std::time(nullptr), [](std::int32_t pid) { return pid != ngx_pid && process_lives(pid); });

    if (!image::render_start(documents)) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "cdn image: libvips does not start");
        return false;
    }

    watch_for_crashes();
    mallopt(M_ARENA_MAX, arenas());
    mallopt(M_MMAP_THRESHOLD, kept_of_an_arena);
    mallopt(M_TRIM_THRESHOLD, kept_of_an_arena);

    q.lane_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (q.lane_event == -1
        || ngx_add_channel_event(cycle, q.lane_event, NGX_READ_EVENT, finish_lane) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_errno, "cdn image: no event for the side lane");
        return false;
    }

    // as nginx starts its own threads: signals belong to the event loop
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    for (const int signal : fatal_signals) {
        sigdelset(&all, signal);
    }
    pthread_sigmask(SIG_BLOCK, &all, &before);
    std::thread(watch_jobs).detach();
    std::thread(run_lane).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);

    shorten_slice();                                   // threads begun after it would have it too
    return true;
}

void render_stop_worker()
{
    Queue &q = queue();
    if (q.shared == nullptr) {
        return;
    }

    // the pool has ended; nothing may run into the end of the process
    std::unique_lock lock(q.mutex);
    q.closing = true;
    for (Job *job : q.running) {
        job->stop.ask();
    }
    q.changed.wait(lock, [&] { return q.running.empty(); });
    q.shared->ledger.close(ngx_pid);
}

}  // namespace cdn

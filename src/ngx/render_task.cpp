#include "ngx/render_task.h"

#include "core/digest.h"
#include "core/text.h"
#include "core/version.h"
#include "image/dialect.h"
#include "ngx/bridge.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cdn {

namespace {

using namespace std::chrono_literals;

// Below this, serving waits for pixels (measured with scripts/bench latency).
constexpr int pool_nice = 15;

// A source byte costs about this much of a thread; what a job is expected to
// cost delays when it is due, so that small ones pass.
constexpr std::int64_t bytes_per_us = 25;
constexpr std::int64_t delay_per_cost = 10;

// Then the next cheaper format is tried.
constexpr auto longest_wait_for_memory = 2000ms;

// After SIGTERM the master kills what is still there soon after a second.
constexpr auto grace_after_term = std::chrono::milliseconds(700);

std::int64_t now_us()
{
    using namespace std::chrono;
    return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

// A pool task: whichever job is due when a thread takes it.
struct Ticket {
    ngx_thread_task_t    task{};
    std::shared_ptr<Job> job;
};

struct Queue {
    std::mutex                        mutex;
    std::vector<std::shared_ptr<Job>> waiting;
    std::size_t                       tickets = 0;     // posted, not yet taken by a thread
    std::vector<Job *>                running;
    std::condition_variable           changed;
};

// Lives as long as the process: threads may still use it while it exits.
Queue &queue()
{
    static Queue &instance = *new Queue;
    return instance;
}

std::shared_ptr<Job> take_due()
{
    Queue &q = queue();
    const std::lock_guard lock(q.mutex);

    q.tickets--;
    const auto due = std::min_element(q.waiting.begin(), q.waiting.end(),
                                      [](const auto &a, const auto &b) { return a->due_us < b->due_us; });
    if (due == q.waiting.end() || ngx_terminate) {
        return nullptr;
    }

    auto job = std::move(*due);
    q.waiting.erase(due);
    q.running.push_back(job.get());
    q.changed.notify_all();
    return job;
}

void put_back(const Job &job)
{
    Queue &q = queue();
    const std::lock_guard lock(q.mutex);

    std::erase(q.running, &job);
    q.changed.notify_all();
}

// The same bytes for the same source, options and software.
std::string make_etag(const Job &job, std::string_view bytes, image::Format format)
{
    image::Request request = job.request;
    request.source = {{}, "/", {}};

    const std::string validator = job.validator.empty() ? sha256_hex(bytes) : job.validator;
    const std::string identity = std::string(version) + '\n' + image::print_canonical(request)
                                 + '\n' + std::string(image::name(format)) + '\n'
                                 + std::to_string(bytes.size()) + '\n' + validator;

    return '"' + sha256_hex(identity).substr(0, 32) + '"';
}

// RFC 9110 section 13.1.2: weak comparison.
bool names(std::string_view if_none_match, std::string_view etag)
{
    const auto tags = split(if_none_match, ',');
    return std::any_of(tags.begin(), tags.end(), [&](std::string_view tag) {
        tag = trim(tag);
        if (tag.starts_with("W/")) {
            tag.remove_prefix(2);
        }
        return tag == etag || tag == "*";
    });
}

// Pixel memory, for as long as a job runs.
class Charge {
public:
    explicit Charge(Job &job) : job_(job) {}
    ~Charge() { give_back(); }
    Charge(const Charge &) = delete;
    Charge &operator=(const Charge &) = delete;

    // Waits for others to end, for a while; false: there is too little.
    bool take(std::uint64_t bytes)
    {
        give_back();

        for (auto waited = 0ms; waited < longest_wait_for_memory; waited += 20ms) {
            if (job_.memory == nullptr || job_.memory->charge(ngx_pid, bytes, job_.memory_limit)) {
                bytes_ = bytes;
                return true;
            }
            if (job_.stop.asked() || bytes > job_.memory_limit) {
                return false;
            }
            std::this_thread::sleep_for(20ms);
        }

        return false;
    }

private:
    void give_back()
    {
        if (job_.memory != nullptr && bytes_ > 0) {
            job_.memory->settle(ngx_pid, bytes_);
        }
        bytes_ = 0;
    }

    Job          &job_;
    std::uint64_t bytes_ = 0;
};

// Without the format that was chosen, where the client shows others too.
bool make_cheaper(image::Request &request, image::Format chosen)
{
    return request.format.kind == image::FormatChoice::Kind::negotiated
           && std::erase(request.format.formats, chosen) > 0;
}

Result<Rendered> work(Job &job)
{
    const auto bytes = job.source.read();
    if (!bytes) {
        return Error{ErrorCode::internal, "the source could not be read"};
    }

    auto prepared = image::prepare(*bytes, job.request, job.inputs, job.limits, &job.stop);
    if (!prepared) {
        return prepared.error();
    }

    Rendered rendered;
    rendered.etag = make_etag(job, *bytes, prepared->plan.format);
    if (names(job.if_none_match, rendered.etag)) {
        rendered.prepared = *prepared;
        rendered.not_modified = true;
        return rendered;
    }

    Charge charge(job);
    image::Request request = job.request;
    for (;;) {
        const bool charged = charge.take(prepared->plan.memory);
        if (charged && prepared->plan.is_final) {
            break;
        }
        if (!charged && (job.stop.asked() || !make_cheaper(request, prepared->plan.format))) {
            return Error{ErrorCode::overload, "too little memory for this image now: try again later"};
        }
        prepared = charged ? image::look(*bytes, *prepared, request, job.limits, job.stop)
                           : image::prepare(*bytes, request, job.inputs, job.limits, &job.stop);
        if (!prepared) {
            return prepared.error();
        }
        rendered.etag = make_etag(job, *bytes, prepared->plan.format);
    }

    rendered.prepared = *prepared;
    auto image = image::render(*bytes, *prepared, job.stop);
    if (!image) {
        return image.error();
    }

    rendered.image = std::move(*image);
    return rendered;
}

// On a pool thread.
void run_ticket(void *data, ngx_log_t *) noexcept
{
    Ticket &ticket = *static_cast<Ticket *>(data);

    thread_local const bool niced = [] {
        return setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), pool_nice) == 0;
    }();
    (void) niced;

    ticket.job = take_due();
    if (!ticket.job) {
        return;
    }

    Job &job = *ticket.job;
    const std::int64_t start = now_us();
    job.queue_us = static_cast<std::uint64_t>(start - job.queued_us);

    try {
        job.answer.emplace(work(job));
    } catch (const std::exception &error) {
        job.answer.emplace(Error{ErrorCode::internal, "the transformation failed", error.what()});
    }

    image::render_stop_thread();
    job.run_us = static_cast<std::uint64_t>(now_us() - start);
    put_back(job);
}

// On the event loop, after the thread is through.
void finish_ticket(ngx_event_t *event) noexcept
{
    const std::unique_ptr<Ticket> ticket(static_cast<Ticket *>(event->data));
    if (!ticket->job || !ticket->job->on_done) {
        return;
    }

    const auto on_done = std::move(ticket->job->on_done);
    ticket->job->on_done = nullptr;
    guarded(ngx_cycle->log, 0, [&] {
        on_done(*ticket->job);
        return 0;
    });
}

// The pool joins its threads at exit, and an encoder cannot be stopped: when
// nginx was told to terminate, running jobs get a moment, then the process goes.
void watch_for_termination()
{
    Queue &q = queue();
    std::unique_lock lock(q.mutex);

    for (;;) {
        q.changed.wait(lock, [&] { return !q.running.empty(); });
        if (!ngx_terminate) {
            q.changed.wait_for(lock, std::chrono::milliseconds(100));
            continue;
        }

        for (Job *job : q.running) {
            job->stop.ask();
        }
        const bool idle =
            q.changed.wait_for(lock, grace_after_term, [&] { return q.running.empty(); });
        if (!idle) {
            _exit(0);
        }
    }
}

}  // namespace

SourceBytes::~SourceBytes()
{
    for (const Part &part : parts_) {
        if (part.fd != -1) {
            close(part.fd);
        }
    }
}

bool SourceBytes::append(const ngx_buf_t *buffer)
{
    Part part;

    if (ngx_buf_in_memory(buffer)) {
        part.length = static_cast<std::size_t>(buffer->last - buffer->pos);
        const std::string_view bytes(reinterpret_cast<const char *>(buffer->pos), part.length);
        size_ += part.length;

        if (!parts_.empty() && parts_.back().fd == -1) {
            parts_.back().bytes += bytes;
            parts_.back().length += part.length;
            return true;
        }
        part.bytes = bytes;

    } else if (buffer->in_file) {
        part.offset = buffer->file_pos;
        part.length = static_cast<std::size_t>(buffer->file_last - buffer->file_pos);
        size_ += part.length;

        part.fd = dup(buffer->file->fd);
        if (part.fd == -1) {
            return false;
        }

    } else {
        return true;                                   // a flush, or the end
    }

    parts_.push_back(std::move(part));
    return true;
}

std::optional<std::string> SourceBytes::read() const
{
    std::string bytes;
    bytes.reserve(size_);

    for (const Part &part : parts_) {
        if (part.fd == -1) {
            bytes += part.bytes;
            continue;
        }

        const std::size_t start = bytes.size();
        bytes.resize(start + part.length);

        for (std::size_t done = 0; done < part.length;) {
            const ssize_t n = pread(part.fd, bytes.data() + start + done, part.length - done,
                                    part.offset + static_cast<off_t>(done));
            if (n == -1 && errno == EINTR) {
                continue;
            }
            if (n <= 0) {
                return std::nullopt;
            }
            done += static_cast<std::size_t>(n);
        }
    }

    return bytes;
}

ngx_chain_t *SourceBytes::chain(ngx_pool_t *pool, ngx_log_t *log, bool last) const
{
    ngx_chain_t *first = nullptr;
    ngx_chain_t **end = &first;

    for (const Part &part : parts_) {
        auto *buffer = static_cast<ngx_buf_t *>(ngx_calloc_buf(pool));
        ngx_chain_t *link = ngx_alloc_chain_link(pool);
        if (buffer == nullptr || link == nullptr) {
            throw std::bad_alloc();
        }

        if (part.fd == -1) {
            buffer->pos = reinterpret_cast<u_char *>(const_cast<char *>(part.bytes.data()));
            buffer->last = buffer->pos + part.length;
            buffer->memory = 1;
        } else {
            buffer->file = static_cast<ngx_file_t *>(ngx_pcalloc(pool, sizeof(ngx_file_t)));
            if (buffer->file == nullptr) {
                throw std::bad_alloc();
            }
            buffer->file->fd = part.fd;
            buffer->file->log = log;
            ngx_str_set(&buffer->file->name, "image source");
            buffer->file_pos = part.offset;
            buffer->file_last = part.offset + static_cast<off_t>(part.length);
            buffer->in_file = 1;
        }

        buffer->last_buf = last && &part == &parts_.back();
        buffer->last_in_chain = &part == &parts_.back();
        *link = {buffer, nullptr};
        *end = link;
        end = &link->next;
    }

    return first;
}

bool submit(const std::shared_ptr<Job> &job, ngx_thread_pool_t *pool)
{
    Queue &q = queue();

    job->queued_us = now_us();
    job->due_us = job->queued_us
                  + static_cast<std::int64_t>(job->source.size()) / bytes_per_us * delay_per_cost;

    const std::lock_guard lock(q.mutex);
    q.waiting.push_back(job);

    // tickets of jobs that were dropped serve the next ones
    if (q.tickets >= q.waiting.size()) {
        return true;
    }

    auto ticket = std::make_unique<Ticket>();
    ticket->task.ctx = ticket.get();
    ticket->task.handler = run_ticket;
    ticket->task.event.handler = finish_ticket;
    ticket->task.event.data = ticket.get();

    if (ngx_thread_task_post(pool, &ticket->task) != NGX_OK) {
        q.waiting.pop_back();
        return false;
    }

    q.tickets++;
    static_cast<void>(ticket.release());
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

bool render_start_worker(ngx_log_t *log, MemoryLedger &memory, bool documents)
{
    memory.open(ngx_pid);

    if (!image::render_start(documents)) {
        ngx_log_error(NGX_LOG_EMERG, log, 0, "cdn image: libvips does not start");
        return false;
    }

    // as nginx starts its own threads: signals belong to the event loop
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    std::thread(watch_for_termination).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);

    return true;
}

}  // namespace cdn

// Transformations on nginx's thread pool.
//
// A Job owns all it needs: bytes or duplicated descriptors there, bytes back.
// Jobs wait in a queue of this worker; the pool's own tasks are tickets, each
// of which takes the job that is due first when a thread comes to it.  Small
// jobs are due earlier than large ones that came a little before them.

#pragma once

#include "image/render.h"
#include "ngx/ngx.h"
#include "ngx/zone.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn {

// A source as nginx's buffers hand it over: memory is copied, of files the
// descriptor is duplicated, to be read on the thread.
class SourceBytes {
public:
    SourceBytes() = default;
    ~SourceBytes();
    SourceBytes(const SourceBytes &) = delete;
    SourceBytes &operator=(const SourceBytes &) = delete;

    bool append(const ngx_buf_t *buffer);              // false: no descriptor to be had
    std::uint64_t size() const { return size_; }

    std::optional<std::string> read() const;           // nothing: a file could not be read

    // The same bytes as buffers; they borrow, and end the response if `last`.
    ngx_chain_t *chain(ngx_pool_t *pool, ngx_log_t *log, bool last) const;

private:
    struct Part {
        std::string bytes;
        int         fd = -1;
        off_t       offset = 0;
        std::size_t length = 0;
    };

    std::vector<Part> parts_;
    std::uint64_t     size_ = 0;
};

struct Rendered {
    std::string     etag;                              // strong, with its quotes
    bool            not_modified = false;              // if_none_match names the etag: no image
    image::Prepared prepared;
    image::Image    image;
};

struct Job {
    // given
    SourceBytes      source;
    image::Request   request;
    image::FormatSet inputs;
    image::Limits    limits;
    MemoryLedger    *memory = nullptr;                 // of all workers
    std::uint64_t    memory_limit = 0;
    std::string      validator;                        // the source's strong ETag, or empty
    std::string      if_none_match;

    // called once on the event loop, unless emptied by leave()
    std::function<void(Job &)> on_done;

    // the answer
    std::optional<Result<Rendered>> answer;
    std::uint64_t                   queue_us = 0;
    std::uint64_t                   run_us = 0;

    // the queue's own
    image::Stop  stop;
    std::int64_t queued_us = 0;
    std::int64_t due_us = 0;
};

// False: the pool's queue is full.  Event loop only, as all below.
bool submit(const std::shared_ptr<Job> &job, ngx_thread_pool_t *pool);

// Nobody waits for it any more: a waiting job is dropped, one under way asked
// to stop.  True: it had not begun.
bool leave(const std::shared_ptr<Job> &job);

// At the start of a worker that transforms.
bool render_start_worker(ngx_log_t *log, MemoryLedger &memory, bool documents);

}  // namespace cdn

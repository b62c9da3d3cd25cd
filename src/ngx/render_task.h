// Transformations on nginx's thread pool.
//
// A Job owns all it needs: bytes or duplicated descriptors there, bytes back.
// Jobs wait in a queue of this worker; the pool's own tasks are tickets, each
// of which takes the job that is due first when a thread comes to it.  Small
// jobs are due earlier than large ones that came a little before them.
//
// Where large jobs keep every thread of the pool, one more thread, the side
// lane, takes the small ones.  A job that runs longer than its timeout is
// overdue: it keeps its thread and its memory until it ends, and its source
// goes to the quarantine.  Where all threads are kept so, new jobs are refused.

#pragma once

#include "image/render.h"
#include "ngx/ngx.h"
#include "ngx/source_bytes.h"
#include "ngx/zone.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cdn {

struct Rendered {
    std::string     etag;                              // strong, with its quotes
    bool            not_modified = false;              // if_none_match names the etag: no image
    image::Prepared prepared;
    image::Image    image;
    std::string_view cheaper_for;                      // "queue", "memory": what the format chosen was too costly for
};

struct Job {
    // given
    SourceBytes        source;
    std::shared_ptr<const SourceBytes> overlay;        // of request.overlay
    std::string        overlay_validator;
    image::Request     request;
    image::FormatSet   inputs;
    image::Limits      limits;
    std::uint64_t      memory_limit = 0;
    std::uint64_t      timeout_ms = 0;
    ngx_thread_pool_t *pool = nullptr;
    std::string        validator;                      // the source's strong ETag, or empty
    std::string        if_none_match;

    // called once on the event loop, unless emptied by leave()
    std::function<void(Job &)> on_done;

    // the answer
    std::optional<Result<Rendered>> answer;
    std::int64_t                    quarantined_until = 0; // Unix time, without trying; 0: tried
    std::uint64_t                   queue_us = 0;
    std::uint64_t                   run_us = 0;

    // the queue's own
    image::Stop  stop;
    bool         light = false;                        // fit for the side lane
    bool         on_lane = false;
    bool         overdue = false;
    std::int64_t queued_us = 0;
    std::int64_t due_us = 0;
    std::int64_t taken_us = 0;                         // by a thread; 0: waiting

    // told by the thread as it works
    std::atomic<std::int64_t>  busy_since_us = 0;      // waiting for memory left out
    std::atomic<std::uint64_t> blamed = 0;             // what the quarantine will know it by
};

// False: the pool's queue is full, or all its threads are kept by overdue jobs.
// Event loop only, as all below.
bool submit(const std::shared_ptr<Job> &job);

// Nobody waits for it any more: a waiting job is dropped, one under way asked
// to stop.  True: it had not begun.
bool leave(const std::shared_ptr<Job> &job);

// The same for one whose time is up; its source may go to the quarantine.  True:
// the queue took half of that time, or more.
bool expire(const std::shared_ptr<Job> &job);

// At the start and at the end of a worker that transforms.
bool render_start_worker(ngx_cycle_t *cycle, ZoneHead &shared, bool documents);
void render_stop_worker();

}  // namespace cdn

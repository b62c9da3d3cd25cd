// What a thread does with a Job.

#pragma once

#include "ngx/render_task.h"

namespace cdn {

std::int64_t now_us();                                 // of a clock that only goes forward
std::int32_t thread_id();

class Work {
public:
    Work(Job &job, ZoneHead &shared) : job_(job), shared_(shared) {}
    ~Work();
    Work(const Work &) = delete;
    Work &operator=(const Work &) = delete;

    // Reads the source, looks whether it is quarantined, plans.  False: there
    // will be no picture, or none is needed; the job has its answer.
    bool open();

    bool is_light() const;                             // once opened

    void make();                                       // the job's answer

private:
    Result<Rendered> result();
    bool is_held();
    std::string etag() const;

    Job            &job_;
    ZoneHead       &shared_;
    std::string     bytes_;
    std::string     validator_;
    std::string     overlay_;
    std::string     overlay_validator_;
    std::uint64_t   picture_id_ = 0;
    std::uint64_t   source_id_ = 0;                    // with its overlay, if it has one
    std::uint64_t   request_id_ = 0;
    int             mark_ = -1;
    image::Prepared prepared_;
};

}  // namespace cdn

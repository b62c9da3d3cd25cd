#include "ngx/image_count.h"

#include "ngx/zone.h"

namespace cdn {

namespace {

std::uint64_t pixels(int width, int height, int frames)
{
    return static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) * static_cast<std::uint64_t>(frames);
}

}  // namespace

void count_transform(ngx_http_request_t *r, const Transformation &t)
{
    const Job &job = *t.job;
    auto z = zone(main_conf(r));
    if (!z) {
        return;
    }

    using status::Metric;
    auto &counters = z->counters;
    const Rendered *made = t.failure ? nullptr : &**job.answer;

    const std::string_view format = !made                      ? "none"
                                    : made->prepared.plan.json ? "json"
                                                               : image::name(made->prepared.plan.format);
    std::string_view outcome = "ok";
    if (made && made->not_modified) {
        outcome = "not_modified";
    } else if (t.job_is_done && job.quarantined_until > 0) {
        outcome = "quarantined";
    } else if (!made) {
        switch (t.failure->code) {
        case ErrorCode::bad_request: outcome = "refused"; break;
        case ErrorCode::too_large:   outcome = "too_large"; break;
        case ErrorCode::unsupported: outcome = "unsupported"; break;
        case ErrorCode::bad_gateway: outcome = "broken_source"; break;
        case ErrorCode::timeout:     outcome = "timeout"; break;
        case ErrorCode::overload:    outcome = "overload"; break;
        case ErrorCode::cancelled:   outcome = "cancelled"; break;
        default:                     outcome = "error"; break;
        }
    }

    const auto format_label = counters.label(format);
    counters.add(Metric::image_transforms, {format_label, counters.label(outcome)});
    if (t.job_is_done) {
        // not of a job that a thread may still be writing to
        counters.observe(Metric::image_queue, {}, job.queue_us);
    }
    if (made && !made->not_modified) {
        z->windows.add_transform();
        counters.observe(Metric::image_duration, {format_label}, job.run_us);
        counters.add(Metric::image_bytes, {counters.label("in")}, job.source.size());
        counters.add(Metric::image_bytes, {counters.label("out")}, made->image.size);
        if (!made->prepared.plan.json) {
            const image::SourceInfo &in = made->prepared.source;
            const image::Image &out = made->image;
            counters.add(Metric::image_pixels, {counters.label("in")},
                         pixels(in.width, in.height, made->prepared.plan.frames));
            counters.add(Metric::image_pixels, {counters.label("out")}, pixels(out.width, out.height, out.frames));
        }
        if (!made->cheaper_for.empty() || made->prepared.plan.skipped) {
            counters.add(Metric::image_degraded,
                         {counters.label(made->cheaper_for.empty() ? "size" : made->cheaper_for)});
        }
    }
}

}  // namespace cdn

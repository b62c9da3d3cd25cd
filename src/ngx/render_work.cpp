#include "ngx/render_work.h"

#include "core/digest.h"
#include "core/fingerprint.h"
#include "core/text.h"
#include "core/version.h"
#include "image/cost.h"
#include "image/dialect.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <thread>

#include <sys/syscall.h>
#include <unistd.h>

namespace cdn {

namespace {

using namespace std::chrono_literals;

// Then the next cheaper format is tried.
constexpr auto longest_wait_for_memory = 2000ms;

std::string canonical_options(const image::Request &request)
{
    image::Request options = request;
    options.source = {{}, "/", {}};
    return image::print_canonical(options);
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
    Charge(Job &job, WorkerLedger &ledger) : job_(job), ledger_(ledger) {}
    ~Charge() { give_back(); }
    Charge(const Charge &) = delete;
    Charge &operator=(const Charge &) = delete;

    // Waits for others to end, for a while; false: there is too little.
    bool take(std::uint64_t bytes)
    {
        give_back();

        for (auto waited = 0ms; waited < longest_wait_for_memory; waited += 20ms) {
            if (ledger_.charge(ngx_pid, bytes, job_.memory_limit)) {
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
        if (bytes_ > 0) {
            ledger_.settle(ngx_pid, bytes_);
        }
        bytes_ = 0;
    }

    Job          &job_;
    WorkerLedger &ledger_;
    std::uint64_t bytes_ = 0;
};

}  // namespace

std::int64_t now_us()
{
    using namespace std::chrono;
    return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

std::int32_t thread_id()
{
    return static_cast<std::int32_t>(syscall(SYS_gettid));
}

Work::~Work()
{
    shared_.quarantine.end(mark_);
}

bool Work::is_held()
{
    image::Quarantine &quarantine = shared_.quarantine;
    const std::int64_t now = std::time(nullptr);

    quarantine.bury(now, process_lives, source_id_);
    const image::Held picture = quarantine.held(picture_id_, now, job_.timeout_ms);
    const image::Held both = quarantine.held(source_id_, now, job_.timeout_ms);
    const image::Held &source = both.offence > picture.offence ? both : picture;
    const image::Held request = quarantine.held(request_id_, now, job_.timeout_ms);
    const auto [offence, until] = request.offence > source.offence ? request : source;

    switch (offence) {
    case image::Offence::none:
    case image::Offence::suspected:
        return false;
    case image::Offence::slow:
        job_.answer.emplace(Error{ErrorCode::timeout, "the image took too long to make a short while ago"});
        break;
    case image::Offence::deadly:
        // it may be innocent, and have run beside the one that was not
        job_.answer.emplace(
            Error{ErrorCode::overload, "making this image failed badly a short while ago: try again later"});
        break;
    }

    job_.quarantined_until = until;
    return true;
}

// The same bytes for the same source, options and software.
std::string Work::etag() const
{
    const std::string identity = std::string(version) + '\n' + canonical_options(job_.request) + '\n'
                                 + std::string(image::name(prepared_.plan.format)) + '\n'
                                 + std::to_string(bytes_.size()) + '\n' + validator_
                                 + (job_.overlay ? '\n' + std::to_string(overlay_.size()) + '\n' + overlay_validator_ : "");

    return '"' + sha256_hex(identity).substr(0, 32) + '"';
}

bool Work::open()
{
    auto bytes = job_.source.read();
    if (!bytes) {
        job_.answer.emplace(Error{ErrorCode::internal, "the source could not be read"});
        return false;
    }
    bytes_ = std::move(*bytes);

    picture_id_ = source_id_ = fingerprint(shared_.fingerprint_key, bytes_);
    if (job_.overlay) {
        auto overlay = job_.overlay->read();
        if (!overlay) {
            job_.answer.emplace(Error{ErrorCode::internal, "the overlay could not be read"});
            return false;
        }
        overlay_ = std::move(*overlay);
        // one may do on another what neither does alone: another picture is not held for it
        source_id_ = fingerprint(shared_.fingerprint_key, std::to_string(picture_id_) + overlay_);
        overlay_validator_ = job_.overlay_validator.empty() ? sha256_hex(overlay_) : job_.overlay_validator;
    }
    request_id_ = fingerprint(shared_.fingerprint_key,
                              std::to_string(source_id_) + canonical_options(job_.request));
    if (is_held()) {
        return false;
    }
    mark_ = shared_.quarantine.begin(source_id_, ngx_pid, thread_id());
    job_.blamed = source_id_;

    auto prepared = image::prepare(bytes_, job_.request, job_.inputs, job_.limits, &job_.stop, overlay_);
    if (!prepared) {
        job_.answer.emplace(prepared.error());
        return false;
    }
    prepared_ = *prepared;
    validator_ = job_.validator.empty() ? sha256_hex(bytes_) : job_.validator;

    Rendered unchanged;
    unchanged.etag = etag();
    if (names(job_.if_none_match, unchanged.etag)) {
        unchanged.prepared = prepared_;
        unchanged.not_modified = true;
        job_.answer.emplace(std::move(unchanged));
        return false;
    }

    return true;
}

bool Work::is_light() const
{
    return image::is_light(prepared_.source, prepared_.plan);
}

Result<Rendered> Work::result()
{
    Charge charge(job_, shared_.ledger);
    image::Request request = job_.request;
    std::string_view cheaper_for;

    for (int steps = image::steps_cheaper(job_.queue_us / 1000, job_.timeout_ms);
         steps > 0 && image::make_cheaper(request, prepared_.plan.format); steps--)
    {
        const auto prepared = image::prepare(bytes_, request, job_.inputs, job_.limits, &job_.stop, overlay_);
        if (!prepared) {
            return prepared.error();
        }
        prepared_ = *prepared;
        cheaper_for = "queue";
    }

    job_.busy_since_us = 0;
    for (;;) {
        const bool charged = charge.take(prepared_.plan.memory);
        if (charged && prepared_.plan.is_final) {
            break;
        }
        if (!charged && (job_.stop.asked() || !image::make_cheaper(request, prepared_.plan.format))) {
            return Error{ErrorCode::overload, "too little memory for this image now: try again later"};
        }
        if (!charged) {
            cheaper_for = "memory";
        }

        job_.busy_since_us = charged ? now_us() : 0;
        const auto prepared = charged ? image::look(bytes_, prepared_, request, job_.limits, job_.stop)
                                      : image::prepare(bytes_, request, job_.inputs, job_.limits, &job_.stop, overlay_);
        job_.busy_since_us = 0;
        if (!prepared) {
            return prepared.error();
        }
        prepared_ = *prepared;
    }

    job_.blamed = image::source_is_to_blame(prepared_.plan) ? source_id_ : request_id_;
    job_.busy_since_us = now_us();

    auto image = image::render(bytes_, prepared_, job_.stop, overlay_);
    if (!image) {
        return image.error();
    }

    Rendered rendered;
    rendered.etag = etag();
    rendered.prepared = prepared_;
    rendered.image = std::move(*image);
    rendered.cheaper_for = cheaper_for;
    return rendered;
}

void Work::make()
{
    job_.answer.emplace(result());
}

}  // namespace cdn

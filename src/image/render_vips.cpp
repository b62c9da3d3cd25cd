#include "image/render.h"

#include "image/adjust_vips.h"
#include "image/background_vips.h"
#include "image/bare.h"
#include "image/bombs.h"
#include "image/document_vips.h"
#include "image/ending.h"
#include "image/json.h"
#include "image/load_vips.h"
#include "image/overlay_vips.h"
#include "image/save_vips.h"
#include "image/scout_vips.h"
#include "image/screen_vips.h"
#include "image/shape_vips.h"
#include "image/sniff.h"

#include <algorithm>
#include <string>
#include <utility>

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cdn::image {

void Stop::ask()
{
    const std::lock_guard lock(mutex_);
    asked_ = true;
    if (act_) {
        act_();
    }
}

bool Stop::asked() const
{
    const std::lock_guard lock(mutex_);
    return asked_;
}

namespace {

std::string take_vips_error()
{
    std::string text = vips_error_buffer();
    vips_error_clear();
    for (char &c : text) {
        if (c == '\n') {
            c = ' ';
        }
    }

    return text;
}

// Encodes it again, and again smaller, until it is as small as it has to be.
Image save_within_limit(Picture picture, Plan plan, Stop &stop)
{
    if (plan.max_bytes == 0) {
        return save(picture, plan, stop);
    }

    picture = in_memory(picture, stop);
    for (;;) {
        Image image = save(picture, plan, stop);
        if (image.size <= static_cast<std::size_t>(plan.max_bytes) || !make_smaller(plan, image.size)) {
            return image;
        }
        picture = in_memory(resize(std::move(picture), plan.frames, plan.canvas_width,
                                   plan.canvas_height * plan.frames, stop), stop);
    }
}

Error failure(const SourceInfo &source, const Stop &stop, std::string_view what = "the source")
{
    const std::string detail = take_vips_error();
    if (stop.asked()) {
        return {ErrorCode::cancelled, "the transformation was stopped", detail};
    }

    return {ErrorCode::unsupported,
            std::string(what) + " is damaged, or not a " + std::string(name(source.format)), detail};
}

// All of it but encoding and overlay.
Picture make_picture(std::string_view bytes, const SourceInfo &source, const Plan &plan, Stop &stop)
{
    Picture picture = load_for(bytes, source, plan, stop);

    picture = resize(std::move(picture), plan.frames,
                     plan.sides_swap ? plan.resized_height : plan.resized_width,
                     (plan.sides_swap ? plan.resized_width : plan.resized_height) * plan.frames, stop,
                     plan.kernel);
    picture = turn(std::move(picture), source, plan, stop);
    picture = to_screen(std::move(picture));
    picture = cut_out(std::move(picture), plan, stop);
    picture = adjust(std::move(picture), plan.adjust, plan.frames, stop);
    picture = lay_background(std::move(picture), plan);
    picture = tilt(std::move(picture), plan, stop);
    return pad(std::move(picture), plan, stop);
}

// In memory: a damaged overlay is found here, and told from a damaged source.
Result<Picture> make_overlay(std::string_view bytes, const Prepared &prepared, Stop &stop)
{
    try {
        const Plan &plan = prepared.plan.overlay->plan;
        return in_memory(make_picture(bytes, *prepared.overlay, plan, stop), stop);
    } catch (const VipsFailure &) {
        return failure(*prepared.overlay, stop, "the overlay");
    }
}

Result<Image> run(std::string_view bytes, std::string_view overlay, const Prepared &prepared, Stop &stop)
{
    const Plan &plan = prepared.plan;
    Picture picture;
    if (plan.overlay) {
        auto laid = make_overlay(overlay, prepared, stop);
        if (!laid) {
            return laid.error();
        }
        picture = lay_over(make_picture(bytes, prepared.source, plan, stop), std::move(*laid), plan, stop);
    } else {
        picture = make_picture(bytes, prepared.source, plan, stop);
    }

    return save_within_limit(std::move(picture), plan, stop);
}

// What can be told of a file before its pixels are decoded.
Result<SourceInfo> read_source(std::string_view bytes, int page, FormatSet inputs, const Stop *stop,
                               const std::string &what)
{
    const auto format = sniff(bytes);
    if (!format) {
        return Error{ErrorCode::unsupported, what + " is not an image"};
    }
    if (!inputs.has(*format)) {
        return Error{ErrorCode::unsupported,
                     what + " is " + std::string(name(*format)) + ", which is not accepted"};
    }
    if (const auto error = check_for_bombs(bytes, *format, what)) {
        return *error;
    }
    if (*format == Format::gif && breaks_off(bytes)) {
        return Error{ErrorCode::unsupported, what + " is a gif that breaks off"};
    }

    vips_error_clear();
    try {
        return read_header(bytes, *format, page, stop);
    } catch (const VipsFailure &) {
        if (stop != nullptr && stop->asked()) {
            return Error{ErrorCode::cancelled, "the transformation was stopped", take_vips_error()};
        }
        return Error{ErrorCode::unsupported, what + " is not a readable " + std::string(name(*format)),
                     take_vips_error()};
    }
}

Result<Plan> plan_all(const Prepared &prepared, const Request &request, const Limits &limits, Scout *scout)
{
    auto plan = make_plan(request, prepared.source, limits, scout);
    if (plan && request.overlay) {
        if (auto error = plan_overlay(*request.overlay, *prepared.overlay, prepared.source, limits, *plan)) {
            return *error;
        }
    }

    return plan;
}

// A result that is larger than a source of the same pixels and format helps
// nobody, if the source carries nothing else.
bool source_is_better(const Image &image, std::string_view bytes, const SourceInfo &source,
                      const Plan &plan)
{
    return plan.same_pixels && image.format == source.format
           && !(plan.background && source.alpha) && image.frames == source.frames
           && image.size >= bytes.size() && is_bare(bytes, source.format);
}

void set_bytes(Image &image, std::string_view bytes)
{
    void *copy = g_malloc(bytes.size());
    std::copy(bytes.begin(), bytes.end(), static_cast<char *>(copy));

    image.bytes = {static_cast<std::byte *>(copy), g_free};
    image.size = bytes.size();
}

Image copy_of(std::string_view bytes, const SourceInfo &source)
{
    Image image;
    image.format = source.format;
    image.width = source.width;
    image.height = source.height;
    image.frames = source.frames;
    image.is_source = true;
    set_bytes(image, bytes);
    return image;
}

Image description(const SourceInfo &source, const Plan &plan)
{
    Image image;
    image.format = plan.format;
    image.width = plan.canvas_width;
    image.height = plan.canvas_height;
    image.frames = plan.frames;
    set_bytes(image, describe_in_json(source, plan));
    return image;
}

// What an operation has Orc compile when it is first built, and keeps: before there are pictures,
// see one_at_a_time.
void compile_kept_loops()
{
    VipsImage *black = nullptr;
    check(vips_black(&black, 1, 1, nullptr));
    const Picture pixel(black);
    const auto cast = [](auto *i, auto **o) { return vips_cast(i, o, VIPS_FORMAT_SHORT, nullptr); };
    const auto abs = [](auto *i, auto **o) { return vips_abs(i, o, nullptr); };
    step(step(pixel, cast), abs);
}

}  // namespace

bool start_libvips()
{
    if (vips_init("ngx_cdn") != 0) {
        return false;
    }

    // what libraries say of damaged files is no matter for the server's log
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING,
                      [](const gchar *, GLogLevelFlags, const gchar *, gpointer) {}, nullptr);

    // several pictures at once, each on one thread; nothing is remembered
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    vips_cache_set_max_mem(0);
    vips_cache_set_max_files(0);
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoadJxlBuffer", FALSE);
    vips_operation_block_set("VipsForeignSaveJxlBuffer", FALSE);

    try {
        compile_kept_loops();
    } catch (const VipsFailure &) {
        return false;
    }
    return true;
}

bool render_start(bool documents)
{
    return (!documents || start_documents()) && start_libvips();
}

// Asked in a child: where libvips has been started, nothing may fork.
bool render_links(Format format)
{
    const char *loader = format == Format::jxl   ? "jxlload_buffer"
                         : format == Format::svg ? "svgload_buffer"
                         : format == Format::pdf ? "pdfload_buffer"
                                                 : nullptr;
    int ends[2];
    if (loader == nullptr || pipe2(ends, O_CLOEXEC) == -1) {
        return true;
    }

    // nginx's own handler would bury it
    sigset_t children;
    sigset_t before;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &children, &before);

    const pid_t child = fork();
    if (child == 0) {
        const bool linked = vips_init("ngx_cdn") == 0 && vips_type_find("VipsForeignLoad", loader) != 0
                            && (format != Format::jxl || vips_type_find("VipsForeignSave", "jxlsave_buffer") != 0);
        _exit(write(ends[1], linked ? "1" : "0", 1) == 1 ? 0 : 1);
    }

    char answer = '1';                                 // no child: seen when it is used
    if (child > 0) {
        close(ends[1]);
        ends[1] = -1;
        static_cast<void>(!read(ends[0], &answer, 1));
        waitpid(child, nullptr, 0);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    close(ends[0]);
    if (ends[1] != -1) {
        close(ends[1]);
    }

    return answer == '1';
}

void render_stop_thread()
{
    vips_thread_shutdown();
}

const char *render_library()
{
    return vips_version_string();
}

std::size_t render_memory()
{
    return vips_tracked_get_mem();
}

Result<Prepared> prepare(std::string_view bytes, const Request &request, FormatSet inputs,
                         const Limits &limits, const Stop *stop, std::string_view overlay)
{
    const auto source = read_source(bytes, request.page, inputs, stop, "the source");
    if (!source) {
        return source.error();
    }

    Prepared prepared{*source, {}, {}};
    if (request.overlay) {
        auto info = read_source(overlay, 1, inputs, stop, "the overlay");
        if (!info) {
            return info.error();
        }
        prepared.overlay = *info;
    }

    auto plan = plan_all(prepared, request, limits, nullptr);
    if (!plan) {
        return plan.error();
    }
    prepared.plan = std::move(*plan);
    if (prepared.plan.format == Format::jxl && vips_type_find("VipsForeignSave", "jxlsave_buffer") == 0) {
        return bad_request("format: jxl is not supported here");
    }
    return prepared;
}

Result<Prepared> look(std::string_view bytes, const Prepared &prepared, const Request &request,
                      const Limits &limits, Stop &stop)
{
    try {
        VipsScout scout(bytes, prepared.source, prepared.plan, stop);
        auto plan = plan_all(prepared, request, limits, &scout);
        if (!plan) {
            return plan.error();
        }
        return Prepared{prepared.source, std::move(*plan), prepared.overlay};
    } catch (const VipsFailure &) {
        return failure(prepared.source, stop);
    }
}

Result<Image> render(std::string_view bytes, const Prepared &prepared, Stop &stop, std::string_view overlay)
{
    if (!prepared.plan.is_final) {
        return Error{ErrorCode::internal, "a plan that nobody looked up"};
    }
    if (prepared.plan.json) {
        return description(prepared.source, prepared.plan);
    }

    try {
        auto image = run(bytes, overlay, prepared, stop);
        if (image && source_is_better(*image, bytes, prepared.source, prepared.plan)) {
            return copy_of(bytes, prepared.source);
        }
        return image;
    } catch (const VipsFailure &) {
        return failure(prepared.source, stop);
    }
}

}  // namespace cdn::image

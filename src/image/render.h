// Bytes in, bytes out: the work itself, through libvips.
//
// A caller prepares, which reads headers and decides, and may stop there; looks
// if its plan is not final; then renders.  Both run on any thread; nothing here knows requests or clocks.

#pragma once

#include "core/result.h"
#include "image/plan.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

namespace cdn::image {

// Asks a render() under way to end soon.  Scanning stages and the encoders of JPEG and WebP
// stop within milliseconds; an encoder of libvips 8.14 runs to its end.
class Stop {
public:
    void ask();                                        // from any thread
    bool asked() const;

private:
    friend class StopScope;

    mutable std::mutex    mutex_;
    bool                  asked_ = false;
    std::function<void()> act_;
};

// An encoded picture; the bytes were allocated by the library that encoded it.
struct Image {
    Format                                         format = Format::jpeg;
    int                                            width = 0;
    int                                            height = 0;      // of one frame
    int                                            frames = 1;
    std::unique_ptr<std::byte[], void (*)(void *)> bytes{nullptr, nullptr};
    std::size_t                                    size = 0;
    bool                                           is_source = false;   // what was made was larger
};

struct Prepared {
    SourceInfo                source;
    Plan                      plan;
    std::optional<SourceInfo> overlay;                 // where one is asked for
};

// Once per process, before the first of the calls below and never before a
// fork; with documents, before this process has threads that work, too.  False:
// libvips does not start.
bool render_start(bool documents);
bool render_links(Format format);                      // libvips was built with it; from any process
void render_stop_thread();                             // at the end of each task of a pool thread
const char *render_library();                          // the version of libvips
std::size_t render_memory();                           // bytes of pixels libvips holds, in this process

// Sniffs, reads the header through that format's own loader, checks limits,
// plans.  Refused: 413 over a limit, 415 not a listed image, 400 impossible.
// Only what helper processes read can be stopped.  Here and below `overlay` is
// the file of request.overlay.
Result<Prepared> prepare(std::string_view bytes, const Request &request, FormatSet inputs,
                         const Limits &limits, const Stop *stop = nullptr, std::string_view overlay = {});

// Where a plan is not final: looks at the pixels, and plans anew.
Result<Prepared> look(std::string_view bytes, const Prepared &prepared, const Request &request,
                      const Limits &limits, Stop &stop);

Result<Image> render(std::string_view bytes, const Prepared &prepared, Stop &stop,
                     std::string_view overlay = {});

}  // namespace cdn::image

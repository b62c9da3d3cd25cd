// What became of a request for a picture: for logs, for a tier's front, and for
// clients in their provider's own headers.
//
// A tier tells its front in one header, X-CDN-Image, which caches keep with the
// answer:
//
//   ifmt=jpeg idim=827x788 ifsz=108501 ofmt=webp odim=300x286 ofsz=13066 frames=1
//   fetch_ms=2 queue_ms=0 ms=31 [sent=source] [skipped=avif] [small=1]
//   err=415 [sent=source] why=the source is not an image
//
// A 304 has no ofsz.  Fronts read it as they would a stranger's word.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::image {

struct Report {
    struct Picture {
        std::string   format;                          // "jpeg"; "json" of a description
        int           width = 0;
        int           height = 0;
        std::uint64_t bytes = 0;                       // 0: not known

        bool operator==(const Picture &) const = default;
    };

    Picture      in;
    Picture      out;
    int          frames = 1;
    std::int64_t fetch_ms = 0;                         // until the source was there
    std::int64_t queue_ms = 0;
    std::int64_t ms = 0;                               // of work
    std::string  skipped;                              // a format this picture is too large for
    bool         small = false;                        // the source has fewer pixels than were asked for
    bool         source_sent = false;                  // what was made is larger, or nothing was made

    int          error = 0;                            // the status of a failure
    bool         of_origin = false;                    // which is the origin's
    std::string  why;                                  // in one plain line

    bool operator==(const Report &) const = default;
};

// The tier's header; an origin's failure is not told, its status says it all.
std::string print_report(const Report &report);
std::optional<Report> parse_report(std::string_view text);

struct HeaderField {
    std::string_view name;
    std::string      value;

    bool operator==(const HeaderField &) const = default;
};
using HeaderFields = std::vector<HeaderField>;

// Cf-Resized and Warning
// https://developers.cloudflare.com/images/reference/troubleshooting/
HeaderFields cloudflare_headers(const Report &report);

// X-DownloadSize and X-BO-*
HeaderFields bunnycdn_headers(const Report &report);

// x-ip, x-ip-info and x-ip-error
// https://www.keycdn.com/support/image-processing
HeaderFields keycdn_headers(const Report &report);

// Fastly-Stats and Fastly-IO-*
// https://www.fastly.com/documentation/reference/http/http-headers/Fastly-IO-Info/
HeaderFields fastly_headers(const Report &report);

}  // namespace cdn::image

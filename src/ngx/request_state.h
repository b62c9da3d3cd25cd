// What the module knows of one request.  It survives internal redirects,
// which zero nginx's own context: it lives in a cleanup of the request's pool.

#pragma once

#include "core/result.h"
#include "image/report.h"
#include "image/request.h"
#include "ngx/conf.h"
#include "ngx/render_task.h"
#include "ngx/timer.h"
#include "status/counters.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cdn {

// A transformation on its way through the filters.
struct Transformation {
    ~Transformation();

    enum class Stage {
        collecting,                                    // header withheld, source arriving
        rendering,                                     // a job is out
        done,                                          // an answer is there, not yet sent
        sent,
    };

    Stage                stage = Stage::collecting;
    std::shared_ptr<Job> job = std::make_shared<Job>();
    bool                 source_is_whole = false;      // all of it is in the job
    std::int64_t         fetch_ms = 0;                 // until it was
    bool                 job_is_done = false;          // its answer may be read
    std::optional<Error> failure;                      // why there will be no picture
    Timer                timer;
};

// A picture to lay on another, as it was fetched for it.
struct FetchedOverlay {
    ~FetchedOverlay();

    std::shared_ptr<SourceBytes> bytes = std::make_shared<SourceBytes>();
    std::string                  validator;            // its strong ETag, or empty
    std::vector<std::pair<std::string, std::string>> tags;   // headers' names and values
    std::optional<std::int64_t>  born_ms;              // an edge is told of
    bool                         may_be_kept = true;   // as its Cache-Control says
    std::string                  cache_key;            // nginx's; empty: no cache
    bool                         is_whole = false;
    bool                         is_done = false;
    std::optional<Error>         failure;
    Timer                        timer;
};

// What is known of a request's signature.
struct Signature {
    const SignPolicy           *policy = nullptr;      // which gate its URL came to last
    bool                        is_judged = false;     // not so a subrequest
    sign::Answer                answer;
    unsigned                    redirects = 0;         // internal ones, so far
    unsigned                    redirects_seen = 0;    // by that gate
    std::optional<std::int64_t> expires;               // the earliest of all genuine answers
    std::optional<std::string>  cookies;               // as sent, if a gate looked at them
};

struct RequestState {
    explicit RequestState(ngx_http_request_t *r) : request(r) {}
    RequestState(const RequestState &) = delete;
    RequestState &operator=(const RequestState &) = delete;

    ngx_http_request_t *request;

    // the URL, as prepare_url() left it, and for which kind of location
    bool       url_is_prepared = false;
    ngx_uint_t dialect = dialect_off;
    bool       transforms = false;
    ngx_str_t  uri{};
    ngx_str_t  args{};
    ngx_str_t  client_uri{};                           // as the client sent it
    bool       query_is_clean = false;                 // of what cdn_cache_query does not name

    // The source is another host's, and the location asked its own for it.
    bool is_out_of_reach() const { return image && !image->source.origin.empty() && !origin_is_used; }

    Signature signature;

    // the image it asks for
    std::unique_ptr<image::Request> image;             // the larger parts: few requests have them
    std::string                   image_uri;           // canonical, or the URL itself
    std::string                   source_uri;
    std::string                   public_source_uri;   // before the location rewrote it
    std::optional<Error>          url_error;           // what is wrong with it
    bool                          redirects_on_error = false;    // as the URL wishes
    std::vector<std::string_view> varies_on;           // headers of the client that were read
    bool                          origin_is_used = false;   // $cdn_image_origin was read
    bool                          was_head = false;    // fetched and made with GET

    // an answer of our own: one plain line
    std::optional<Error> refused;
    bool                 redirects = false;            // of an empty one: see the source itself
    bool                 refusal_is_sent = false;
    bool                 keepalive = false;

    std::string purge_uri;                             // what a PURGE request named, once redirected

    std::unique_ptr<Transformation> transformation;
    std::unique_ptr<FetchedOverlay> overlay;           // of `image`
    FetchedOverlay                 *fetches = nullptr; // this is the subrequest that does, for its parent
    std::unique_ptr<image::Report>  report;            // what became of it

    // for the log phase; of main requests alone
    const LocConf    *counted_in = nullptr;            // the first location that counts
    status::LabelId   profile = 0;                     // of the TTL profile of its response
    bool              is_purge_call = false;           // no visitor's request
    bool              is_warmer = false;               // nor is one of cdn_warm
    std::int64_t      first_byte_ms = -1;              // from its start to its response's header
    std::vector<ngx_http_request_t *> helpers;         // subrequests with an upstream
};

// The request's own state; none was made: nullptr.
RequestState *find_state(ngx_http_request_t *r);

// The state that holds for it: a clone (a background update, a slice) has its
// parent's.
RequestState *effective_state(ngx_http_request_t *r);

// The answer depends on this request header; the name is a literal.
void note_vary(RequestState &state, std::string_view name);

RequestState &make_state(ngx_http_request_t *r);

// Before anything changes the URL.
void note_client_uri(ngx_http_request_t *r, RequestState &state);

// What the client sent, whatever became of it.
const ngx_str_t &client_uri(ngx_http_request_t *r);

}  // namespace cdn

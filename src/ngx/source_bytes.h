// A source as nginx's buffers hand it over: memory is copied, of files the
// descriptor is duplicated, to be read on a thread.

#pragma once

#include "ngx/ngx.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cdn {

// The upstream module gives up on a source that broke off: it has no header to
// send any more, we have.
bool source_broke_off(ngx_http_request_t *r, const ngx_buf_t *buffer);

void consume(ngx_chain_t *in);

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

}  // namespace cdn

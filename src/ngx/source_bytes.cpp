#include "ngx/source_bytes.h"

#include <cerrno>
#include <new>

#include <unistd.h>

namespace cdn {

bool source_broke_off(ngx_http_request_t *r, const ngx_buf_t *buffer)
{
    return buffer->flush && ngx_buf_size(buffer) == 0 && r->upstream != nullptr
           && r->upstream->cleanup == nullptr;
}

void consume(ngx_chain_t *in)
{
    for (; in != nullptr; in = in->next) {
        if (ngx_buf_in_memory(in->buf)) {
            in->buf->pos = in->buf->last;
        }
        if (in->buf->in_file) {
            in->buf->file_pos = in->buf->file_last;
        }
    }
}

SourceBytes::~SourceBytes()
{
    for (const Part &part : parts_) {
        if (part.fd != -1) {
            close(part.fd);
        }
    }
}

bool SourceBytes::append(const ngx_buf_t *buffer)
{
    Part part;

    if (ngx_buf_in_memory(buffer)) {
        part.length = static_cast<std::size_t>(buffer->last - buffer->pos);
        const std::string_view bytes(reinterpret_cast<const char *>(buffer->pos), part.length);
        size_ += part.length;

        if (!parts_.empty() && parts_.back().fd == -1) {
            parts_.back().bytes += bytes;
            parts_.back().length += part.length;
            return true;
        }
        part.bytes = bytes;

    } else if (buffer->in_file) {
        part.offset = buffer->file_pos;
        part.length = static_cast<std::size_t>(buffer->file_last - buffer->file_pos);
        size_ += part.length;

        if (buffer->file->directio && ngx_directio_off(buffer->file->fd) == NGX_FILE_ERROR) {
            return false;                              // it would ask for aligned reads
        }
        part.fd = dup(buffer->file->fd);
        if (part.fd == -1) {
            return false;
        }

    } else {
        return true;                                   // a flush, or the end
    }

    parts_.push_back(std::move(part));
    return true;
}

std::optional<std::string> SourceBytes::read() const
{
    std::string bytes;
    bytes.reserve(size_);

    for (const Part &part : parts_) {
        if (part.fd == -1) {
            bytes += part.bytes;
            continue;
        }

        const std::size_t start = bytes.size();
        bytes.resize(start + part.length);

        for (std::size_t done = 0; done < part.length;) {
            const ssize_t n = pread(part.fd, bytes.data() + start + done, part.length - done,
                                    part.offset + static_cast<off_t>(done));
            if (n == -1 && errno == EINTR) {
                continue;
            }
            if (n <= 0) {
                return std::nullopt;
            }
            done += static_cast<std::size_t>(n);
        }
    }

    return bytes;
}

ngx_chain_t *SourceBytes::chain(ngx_pool_t *pool, ngx_log_t *log, bool last) const
{
    ngx_chain_t *first = nullptr;
    ngx_chain_t **end = &first;

    for (const Part &part : parts_) {
        auto *buffer = static_cast<ngx_buf_t *>(ngx_calloc_buf(pool));
        ngx_chain_t *link = ngx_alloc_chain_link(pool);
        if (buffer == nullptr || link == nullptr) {
            throw std::bad_alloc();
        }

        if (part.fd == -1) {
            buffer->pos = reinterpret_cast<u_char *>(const_cast<char *>(part.bytes.data()));
            buffer->last = buffer->pos + part.length;
            buffer->memory = 1;
        } else {
            buffer->file = static_cast<ngx_file_t *>(ngx_pcalloc(pool, sizeof(ngx_file_t)));
            if (buffer->file == nullptr) {
                throw std::bad_alloc();
            }
            buffer->file->fd = part.fd;
            buffer->file->log = log;
            ngx_str_set(&buffer->file->name, "image source");
            buffer->file_pos = part.offset;
            buffer->file_last = part.offset + static_cast<off_t>(part.length);
            buffer->in_file = 1;
        }

        buffer->last_buf = last && &part == &parts_.back();
        buffer->last_in_chain = &part == &parts_.back();
        *link = {buffer, nullptr};
        *end = link;
        end = &link->next;
    }

    return first;
}

}  // namespace cdn

#include "ngx/whole_reads.h"

#include "ngx/cache_file.h"
#include "ngx/conf.h"

namespace cdn {

#if (NGX_HTTP_CACHE)

namespace {

constexpr off_t longest = 16 * 1024;                   // with its header; what a 304 reads in vain

ngx_http_output_body_filter_pt next_body_filter;

// What nginx has read of the file has the whole of it.
void send_from_memory(const ngx_http_cache_t &c, ngx_buf_t &buffer)
{
    buffer.pos = c.buf->start + buffer.file_pos;
    buffer.last = c.buf->start + buffer.file_last;
    buffer.start = buffer.pos;
    buffer.end = buffer.last;
    buffer.memory = 1;
    buffer.in_file = 0;
}

void read_all_next_time(const ngx_http_cache_t &c)
{
    if (c.node == nullptr) {
        return;                                        // given back already
    }
    ngx_http_file_cache_t &cache = *c.file_cache;
    ngx_shmtx_lock(&cache.shpool->mutex);
    if (is_current(*c.node, c.uniq)) {
        c.node->body_start = static_cast<std::size_t>(c.length);
    }
    ngx_shmtx_unlock(&cache.shpool->mutex);
}

ngx_int_t body_filter(ngx_http_request_t *r, ngx_chain_t *in) noexcept
{
    // the one buffer of ngx_http_cache_send()
    if (!r->cached || r->cache == nullptr || in == nullptr || !in->buf->in_file || in->buf->file == nullptr
        || in->buf->file->fd != r->cache->file.fd || r->cache->length > longest
        || !(loc_conf(r).purge.obeys || loc_conf(r).ttl.in_force()))
    {
        return next_body_filter(r, in);
    }

    const ngx_http_cache_t &c = *r->cache;
    if (c.buf->last - c.buf->start >= c.length) {
        send_from_memory(c, *in->buf);
    } else {
        read_all_next_time(c);
    }
    return next_body_filter(r, in);
}

}  // namespace

void install_whole_reads() noexcept
{
    next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = body_filter;
}

#else

void install_whole_reads() noexcept {}

#endif

}  // namespace cdn

#include "ngx/cache_file.h"

#include <algorithm>
#include <cstring>

namespace cdn {

#if (NGX_HTTP_CACHE)

ngx_http_file_cache_node_t *find_node(ngx_http_file_cache_t &cache, const u_char *key)
{
    ngx_rbtree_key_t wanted;
    std::memcpy(&wanted, key, sizeof(wanted));

    const ngx_rbtree_node_t *sentinel = cache.sh->rbtree.sentinel;
    for (ngx_rbtree_node_t *node = cache.sh->rbtree.root; node != sentinel;) {
        int order = wanted < node->key ? -1 : wanted > node->key ? 1 : 0;
        auto *entry = reinterpret_cast<ngx_http_file_cache_node_t *>(node);
        if (order == 0) {
            order = std::memcmp(key + sizeof(wanted), entry->key, NGX_HTTP_CACHE_KEY_LEN - sizeof(wanted));
        }
        if (order == 0) {
            return entry;
        }
        node = order < 0 ? node->left : node->right;
    }

    return nullptr;
}

bool is_cached(const ngx_http_cache_t &c)
{
    ngx_http_file_cache_t &cache = *c.file_cache;
    ngx_shmtx_lock(&cache.shpool->mutex);
    const auto *node = find_node(cache, c.main);
    const bool exists = node != nullptr && (node->exists || node->error != 0);
    ngx_shmtx_unlock(&cache.shpool->mutex);
    return exists;
}

bool is_slice(ngx_http_request_t *r)
{
    ngx_str_t name = ngx_string("slice_range");
    const auto *range = ngx_http_get_variable(r, &name, ngx_hash_key(name.data, name.len));
    return range != nullptr && !range->not_found && range->len > 0;
}

void forget_file(ngx_http_file_cache_t &cache, ngx_http_file_cache_node_t &node)
{
    cache.sh->size -= node.fs_size;
    node.exists = 0;
    node.fs_size = 0;
    node.body_start = 0;
    node.uniq = 0;
}

void drop_cached(ngx_http_request_t *r)
{
    ngx_http_cache_t *c = r->cache;
    ngx_http_file_cache_t *cache = c->file_cache;

    ngx_shmtx_lock(&cache->shpool->mutex);
    const bool ours = is_current(*c->node, c->uniq);
    if (ours) {
        forget_file(*cache, *c->node);
    }
    ngx_shmtx_unlock(&cache->shpool->mutex);

    // a file left behind would come back after a restart
    if (ours && ngx_delete_file(c->file.name.data) == NGX_FILE_ERROR && ngx_errno != NGX_ENOENT) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, ngx_errno, "cdn purge: deleting \"%s\" failed",
                      c->file.name.data);
    }
}

bool soften_cached(ngx_http_request_t *r, time_t updating, time_t error)
{
    ngx_http_cache_t *c = r->cache;
    const ngx_fd_t fd = ngx_open_file(c->file.name.data, NGX_FILE_RDWR, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return ngx_errno == NGX_ENOENT;                // somebody was faster
    }

    ngx_http_file_cache_header_t header;
    ngx_file_info_t info;
    bool done = false;

    if (ngx_fd_info(fd, &info) != NGX_FILE_ERROR) {
        done = ngx_file_uniq(&info) != c->uniq;        // a newer response has taken its place
        if (!done && pread(fd, &header, sizeof(header), 0) == sizeof(header)) {
            const time_t now = ngx_time();
            if (header.valid_sec >= now) {
                header.valid_sec = now - 1;
                header.updating_sec = updating;
                header.error_sec = std::max(header.error_sec, error);
                done = pwrite(fd, &header, sizeof(header), 0) == sizeof(header);
            } else {
                done = true;
            }
        }
    }

    ngx_close_file(fd);
    return done;
}

std::string_view cached_header_bytes(ngx_http_request_t *r)
{
    const ngx_http_cache_t *c = r->cache;
    if (c->buf == nullptr || c->body_start <= c->header_start) {
        return {};
    }

    const auto length = static_cast<std::size_t>(c->buf->last - c->buf->pos);
    const std::size_t end = std::min(c->body_start, length);
    return end > c->header_start
               ? std::string_view(reinterpret_cast<const char *>(c->buf->pos) + c->header_start,
                                  end - c->header_start)
               : std::string_view();
}

#endif

}  // namespace cdn

// A feature's own notes on one request: in a cleanup of the request's pool, so
// that internal redirects, which zero nginx's context, leave them alone.

#pragma once

#include "ngx/bridge.h"

namespace cdn {

template <typename T>
struct RequestLocal {
    ngx_http_request_t *request;                       // subrequests share the pool
    T                   value;

    static void destroy(void *data) { static_cast<RequestLocal *>(data)->~RequestLocal(); }
};

template <typename T>
T *find_local(ngx_http_request_t *r)
{
    for (auto *cleanup = r->pool->cleanup; cleanup != nullptr; cleanup = cleanup->next) {
        if (cleanup->handler != RequestLocal<T>::destroy) {
            continue;
        }
        auto *local = static_cast<RequestLocal<T> *>(cleanup->data);
        if (local->request == r) {
            return &local->value;
        }
    }

    return nullptr;
}

template <typename T>
T &local(ngx_http_request_t *r)
{
    if (T *known = find_local<T>(r)) {
        return *known;
    }

    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, sizeof(RequestLocal<T>));
    if (cleanup == nullptr) {
        throw std::bad_alloc();
    }

    auto *made = new (cleanup->data) RequestLocal<T>{r, {}};
    cleanup->handler = RequestLocal<T>::destroy;
    return made->value;
}

}  // namespace cdn

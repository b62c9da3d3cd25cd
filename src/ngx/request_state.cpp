#include "ngx/request_state.h"

#include "ngx/bridge.h"

#include <algorithm>

namespace cdn {

namespace {

void destroy(void *data)
{
    static_cast<RequestState *>(data)->~RequestState();
}

}  // namespace

FetchedOverlay::~FetchedOverlay()
{
    timer.stop();
}

Transformation::~Transformation()
{
    timer.stop();
    leave(job);
}

RequestState *find_state(ngx_http_request_t *r)
{
    auto *state = static_cast<RequestState *>(ngx_http_get_module_ctx(r, ngx_http_cdn_module));
    if (state != nullptr || (!r->internal && !r->filter_finalize)) {
        return state;
    }

    // subrequests share the pool
    for (auto *cleanup = r->pool->cleanup; cleanup != nullptr; cleanup = cleanup->next) {
        if (cleanup->handler != destroy) {
            continue;
        }
        state = static_cast<RequestState *>(cleanup->data);
        if (state->request == r) {
            ngx_http_set_ctx(r, state, ngx_http_cdn_module);
            return state;
        }
    }

    return nullptr;
}

RequestState *effective_state(ngx_http_request_t *r)
{
    RequestState *state = find_state(r);
    if (state != nullptr || r->parent == nullptr) {
        return state;
    }

    // nginx clones a request with the very same URI
    state = effective_state(r->parent);
    return state != nullptr && state->uri.data == r->uri.data && state->uri.len == r->uri.len
               ? state : nullptr;
}

void note_vary(RequestState &state, std::string_view name)
{
    auto &names = state.varies_on;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
    }
}

RequestState &make_state(ngx_http_request_t *r)
{
    if (RequestState *state = find_state(r)) {
        return *state;
    }

    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, sizeof(RequestState));
    if (cleanup == nullptr) {
        throw std::bad_alloc();
    }

    auto *state = new (cleanup->data) RequestState(r);
    cleanup->handler = destroy;
    ngx_http_set_ctx(r, state, ngx_http_cdn_module);
    return *state;
}

void note_client_uri(ngx_http_request_t *r, RequestState &state)
{
    if (state.client_uri.data == nullptr) {
        state.client_uri = client_uri(r);
    }
}

const ngx_str_t &client_uri(ngx_http_request_t *r)
{
    const RequestState *main = find_state(r->main);
    return main != nullptr && main->client_uri.data != nullptr ? main->client_uri : r->main->unparsed_uri;
}

}  // namespace cdn

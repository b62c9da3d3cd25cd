// The crossing between nginx's C and our C++: strings, memory, exceptions.

#pragma once

#include "core/result.h"
#include "core/text.h"
#include "ngx/ngx.h"

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace cdn {

inline std::string_view view(const ngx_str_t &text)
{
    return {reinterpret_cast<const char *>(text.data), text.len};
}

// Borrows: the view has to live as long as the result.
inline ngx_str_t borrow(std::string_view text)
{
    return {text.size(), reinterpret_cast<u_char *>(const_cast<char *>(text.data()))};
}

// A copy in the pool, with a zero byte behind it as nginx likes it.
inline ngx_str_t copy(ngx_pool_t *pool, std::string_view text)
{
    auto *data = static_cast<u_char *>(ngx_pnalloc(pool, text.size() + 1));
    if (data == nullptr) {
        throw std::bad_alloc();
    }

    text.copy(reinterpret_cast<char *>(data), text.size());    // a null one, too
    data[text.size()] = '\0';
    return {text.size(), data};
}

// An object in the pool, destroyed with it.
template <typename T, typename... Arguments>
T *pool_new(ngx_pool_t *pool, Arguments &&...arguments)
{
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(pool, sizeof(T));
    if (cleanup == nullptr) {
        throw std::bad_alloc();
    }

    T *object = new (cleanup->data) T(std::forward<Arguments>(arguments)...);
    cleanup->handler = [](void *data) { static_cast<T *>(data)->~T(); };
    return object;
}

// Runs `work`; an exception is logged and becomes `failure`.  Everything nginx
// calls goes through here.
template <typename Outcome, typename Work>
Outcome guarded(ngx_log_t *log, Outcome failure, Work work) noexcept
{
    try {
        return work();
    } catch (const std::exception &error) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "cdn: %s", error.what());
    } catch (...) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "cdn: unknown failure");
    }

    return failure;
}

// With its detail.  `of` is what of ours it concerns.
inline void log_error(ngx_log_t *log, ngx_uint_t level, const char *of, const Error &error)
{
    const ngx_str_t message = borrow(error.message);
    const ngx_str_t detail = borrow(error.detail);
    ngx_log_error(level, log, 0, "%s: %V%s%V", of, &message, error.detail.empty() ? "" : ": ", &detail);
}

}  // namespace cdn

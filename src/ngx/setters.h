// What every directive's setter needs.

#pragma once

#include "core/result.h"
#include "ngx/bridge.h"

#include <optional>
#include <span>
#include <vector>

namespace cdn {

inline char *const failed = static_cast<char *>(NGX_CONF_ERROR);

// The directive's arguments, without its name.
inline std::span<const ngx_str_t> arguments(ngx_conf_t *cf)
{
    const std::span all(static_cast<const ngx_str_t *>(cf->args->elts), cf->args->nelts);
    return all.subspan(1);
}

// [emerg] "cdn_x": what was wrong
inline char *complain(ngx_conf_t *cf, std::string_view what)
{
    const ngx_str_t name = static_cast<const ngx_str_t *>(cf->args->elts)[0];
    const ngx_str_t text = borrow(what);
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %V", &name, &text);
    return failed;
}

// [emerg] "cdn_x NAME": what was wrong
inline char *complain(ngx_conf_t *cf, std::string_view subject, std::string_view what)
{
    const ngx_str_t name = borrow(subject);
    const ngx_str_t text = borrow(what);
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %V", &name, &text);
    return failed;
}

// The directive's name and arguments.
inline std::vector<std::string_view> words(ngx_conf_t *cf)
{
    const auto *first = static_cast<const ngx_str_t *>(cf->args->elts);
    std::vector<std::string_view> out;
    for (ngx_uint_t i = 0; i < cf->args->nelts; i++) {
        out.push_back(view(first[i]));
    }

    return out;
}

// A text with variables, evaluated for each request; false: nginx said why not.
inline bool compile(ngx_conf_t *cf, std::string_view text, ngx_http_complex_value_t &value)
{
    ngx_str_t source = copy(cf->pool, text);
    ngx_http_compile_complex_value_t compilation{};
    compilation.cf = cf;
    compilation.value = &source;
    compilation.complex_value = &value;
    return ngx_http_compile_complex_value(&compilation) == NGX_OK;
}

inline bool is_header_name(std::string_view name)
{
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
               || c == '_';
    });
}

// A block of lines that are ours: each goes to read(line's words), which says
// what is wrong with it.
template <typename Read>
char *read_block(ngx_conf_t *cf, std::string_view subject, Read read)
{
    struct Block {
        std::string_view subject;
        Read            &read;
    };
    Block block{subject, read};

    const ngx_conf_t outer = *cf;
    cf->handler_conf = reinterpret_cast<char *>(&block);
    cf->handler = [](ngx_conf_t *line, ngx_command_t *command, void *data) -> char * {
        return guarded(line->log, failed, [&]() -> char * {
            const auto *self = static_cast<Block *>(data);
            const auto all = words(line);
            if (all[0] == "include" && all.size() == 2) {
                return ngx_conf_include(line, command, data);
            }

            const std::optional<Error> error = self->read(all);
            return error ? complain(line, self->subject, error->message)
                         : static_cast<char *>(NGX_CONF_OK);
        });
    };
    char *result = ngx_conf_parse(cf, nullptr);
    *cf = outer;

    return result;
}

}  // namespace cdn

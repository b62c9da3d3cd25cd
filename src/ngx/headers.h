// Header fields of a request and of its response, and a body in one buffer.

#pragma once

#include "ngx/bridge.h"

#include <cstring>

namespace cdn {

// A literal in lower case, and what nginx has in the `hash` of fields of that name
// where it parsed them: most fields are told apart by that number.
struct FieldName {
    std::string_view text;
    ngx_uint_t       hash = 0;

    consteval FieldName(const char *name) : text(name)
    {
        for (const char c : text) {
            hash = ngx_hash(hash, static_cast<unsigned char>(c));
        }
    }
};

inline bool is_parsed_field(const ngx_table_elt_t &field, const FieldName &name)
{
    return field.hash == name.hash && field.lowcase_key != nullptr && field.key.len == name.text.size()
           && std::memcmp(field.lowcase_key, name.text.data(), name.text.size()) == 0;
}

// Calls visit(header) for each field; those that were removed (hash 0, which
// requests do not use) are left out when `live` is set.
template <typename Visit>
void each_field(ngx_list_t &headers, bool live, Visit visit)
{
    for (ngx_list_part_t *part = &headers.part; part != nullptr; part = part->next) {
        auto *fields = static_cast<ngx_table_elt_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (!live || fields[i].hash != 0) {
                visit(fields[i]);
            }
        }
    }
}

// For each of this name.
template <typename Visit>
void each_header(ngx_list_t &headers, std::string_view name, bool live, Visit visit)
{
    each_field(headers, live, [&](ngx_table_elt_t &field) {
        if (equal_ignoring_case(view(field.key), name)) {
            visit(field);
        }
    });
}

template <typename Visit>
void each_response_header(ngx_http_request_t *r, std::string_view name, Visit visit)
{
    each_header(r->headers_out.headers, name, true, visit);
}

// All fields of this name, joined as RFC 9110 section 5.3 allows; those of Cookie by "; ".
inline std::string request_header(ngx_http_request_t *r, std::string_view name, std::string_view between = ", ")
{
    std::string joined;
    each_header(r->headers_in.headers, name, false, [&](ngx_table_elt_t &field) {
        joined += joined.empty() ? "" : between;
        joined += view(field.value);
    });

    return joined;
}

// Drops the request's fields of which keep(field) is false.  Pointers to those in
// r->headers_in stay, to the old elements.
template <typename Keep>
void filter_request_headers(ngx_http_request_t *r, Keep keep)
{
    ngx_list_t &list = r->headers_in.headers;
    const ngx_list_part_t first = list.part;

    if (ngx_list_init(&list, r->pool, 20, sizeof(ngx_table_elt_t)) != NGX_OK) {
        throw std::bad_alloc();
    }

    for (const ngx_list_part_t *part = &first; part != nullptr; part = part->next) {
        auto *fields = static_cast<ngx_table_elt_t *>(part->elts);
        for (ngx_uint_t i = 0; i < part->nelts; i++) {
            if (!keep(fields[i])) {
                continue;
            }
            auto *kept = static_cast<ngx_table_elt_t *>(ngx_list_push(&list));
            if (kept == nullptr) {
                throw std::bad_alloc();
            }
            *kept = fields[i];
        }
    }
}

inline ngx_table_elt_t *add_response_header(ngx_http_request_t *r, std::string_view name,
                                            std::string_view value)
{
    auto *field = static_cast<ngx_table_elt_t *>(ngx_list_push(&r->headers_out.headers));
    if (field == nullptr) {
        throw std::bad_alloc();
    }

    *field = {};
    field->hash = 1;
    field->key = copy(r->pool, name);
    field->value = copy(r->pool, value);
    return field;
}

// Sets `field`, or adds one where there is none.  Name and value are borrowed: they live as long
// as the request.
inline void put_response_header(ngx_http_request_t *r, ngx_table_elt_t *field, std::string_view name,
                                const ngx_str_t &value)
{
    if (field == nullptr) {
        field = static_cast<ngx_table_elt_t *>(ngx_list_push(&r->headers_out.headers));
        if (field == nullptr) {
            throw std::bad_alloc();
        }
        *field = {};
        field->hash = 1;
        field->key = borrow(name);
    }

    field->value = value;
}

// The whole body; what it shows has to live as long as the request.
inline ngx_buf_t *whole_body(ngx_http_request_t *r, const ngx_str_t &bytes)
{
    auto *buffer = static_cast<ngx_buf_t *>(ngx_calloc_buf(r->pool));
    if (buffer == nullptr) {
        throw std::bad_alloc();
    }

    buffer->pos = bytes.data;
    buffer->last = bytes.data + bytes.len;
    buffer->memory = bytes.len > 0;
    buffer->last_buf = r == r->main;
    buffer->last_in_chain = 1;
    return buffer;
}

}  // namespace cdn

#include "ngx/cdn_loop.h"

#include "ngx/conf.h"
#include "ngx/headers.h"

namespace cdn {

namespace {

constexpr std::string_view own_name = "ngx_cdn";

}  // namespace

bool asked_by_edge(ngx_http_request_t *r)
{
    bool named = false;
    each_header(r->headers_in.headers, "CDN-Loop", false, [&](ngx_table_elt_t &field) {
        if (field.value.data == borrow(own_name).data) {
            return;                                    // added here
        }
        for (const auto member : split(view(field.value), ',')) {
            named = named || trim(cut(member, ';').before) == own_name;
        }
    });
    return named;
}

void name_this_cdn(ngx_http_request_t *r)
{
    if (r != r->main || loc_conf(r).purge.on != 1 || main_conf(r).journal == nullptr) {
        return;
    }

    bool is_named = false;
    each_header(r->headers_in.headers, "CDN-Loop", false, [&](ngx_table_elt_t &field) {
        is_named = is_named || field.value.data == borrow(own_name).data;
    });
    if (is_named) {
        return;
    }

    auto *field = static_cast<ngx_table_elt_t *>(ngx_list_push(&r->headers_in.headers));
    if (field == nullptr) {
        throw std::bad_alloc();
    }
    *field = {};
    ngx_str_set(&field->key, "CDN-Loop");
    field->lowcase_key = borrow("cdn-loop").data;
    field->hash = FieldName("cdn-loop").hash;
    field->value = borrow(own_name);
}

}  // namespace cdn

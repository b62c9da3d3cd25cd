// What clients are told of a response's life: Cache-Control, Age, Vary, X-Cache-Tag
// and Cache-Status.

#pragma once

#include "ngx/ngx.h"
#include "ngx/ttl_heard.h"
#include "ttl/cache_status.h"

namespace cdn {

// The fields that are told, found in one pass; those of one name are one then.
struct ToldFields {
    ngx_table_elt_t *cache_control = nullptr;
    ngx_table_elt_t *vary = nullptr;
    ngx_table_elt_t *tags = nullptr;
    ngx_table_elt_t *cache_status = nullptr;
    ngx_table_elt_t *age = nullptr;
};

ToldFields find_told_fields(ngx_http_request_t *r);

void tell_age(ngx_http_request_t *r, const ToldFields &fields, ttl::Seconds age);

// `rest` is what is left of the response's life here.
void tell_lifetime(ngx_http_request_t *r, const ToldFields &fields, const ttl::Profile &profile,
                   const Heard &heard, const ttl::Lifetime &rest, ttl::Seconds age);

// What it depends on, and its profile's tags.
void tell_names(ngx_http_request_t *r, const ToldFields &fields, const ttl::Policy &policy);

void tell_cache_status(ngx_http_request_t *r, const ToldFields &fields, const ttl::CacheStatus &status);

}  // namespace cdn

// nginx's headers, as the C they are.

#pragma once

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_channel.h>
#include <ngx_http.h>
#include <ngx_thread_pool.h>

extern __attribute__((visibility("default"))) ngx_module_t ngx_http_cdn_module;
extern __attribute__((visibility("default"))) ngx_module_t ngx_http_cdn_headers_module;
extern __attribute__((visibility("default"))) ngx_module_t ngx_http_cdn_first_module;
}

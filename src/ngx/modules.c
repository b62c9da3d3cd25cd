/* The names that nginx's loader looks up.  nginx's own configure writes its own. */

#include <ngx_config.h>
#include <ngx_core.h>

extern ngx_module_t  ngx_http_cdn_module;
extern ngx_module_t  ngx_http_cdn_first_module;
extern ngx_module_t  ngx_http_cdn_headers_module;

__attribute__((visibility("default")))
ngx_module_t *ngx_modules[] = {
    &ngx_http_cdn_module,
    &ngx_http_cdn_first_module,
    &ngx_http_cdn_headers_module,
    NULL
};

__attribute__((visibility("default")))
char *ngx_module_names[] = {
    "ngx_http_cdn_module",
    "ngx_http_cdn_first_module",
    "ngx_http_cdn_headers_module",
    NULL
};

/* a filter of a module before another's runs after it; what is not named comes last */
__attribute__((visibility("default")))
char *ngx_module_order[] = {
    "ngx_http_cdn_first_module",
    "ngx_http_proxy_module",
    "ngx_http_fastcgi_module",
    "ngx_http_uwsgi_module",
    "ngx_http_scgi_module",
    "ngx_http_cdn_headers_module",
    "ngx_http_gzip_filter_module",
    "ngx_http_headers_filter_module",
    NULL
};

/* The names that nginx's loader looks up.  nginx's own configure writes its own. */

#include <ngx_config.h>
#include <ngx_core.h>

extern ngx_module_t  ngx_http_cdn_module;

__attribute__((visibility("default")))
ngx_module_t *ngx_modules[] = {
    &ngx_http_cdn_module,
    NULL
};

__attribute__((visibility("default")))
char *ngx_module_names[] = {
    "ngx_http_cdn_module",
    NULL
};

__attribute__((visibility("default")))
char *ngx_module_order[] = {
    NULL
};

#include "ngx/request_url.h"

#include "core/path.h"
#include "core/text.h"
#include "ngx/conf.h"

#include <algorithm>

namespace cdn {

namespace {

bool shows_url(std::string_view variable)
{
    static constexpr std::string_view names[] = {"request_uri", "uri", "document_uri", "args",
                                                 "query_string", "is_args", "cdn_uri"};
    return variable.starts_with("arg_")
           || std::find(std::begin(names), std::end(names), variable) != std::end(names);
}

void forget_url_variables(ngx_http_request_t *r)
{
    for (const ngx_uint_t index : main_conf(r).url_variables) {
        r->variables[index].valid = 0;
        r->variables[index].not_found = 0;
    }
}

// Whether the location that the old URI chose fits the new one, too.
bool begins_like(ngx_http_request_t *r, const ngx_str_t &old)
{
    const auto *core = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    return view(r->uri) == view(old)
           || (core->regex == nullptr && !core->noname && view(r->uri).starts_with(view(core->name)));
}

}  // namespace

std::string_view without_fragment(std::string_view target)
{
    return target.substr(0, target.find('#'));
}

std::string raw_url(ngx_http_request_t *r)
{
    if (r->valid_unparsed_uri) {
        return std::string(without_fragment(view(r->unparsed_uri)));
    }

    const auto escaped = 2 * ngx_escape_uri(nullptr, r->uri.data, r->uri.len, NGX_ESCAPE_URI);
    std::string url(r->uri.len + escaped, '\0');
    ngx_escape_uri(reinterpret_cast<u_char *>(url.data()), r->uri.data, r->uri.len, NGX_ESCAPE_URI);

    return r->args.len > 0 ? url + '?' + std::string(view(r->args)) : url;
}

void set_url(ngx_http_request_t *r, std::string_view url)
{
    const auto [raw_path, query, has_query] = cut(url, '?');
    const auto path = decoded_path(raw_path);

    const ngx_str_t old = r->uri;
    r->unparsed_uri = copy(r->pool, url);
    r->uri = copy(r->pool, path ? std::string_view(*path) : "/");   // never one that climbs
    r->args = copy(r->pool, query);
    ngx_http_set_exten(r);

    // what "alias" and a proxy_pass with a URI put in the place of the location's
    // prefix; the new URI is as a client would send it
    if (!begins_like(r, old)) {
        r->valid_location = 0;
    }
    r->valid_unparsed_uri = 1;
    r->quoted_uri = 1;                                 // escaped again where a proxy_pass has a URI

    forget_url_variables(r);
}

void set_query(ngx_http_request_t *r, std::string_view args, std::string_view target)
{
    r->args = copy(r->pool, args);
    if (r == r->main) {
        r->unparsed_uri = copy(r->pool, target);
    }

    forget_url_variables(r);
}

void find_url_variables(ngx_cycle_t *cycle)
{
    auto *core = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_cycle_get_module_main_conf(cycle, ngx_http_core_module));
    auto &conf = *static_cast<MainConf *>(
        ngx_http_cycle_get_module_main_conf(cycle, ngx_http_cdn_module));
    const auto *variables = static_cast<const ngx_http_variable_t *>(core->variables.elts);

    for (ngx_uint_t i = 0; i < core->variables.nelts; i++) {
        if (shows_url(view(variables[i].name))) {
            conf.url_variables.push_back(i);
        }
    }
}

}  // namespace cdn

#include "ngx/purge_filter.h"

#include "ngx/cdn_loop.h"
#include "ngx/conf.h"
#include "ngx/headers.h"
#include "ngx/purge_birth.h"

namespace cdn {

namespace {

ngx_http_output_header_filter_pt next_header_filter;

ngx_int_t header_filter(ngx_http_request_t *r) noexcept
{
#if (NGX_HTTP_CACHE)
    const PurgeConf &conf = loc_conf(r).purge;
    if (conf.on == 0 || main_conf(r).journal == nullptr) {
        return next_header_filter(r);
    }

    const ngx_int_t failure = guarded<ngx_int_t>(r->connection->log, NGX_ERROR, [&]() -> ngx_int_t {
        note_birth(r);

        const bool for_edge = asked_by_edge(r->main);
        const bool hides = hides_tags(r);
        std::optional<std::int64_t> inner;
        each_field(r->headers_out.headers, true, [&](ngx_table_elt_t &field) {
            if ((conf.hidden_lengths >> field.key.len % 64 & 1) == 0) {
                return;
            }
            const auto is = [&](std::string_view name) { return equal_ignoring_case(view(field.key), name); };
            if (is(born_header)) {
                inner = for_edge ? header_born(view(field.value)) : std::nullopt;
                field.hash = 0;
            } else if (is(overlay_header) && !(for_edge && conf.trusts_upstream)) {
                field.hash = 0;
            } else if (hides && std::any_of(conf.tag_headers->begin(), conf.tag_headers->end(), is)) {
                field.hash = 0;
            }
        });

        if (for_edge) {
            std::int64_t born = sent_birth(r);
            if (inner && conf.trusts_upstream) {
                born = std::min(born, *inner);
            }
            add_response_header(r, born_header, std::to_string(born));
        }
        return NGX_OK;
    });
    if (failure != NGX_OK) {
        return NGX_ERROR;
    }
#endif
    return next_header_filter(r);
}

}  // namespace

bool hides_tags(ngx_http_request_t *r)
{
    const PurgeConf &conf = loc_conf(r).purge;
    return conf.on != 0 && main_conf(r).journal != nullptr && !conf.exposes_tags && r == r->main
           && !asked_by_edge(r);
}

void install_purge_filter() noexcept
{
    next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = header_filter;
}

}  // namespace cdn

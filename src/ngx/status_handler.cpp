#include "ngx/status_handler.h"

#include "core/version.h"
#include "image/render.h"
#include "ngx/conf.h"
#include "ngx/headers.h"
#include "ngx/zone.h"
#include "status/report.h"

namespace cdn {

namespace {

struct Answer {
    std::string_view type;
    std::string      body;
};

bool mentions(std::string_view header, std::string_view type)
{
    return header.find(type) != header.npos;
}

status::Facts facts(ngx_http_request_t *r, const Zone &z)
{
    const MainConf &conf = main_conf(r);
    const ngx_time_t *now = ngx_timeofday();

    status::Facts facts;
    facts.node = view(const_cast<ngx_cycle_t *>(ngx_cycle)->hostname);
    facts.version = version;
    facts.nginx = NGINX_VERSION;
    facts.libvips = image::render_library();
    facts.started = static_cast<double>(z.head->started_ms) / 1000;
    facts.now = static_cast<double>(now->sec) + static_cast<double>(now->msec) / 1000;

    facts.image_memory_bytes = z.head->memory.total();

    if (conf.zone != nullptr) {
        auto *pool = reinterpret_cast<ngx_slab_pool_t *>(conf.zone->shm.addr);
        facts.zone_free_bytes = pool->pfree * ngx_pagesize;
    }

    return facts;
}

std::optional<Answer> make_answer(ngx_http_request_t *r, const Zone &z)
{
    ngx_uint_t format = loc_conf(r).status_format;
    const std::string accept = request_header(r, "Accept");
    const bool openmetrics = mentions(accept, "application/openmetrics-text");

    if (format == status_by_request) {
        ngx_str_t asked{};
        ngx_http_arg(r, reinterpret_cast<u_char *>(const_cast<char *>("format")), 6, &asked);

        if (view(asked) == "json") {
            format = status_json;
        } else if (view(asked) == "prometheus") {
            format = status_prometheus;
        } else if (view(asked) == "html") {
            format = status_html;
        } else if (asked.len > 0) {
            return std::nullopt;
        } else {
            format = mentions(accept, "text/html")                   ? status_html
                     : openmetrics || mentions(accept, "text/plain") ? status_prometheus
                                                                     : status_json;
        }
    }

    const auto samples = z.counters.snapshot();

    switch (format) {
    case status_prometheus:
        return Answer{openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                  : "text/plain; version=0.0.4; charset=utf-8",
                      status::prometheus(samples, facts(r, z), openmetrics)};
    case status_html:
        return Answer{"text/html; charset=utf-8", std::string(status::page())};
    default:
        return Answer{"application/json", status::json(samples, facts(r, z))};
    }
}

ngx_int_t send(ngx_http_request_t *r, const Answer &answer)
{
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_type = copy(r->pool, answer.type);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_length_n = static_cast<off_t>(answer.body.size());

    add_response_header(r, "Cache-Control", "no-store");

    const ngx_int_t rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    ngx_chain_t out{whole_body(r, copy(r->pool, answer.body)), nullptr};
    return ngx_http_output_filter(r, &out);
}

std::string cache_status(ngx_http_request_t *r)
{
#if (NGX_HTTP_CACHE)
    if (r->upstream != nullptr && r->upstream->cache_status != 0) {
        return lower(view(ngx_http_cache_status[r->upstream->cache_status - 1]));
    }
#endif
    return "none";
}

std::string_view cache_zone(ngx_http_request_t *r)
{
#if (NGX_HTTP_CACHE)
    if (r->cache != nullptr && r->cache->file_cache != nullptr) {
        return view(r->cache->file_cache->shm_zone->shm.name);
    }
#endif
    return {};
}

std::string status_class(ngx_http_request_t *r)
{
    const ngx_uint_t status = r->err_status != 0 ? r->err_status : r->headers_out.status;
    return status >= 100 && status < 600 ? std::to_string(status / 100) + "xx" : "other";
}

}  // namespace

ngx_int_t status_handler(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&]() -> ngx_int_t {
        if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) {
            return NGX_HTTP_NOT_ALLOWED;
        }

        const ngx_int_t rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }

        const auto z = zone(main_conf(r));
        if (!z) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        const auto answer = make_answer(r, *z);
        return answer ? send(r, *answer) : NGX_HTTP_BAD_REQUEST;
    });
}

ngx_int_t count_request(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_OK, [&]() -> ngx_int_t {
        if (r != r->main || loc_conf(r).image.dialect == dialect_off) {
            return NGX_OK;
        }

        auto z = zone(main_conf(r));
        if (!z) {
            return NGX_OK;
        }

        using status::Metric;
        auto &counters = z->counters;
        const auto status_label = counters.label(cache_status(r));

        const ngx_time_t *now = ngx_timeofday();
        const std::int64_t elapsed_ms = (static_cast<std::int64_t>(now->sec) - r->start_sec) * 1000
                                        + static_cast<std::int64_t>(now->msec)
                                        - static_cast<std::int64_t>(r->start_msec);

        counters.add(Metric::requests, {counters.label(cache_zone(r)), 0, 0, status_label});
        counters.add(Metric::responses, {counters.label(status_class(r))});
        counters.add(Metric::response_bytes, {0, status_label},
                     static_cast<std::uint64_t>(std::max<off_t>(r->connection->sent, 0)));
        counters.observe(Metric::request_duration, {0, status_label},
                         static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed_ms, 0)) * 1000);
        return NGX_OK;
    });
}

}  // namespace cdn

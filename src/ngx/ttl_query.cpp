#include "ngx/ttl_query.h"

#include "ngx/bridge.h"
#include "ngx/request_state.h"
#include "ngx/request_url.h"
#include "ttl/query.h"

namespace cdn {

void clean_query(ngx_http_request_t *r)
{
    const LocConf &conf = loc_conf(r);
    const bool is_image = conf.image.dialect != dialect_off || conf.image.transform;
    if (conf.ttl.query == nullptr || conf.ttl.query->all || is_image || r->args.len == 0) {
        return;
    }

    const std::string kept = ttl::kept_query(view(r->args), conf.ttl.query->names);
    if (kept == view(r->args)) {
        return;
    }

    note_client_uri(r, make_state(r));

    const auto target = view(r->unparsed_uri);
    const auto path = target.substr(0, target.find_first_of("?#"));
    set_query(r, kept, kept.empty() ? std::string(path) : std::string(path) + '?' + kept);
}

}  // namespace cdn

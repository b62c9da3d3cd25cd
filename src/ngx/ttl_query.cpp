#include "ngx/ttl_query.h"

#include "core/text.h"
#include "ngx/bridge.h"
#include "ngx/request_state.h"
#include "ngx/request_url.h"
#include "ttl/query.h"

namespace cdn {

namespace {

// Where the configuration's own arguments end, which a rewrite or a redirect puts before the client's.
std::size_t end_of_own(ngx_http_request_t *r)
{
    const auto args = view(r->args);
    if (!r->internal) {
        return 0;
    }
    if (const RequestState *state = find_state(r); state != nullptr && state->query_is_clean) {
        return args.size();                            // the client's are gone
    }

    const auto asked = cut(without_fragment(view(client_uri(r))), '?').after;
    const bool ends_so = !asked.empty() && args.ends_with(asked)
                         && (args.size() == asked.size() || args[args.size() - asked.size() - 1] == '&');
    return ends_so ? args.size() - asked.size() : args.size();
}

}  // namespace

void clean_query(ngx_http_request_t *r)
{
    const LocConf &conf = loc_conf(r);
    const bool is_image = conf.image.dialect != dialect_off || conf.image.transform;
    if (conf.ttl.query == nullptr || conf.ttl.query->all || is_image || is_endpoint(conf) || r->args.len == 0) {
        return;
    }

    const auto own = view(r->args).substr(0, end_of_own(r));
    std::string kept(own);
    kept += ttl::kept_query(view(r->args).substr(own.size()), conf.ttl.query->names);
    if (kept.size() == own.size() && kept.ends_with('&')) {
        kept.pop_back();
    }
    if (kept == view(r->args)) {
        return;
    }

    RequestState &state = make_state(r);
    note_client_uri(r, state);
    state.query_is_clean = true;

    const auto target = view(r->unparsed_uri);
    const auto path = target.substr(0, target.find_first_of("?#"));
    set_query(r, kept, kept.empty() ? std::string(path) : std::string(path) + '?' + kept);
}

}  // namespace cdn

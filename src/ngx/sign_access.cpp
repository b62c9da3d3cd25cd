#include "ngx/sign_access.h"

#include "core/path.h"
#include "ngx/headers.h"
#include "ngx/request_url.h"
#include "ngx/status_count.h"
#include "ngx/zone.h"
#include "sign/token.h"

namespace cdn {

namespace {

// `room` is for what is not remembered.
const sign::Genuine &judge(ngx_http_request_t *r, const SignPolicy &gate, std::string_view url,
                           std::string_view cookies, sign::Genuine &room)
{
    std::vector<ngx_str_t> values(gate.expressions.size());
    for (std::size_t i = 0; i < values.size(); i++) {
        auto *expression = const_cast<ngx_http_complex_value_t *>(&gate.expressions[i]);
        if (ngx_http_complex_value(r, expression, &values[i]) != NGX_OK) {
            throw std::bad_alloc();
        }
    }

    sign::Question question;
    question.add(url);
    question.add(cookies);
    for (const ngx_str_t &value : values) {
        question.add(view(value));
    }
    if (const sign::Genuine *known = gate.memory->tokens.find(question, ngx_time())) {
        return *known;
    }

    sign::Asked asked;
    asked.url = sign::Url::of(url);
    asked.cookies = cookies;
    asked.value = [&](std::size_t index) { return std::string(view(values[index])); };
    room.answer = gate.scheme->verify(asked, ngx_time());
    room.clean = gate.scheme->clean(asked.url);
    gate.memory->tokens.add(question, room, ngx_time());
    return room;
}

void count(ngx_http_request_t *r, const SignPolicy &gate, sign::Verdict verdict)
{
    if (auto z = zone(main_conf(r))) {
        auto &counter = gate.memory->counters[static_cast<std::size_t>(verdict)];
        if (counter == nullptr) {
            counter = z->counters.counter(status::Metric::signatures, {label_of(z->counters, gate.scheme_name),
                                                                       label_of(z->counters, sign::name(verdict))});
        }
        z->counters.add_to(counter, 1);
    }
}

constexpr ngx_int_t status_gone = 410;

bool is_gone(const SignPolicy &gate, const RequestState &state)
{
    return gate.late_is_gone && state.signature.answer.verdict == sign::Verdict::expired;
}

bool satisfies_all(ngx_http_request_t *r)
{
    auto *core = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    return core->satisfy == NGX_HTTP_SATISFY_ALL;
}

void take_cookies(ngx_http_request_t *r, const std::vector<std::string> &names)
{
    bool any_is_empty = false;
    each_header(r->headers_in.headers, "Cookie", false, [&](ngx_table_elt_t &field) {
        const std::string rest = sign::without_cookies(view(field.value), names);
        if (rest.size() < field.value.len) {
            field.value = copy(r->pool, rest);
            any_is_empty = any_is_empty || rest.empty();
        }
    });

    if (any_is_empty) {
        filter_request_headers(r, [](const ngx_table_elt_t &field) {
            return field.value.len > 0 || !equal_ignoring_case(view(field.key), "Cookie");
        });
    }
}

// What a rewrite put before the path stays there.
void take_from_path(ngx_http_request_t *r, std::string_view path, std::string_view clean)
{
    const auto sent = decoded_path(path);
    const auto served = decoded_path(clean);
    const auto uri = view(r->uri);
    if (!sent || !served || !uri.ends_with(*sent)) {
        return;
    }

    r->uri = copy(r->pool, std::string(uri.substr(0, uri.size() - sent->size())) + *served);
    r->valid_unparsed_uri = 0;
    ngx_http_set_exten(r);
}

// Whatever the verdict: nobody downstream sees a token.  `clean` is what the scheme left of `url`.
void take_token(ngx_http_request_t *r, const sign::Scheme &scheme, std::string_view url, std::string_view clean)
{
    const auto parts = sign::Url::of(url);
    const bool is_changed = r->internal || view(r->args) != parts.query;
    if (clean == url && (!is_changed || !scheme.shows_tokens())) {
        return;
    }

    const auto cleaned = sign::Url::of(clean);
    if (!is_changed && cleaned.path != parts.path) {
        set_url(r, clean);
        return;
    }
    if (!is_changed) {
        set_query(r, cleaned.query, clean);
        return;
    }

    // a rewrite, a redirect or "set $args" may have left another path, and other arguments, than `url` has
    const std::string args = scheme.clean({parts.path, view(r->args), r->args.len > 0});
    const std::string target = scheme.clean(sign::Url::of(without_fragment(view(r->unparsed_uri))));
    set_query(r, sign::Url::of(args).query, target);
    if (cleaned.path != parts.path) {
        take_from_path(r, parts.path, cleaned.path);
    }
}

}  // namespace

RequestState *pass_gate(ngx_http_request_t *r)
{
    RequestState *known = effective_state(r);
    const SignPolicy *gate = loc_conf(r).sign.policy;
    if (gate == nullptr
        || (known != nullptr && known->signature.policy == gate
            && known->signature.redirects == known->signature.redirects_seen))
    {
        return known;
    }

    RequestState &state = make_state(r);
    Signature &signature = state.signature;
    note_client_uri(r, state);

    // A rewrite is part of what the server serves under the client's URL; an internal
    // redirect goes to another one.
    const bool redirected = r != r->main || signature.redirects > 0;
    std::string made;
    std::string_view url = without_fragment(view(state.client_uri));
    if (redirected) {
        made = raw_url(r);
        url = made;
    }

    // who came to a gate is not asked there again, wherever it leads
    const bool was_asked = signature.policy == gate && signature.is_judged;

    const auto &cookies = gate->scheme->cookies();
    if (!cookies.empty() && r == r->main) {
        if (!signature.cookies) {
            signature.cookies = request_header(r, "Cookie", "; ");    // RFC 6265, section 4.2.1
        }
        take_cookies(r, cookies);
    }

    sign::Genuine room;
    std::string_view clean;
    if (r == r->main && !was_asked) {
        const auto &judged = judge(r, *gate, url, signature.cookies ? std::string_view(*signature.cookies) : "", room);
        clean = judged.clean;
        signature.answer = judged.answer;
        signature.is_judged = true;
        if (const auto expires = signature.answer.expires) {
            signature.expires = std::min(signature.expires.value_or(*expires), *expires);
        }
        count(r, *gate, signature.answer.verdict);
    } else {
        room.clean = gate->scheme->shows_tokens() ? gate->scheme->clean(sign::Url::of(url)) : std::string(url);
        clean = room.clean;
    }

    take_token(r, *gate->scheme, url, clean);

    signature.policy = gate;
    signature.redirects_seen = signature.redirects;
    state.uri = r->uri;
    state.args = r->args;
    state.url_is_prepared = false;
    return &state;
}

ngx_int_t note_redirect(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_INTERNAL_SERVER_ERROR, [&]() -> ngx_int_t {
        if (RequestState *state = r->internal && r->err_status != 0 ? find_state(r) : nullptr) {
            state->image.reset();                      // what error_page names is something else
        }
        if (r->internal && r == r->main && main_conf(r).signs) {
            RequestState &state = make_state(r);
            note_client_uri(r, state);
            state.signature.redirects++;
        }
        return NGX_DECLINED;
    });
}

ngx_int_t sign_access(ngx_http_request_t *r) noexcept
{
    return guarded<ngx_int_t>(r->connection->log, NGX_HTTP_FORBIDDEN, [&]() -> ngx_int_t {
        const SignPolicy *gate = loc_conf(r).sign.policy;
        if (gate == nullptr) {
            return NGX_DECLINED;
        }

        const RequestState *state = pass_gate(r);
        const sign::Answer &answer = state->signature.answer;

        if (answer.verdict == sign::Verdict::ok) {
            return NGX_OK;
        }
        if (gate->mode == sign_optional && answer.wholly_unsigned) {
            return NGX_DECLINED;
        }

        const ngx_str_t verdict = borrow(sign::name(answer.verdict));
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "cdn sign: %V signature", &verdict);

        // for "satisfy any" only 403 is a vote, and others may yet say yes
        return is_gone(*gate, *state) && satisfies_all(r) ? status_gone : NGX_HTTP_FORBIDDEN;
    });
}

ngx_int_t sign_late(ngx_http_request_t *r) noexcept
{
    const SignPolicy *gate = loc_conf(r).sign.policy;
    const RequestState *state = gate != nullptr ? find_state(r) : nullptr;

    if (state != nullptr && r->access_code == NGX_HTTP_FORBIDDEN && is_gone(*gate, *state)) {
        r->access_code = status_gone;
    }

    return NGX_DECLINED;
}

}  // namespace cdn

#include "ngx/ttl_headers.h"

#include "ngx/headers.h"

namespace cdn {

namespace {

constexpr std::string_view debug_header = "X-CDN-Debug";

void join(ngx_http_request_t *r, ngx_table_elt_t *&first, ngx_table_elt_t &field)
{
    if (first == nullptr) {
        first = &field;
        return;
    }

    first->value = copy(r->pool, std::string(view(first->value)) + ", " + std::string(view(field.value)));
    field.hash = 0;
}

std::string_view value_of(const ngx_table_elt_t *field)
{
    return field != nullptr ? view(field->value) : std::string_view();
}

// The cache's key, for who asks for it.
std::string key_parameter(ngx_http_request_t *r)
{
    bool is_asked_for = false;
    each_header(r->headers_in.headers, debug_header, false,
                [&](ngx_table_elt_t &field) { is_asked_for = is_asked_for || field.value.len > 0; });

    std::string key;
#if (NGX_HTTP_CACHE)
    if (is_asked_for && r->cache != nullptr) {
        const auto *parts = static_cast<const ngx_str_t *>(r->cache->keys.elts);
        for (ngx_uint_t i = 0; i < r->cache->keys.nelts; i++) {
            key += view(parts[i]);
        }
    }
#endif
    return key.empty() ? key : ttl::print_cache_key(key);
}

void put(ngx_http_request_t *r, ngx_table_elt_t *field, std::string_view name, std::string_view value)
{
    put_response_header(r, field, name, copy(r->pool, value));
}

}  // namespace

ToldFields find_told_fields(ngx_http_request_t *r)
{
    ToldFields fields;
    each_field(r->headers_out.headers, true, [&](ngx_table_elt_t &field) {
        const auto is = [&](std::string_view name) {
            return field.key.len == name.size() && equal_ignoring_case(view(field.key), name);
        };
        if (is("Cache-Control")) {
            join(r, fields.cache_control, field);
        } else if (is("Vary")) {
            join(r, fields.vary, field);
        } else if (is("X-Cache-Tag")) {
            join(r, fields.tags, field);
        } else if (is("Cache-Status")) {
            join(r, fields.cache_status, field);
        } else if (is("Age")) {
            if (fields.age != nullptr) {
                field.hash = 0;                        // the eldest is told, once
            } else {
                fields.age = &field;
            }
        } else if (is("Surrogate-Control")) {
            field.hash = 0;                            // for caches like this one alone
        }
    });

    return fields;
}

void tell_age(ngx_http_request_t *r, const ToldFields &fields, ttl::Seconds age)
{
    ShortText<24> text;
    text.append(age);
    put(r, fields.age, "Age", text);
}

void tell_lifetime(ngx_http_request_t *r, const ToldFields &fields, const ttl::Profile &profile,
                   const Heard &heard, const ttl::Lifetime &rest, ttl::Seconds age)
{
    const ttl::CacheControl said =
        heard.cache_control.empty() ? ttl::CacheControl{} : ttl::parse_cache_control(heard.cache_control);
    const bool passes_on = said.forbids() || said.says_zero()
                           || (!rest.by_profile && !heard.cache_control.empty());
    const ttl::Seconds limit = std::min(rest.ttl, profile.browser_ttl.value_or(rest.ttl));

    if (passes_on) {
        put(r, fields.cache_control, "Cache-Control", ttl::limited_cache_control(heard.cache_control, age, limit));
    } else {
        put(r, fields.cache_control, "Cache-Control",
            ttl::print_cache_control(ttl::client_control(profile, heard.answer.control, age, rest)));
    }

    // max-age goes before it; caches too old to know that are gone
    if (r->headers_out.expires != nullptr) {
        r->headers_out.expires->hash = 0;
        r->headers_out.expires = nullptr;
    }
}

void tell_names(ngx_http_request_t *r, const ToldFields &fields, const ttl::Policy &policy)
{
    const ttl::Profile &profile = *policy.profile;

    if (fields.vary == nullptr && !policy.per_user) {
        if (!profile.vary.empty()) {
            put_response_header(r, nullptr, "Vary", borrow(profile.vary_text));
        }
    } else if (!profile.vary.empty() || policy.per_user) {
        std::vector<std::string> vary = profile.vary;
        if (policy.per_user) {
            vary.emplace_back("X-User-ID");
        }
        put(r, fields.vary, "Vary", ttl::merged_vary(value_of(fields.vary), vary));
    }

    if (!profile.tags.empty()) {
        if (fields.tags == nullptr) {
            put_response_header(r, nullptr, "X-Cache-Tag", borrow(profile.tags_text));
        } else {
            put(r, fields.tags, "X-Cache-Tag",
                std::string(value_of(fields.tags)) + ", " + profile.tags_text);
        }
    }
}

void tell_cache_status(ngx_http_request_t *r, const ToldFields &fields, const ttl::CacheStatus &status)
{
    const auto own = ttl::print_cache_status(status);
    const std::string key = key_parameter(r);
    if (fields.cache_status == nullptr && key.empty()) {
        put(r, nullptr, "Cache-Status", own);
        return;
    }

    std::string all(value_of(fields.cache_status));
    all += all.empty() ? "" : ", ";
    all += own;
    put(r, fields.cache_status, "Cache-Status", all + key);
}

}  // namespace cdn

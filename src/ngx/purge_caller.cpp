#include "ngx/purge_caller.h"

#include "core/digest.h"
#include "core/encoding.h"
#include "ngx/headers.h"
#include "ngx/purge_state.h"
#include "ngx/zone.h"

namespace cdn {

namespace {

bool is_local(ngx_http_request_t *r)
{
    const sockaddr *address = r->connection->sockaddr;
    switch (address->sa_family) {
    case AF_UNIX:
        return true;
    case AF_INET: {
        const auto *in = reinterpret_cast<const sockaddr_in *>(address);
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
#if (NGX_HAVE_INET6)
    case AF_INET6: {
        const auto *in = reinterpret_cast<const sockaddr_in6 *>(address);
        return IN6_IS_ADDR_LOOPBACK(&in->sin6_addr)
               || (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr) && in->sin6_addr.s6_addr[12] == 127);
    }
#endif
    default:
        return false;
    }
}

// In constant time; digests, so that not even the length shows.
bool same_secret(std::string_view a, std::string_view b)
{
    return equal_in_constant_time(sha256_hex(a), sha256_hex(b));
}

// The password of "user:password" in base64; KeyCDN's plugins send their key as a user without one.
std::string basic_password(std::string_view encoded)
{
    const std::string decoded = base64_decode(encoded).value_or("");
    const auto [user, password, has_password] = cut(decoded, ':');
    return std::string(password.empty() ? user : password);
}

bool shows_token(ngx_http_request_t *r, const std::string &token)
{
    bool shown = false;
    const auto check = [&](std::string_view value) { shown = same_secret(value, token) || shown; };

    const std::string authorization = request_header(r, "Authorization");
    const auto [scheme, credentials, has_credentials] = cut(authorization, ' ');
    if (equal_ignoring_case(scheme, "Bearer")) {
        check(trim(credentials));
    } else if (equal_ignoring_case(scheme, "Basic")) {
        check(basic_password(trim(credentials)));
    }
    for (const std::string_view name : {"Fastly-Key", "AccessKey", "X-Auth-Key"}) {
        each_header(r->headers_in.headers, name, false,
                    [&](ngx_table_elt_t &field) { check(view(field.value)); });
    }
    return shown;
}

}  // namespace

std::optional<Error> check_caller(ngx_http_request_t *r)
{
    const PurgeConf &conf = loc_conf(r).purge;

    if (conf.token != nullptr) {
        if (!shows_token(r, *conf.token)) {
            return Error{ErrorCode::unauthorized, "the purge token is missing or wrong"};
        }
    } else if (!conf.is_open && !is_local(r)) {
        return Error{ErrorCode::forbidden, "purges are taken from this machine only"};
    }

    const std::string_view address = view(r->connection->addr_text);
    const std::uint64_t hash = ngx_hash_key(borrow(address).data, address.size());
    if (!may_call(main_conf(r), hash, clock_ms())) {
        return Error{ErrorCode::too_many, "too many purge calls from this address: try again in a second"};
    }
    return std::nullopt;
}

}  // namespace cdn

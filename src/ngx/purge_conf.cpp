#include "ngx/purge_conf.h"

#include "ngx/cache_check.h"
#include "ngx/open_files.h"
#include "ngx/purge_birth.h"
#include "ngx/purge_handler.h"
#include "ngx/purge_sweeper.h"
#include "ngx/setters.h"
#include "ngx/zone.h"

#include <fstream>
#include <iterator>

namespace cdn {

namespace {

char *const duplicate = const_cast<char *>("is duplicate");

// SECRET, or file:NAME without its final newline.
Result<std::string> read_secret(ngx_conf_t *cf, std::string_view text)
{
    constexpr std::string_view scheme = "file:";
    if (!text.starts_with(scheme)) {
        return std::string(text);
    }

    ngx_str_t name = copy(cf->pool, text.substr(scheme.size()));
    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return Error{ErrorCode::internal, "no memory"};
    }

    std::ifstream file(reinterpret_cast<const char *>(name.data), std::ios::binary);
    if (!file) {
        return bad_request("cannot read \"" + std::string(view(name)) + '"');
    }
    std::string secret{std::istreambuf_iterator<char>(file), {}};
    if (secret.ends_with('\n')) {
        secret.pop_back();
    }
    return secret;
}

std::vector<std::string_view> views(std::span<const ngx_str_t> words)
{
    std::vector<std::string_view> out;
    for (const ngx_str_t &word : words) {
        out.push_back(view(word));
    }
    return out;
}

// By address: hiredis would look names up on the event loop.
std::optional<Error> add_server(ngx_conf_t *cf, RedisSettings &settings, std::string_view url)
{
    if (auto error = add_redis_url(settings, url)) {
        return error;
    }
    RedisServer &server = settings.servers.back();
    if (server.port == 0) {
        return std::nullopt;
    }

    ngx_url_t parsed{};
    parsed.url = copy(cf->pool, server.shown);
    parsed.default_port = static_cast<in_port_t>(server.port);
    if (ngx_parse_url(cf->pool, &parsed) != NGX_OK || parsed.naddrs == 0) {
        return bad_request('"' + printable(server.shown) + "\" " + (parsed.err != nullptr ? parsed.err : "has no address"));
    }

    u_char text[NGX_SOCKADDR_STRLEN];
    const std::size_t length = ngx_sock_ntop(parsed.addrs[0].sockaddr, parsed.addrs[0].socklen, text,
                                             sizeof(text), 0);
    server.host.assign(reinterpret_cast<char *>(text), length);
    if (server.host.starts_with('[')) {
        server.host = server.host.substr(1, server.host.size() - 2);
    }
    return std::nullopt;
}

}  // namespace

// cdn_redis URL ... [sentinel=NAME] [namespace=NAME] [password=SECRET]
char *set_redis(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<MainConf *>(data)->redis;
        if (slot != nullptr) {
            return duplicate;
        }
        slot = pool_new<RedisSettings>(cf->pool);

        std::string password;
        for (const auto word : views(arguments(cf))) {
            const auto [key, value, has_value] = cut(word, '=');
            if (key == "sentinel" || key == "namespace") {
                if (!is_word(value) || value.find_first_of("{}") != value.npos) {
                    return complain(cf, std::string(key) + "= is one word without braces, not \"" + printable(value) + '"');
                }
                (key == "sentinel" ? slot->sentinel : slot->name_space) = value;
            } else if (key == "password" && has_value) {
                const auto secret = read_secret(cf, value);
                if (!secret) {
                    return complain(cf, secret.error().message);
                }
                password = *secret;
            } else if (const auto error = add_server(cf, *slot, word)) {
                return complain(cf, error->message);
            }
        }

        if (!password.empty()) {
            slot->password = password;
        }
        return slot->servers.empty() ? complain(cf, "needs a server: redis://HOST:PORT/DB") : NGX_CONF_OK;
    });
}

// cdn_tag_header NAME ...
char *set_tag_header(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->purge.tag_headers;
        if (slot != nullptr) {
            return duplicate;
        }

        slot = pool_new<std::vector<std::string>>(cf->pool);
        for (const auto name : views(arguments(cf))) {
            if (!is_header_name(name)) {
                return complain(cf, "\"" + printable(name) + "\" is no name of a header");
            }
            slot->emplace_back(name);
        }
        return NGX_CONF_OK;
    });
}

// cdn_purge_upstream trusted | untrusted
char *set_purge_upstream(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->purge.trusts_upstream;
        if (slot != NGX_CONF_UNSET) {
            return duplicate;
        }

        const auto word = view(arguments(cf)[0]);
        if (word != "trusted" && word != "untrusted") {
            return complain(cf, "is trusted or untrusted, not \"" + printable(word) + '"');
        }
        slot = word == "trusted";
        return NGX_CONF_OK;
    });
}

// cdn_purge_api [open]
char *set_purge_api(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &conf = static_cast<LocConf *>(data)->purge;
        auto *core = static_cast<ngx_http_core_loc_conf_t *>(
            ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
        auto *server = static_cast<SrvConf *>(ngx_http_conf_get_module_srv_conf(cf, ngx_http_cdn_module));

        if (conf.takes) {
            return duplicate;
        }
        if (!arguments(cf).empty()) {
            if (view(arguments(cf)[0]) != "open") {
                return complain(cf, "takes nothing, or \"open\", not \""
                                        + printable(view(arguments(cf)[0])) + '"');
            }
            conf.is_open = true;
        }
#if (NGX_PCRE)
        if (core->regex != nullptr) {
            return complain(cf, "needs a location without a regular expression");
        }
#endif
        if (core->named || core->noname) {
            return complain(cf, "needs a location with a path, not a named one and not \"if\"");
        }
        if (server->purge_location != nullptr) {
            return complain(cf, "a server has one purge endpoint: remove this one, or the one of location \""
                                    + std::string(view(server->purge_location->name)) + '"');
        }

        conf.takes = true;
        core->handler = purge_handler;
        server->purge_location = core;
        main_conf(cf).purges = true;
        return NGX_CONF_OK;
    });
}

// cdn_purge_token SECRET | file:NAME
char *set_purge_token(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->purge.token;
        if (slot != nullptr) {
            return duplicate;
        }

        auto secret = read_secret(cf, view(arguments(cf)[0]));
        if (!secret) {
            return complain(cf, secret.error().message);
        }
        if (secret->empty()) {
            return complain(cf, "the token is empty");
        }
        slot = pool_new<std::string>(cf->pool, std::move(*secret));
        return NGX_CONF_OK;
    });
}

// cdn_purge_cascade TARGET DEPENDENT ...
char *set_purge_cascade(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        const auto words = arguments(cf);
        const auto error = static_cast<MainConf *>(data)->purge_expansion->add_cascade(
            view(words[0]), views(words.subspan(1)));
        return error ? complain(cf, error->message) : NGX_CONF_OK;
    });
}

// cdn_purge_event NAME TARGET ...
char *set_purge_event(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        const auto words = arguments(cf);
        const auto error = static_cast<MainConf *>(data)->purge_expansion->add_event(
            view(words[0]), views(words.subspan(1)));
        return error ? complain(cf, error->message) : NGX_CONF_OK;
    });
}

// cdn_purge_rate N [burst=N]
char *set_purge_rate(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto *conf = static_cast<MainConf *>(data);
        if (conf->purge_rate != NGX_CONF_UNSET) {
            return duplicate;
        }

        const auto words = arguments(cf);
        const auto rate = parse_digits(view(words[0]));
        if (!rate || *rate < 1 || *rate > 1'000'000) {
            return complain(cf, "the rate is a whole number from 1 to 1000000, not \""
                                    + printable(view(words[0])) + '"');
        }
        conf->purge_rate = static_cast<ngx_int_t>(*rate);
        conf->purge_burst = conf->purge_rate * 10;

        if (words.size() > 1) {
            const auto [key, value, has_value] = cut(view(words[1]), '=');
            const auto burst = parse_digits(value);
            if (key != "burst" || !burst || *burst < 1 || *burst > 10'000'000) {
                return complain(cf, "after the rate comes burst=NUMBER, not \""
                                        + printable(view(words[1])) + '"');
            }
            conf->purge_burst = static_cast<ngx_int_t>(*burst);
        }
        return NGX_CONF_OK;
    });
}

// cdn_state DIRECTORY
char *set_state(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    auto *conf = static_cast<MainConf *>(data);
    if (conf->state.data != nullptr) {
        return duplicate;
    }

    conf->state = arguments(cf)[0];
    return ngx_conf_full_name(cf->cycle, &conf->state, 0) == NGX_OK ? NGX_CONF_OK : failed;
}

bool merge_purge_conf(ngx_conf_t *cf, const PurgeConf &outer, LocConf &conf)
{
    PurgeConf &purge = conf.purge;
    MainConf &main = main_conf(cf);
    auto *core = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));

    ngx_conf_merge_value(purge.exposes_tags, outer.exposes_tags, 0);
    ngx_conf_merge_value(purge.trusts_upstream, outer.trusts_upstream, 0);
    if (purge.token == nullptr) {
        purge.token = outer.token;
    }
    if (purge.tag_headers == nullptr) {
        purge.tag_headers = outer.tag_headers;
    }
    if (purge.tag_headers == nullptr) {
        static std::vector<std::string> names{"X-Cache-Tag", "Cache-Tag", "Surrogate-Key", "Edge-Cache-Tag"};
        purge.tag_headers = &names;
    }
    purge.hidden_lengths = std::uint64_t{1} << born_header.size() % 64 | std::uint64_t{1} << overlay_header.size() % 64;
    for (const std::string &name : *purge.tag_headers) {
        purge.hidden_lengths |= std::uint64_t{1} << name.size() % 64;
    }
    if (core->lmt_excpt && core->handler == nullptr && outer.takes) {
        purge.takes = true;
        purge.is_open = outer.is_open;
        core->handler = purge_handler;
    }

    // an image tier's cache of originals obeys with the edge's, unless told not to
    if (purge.on == NGX_CONF_UNSET) {
        purge.on = outer.on != NGX_CONF_UNSET ? outer.on : NGX_CONF_UNSET;
    }
    const bool asked = purge.on == 1;
    const bool implied = purge.on == NGX_CONF_UNSET && conf.image.transform && main.zone != nullptr;
    if (asked || purge.takes) {
        main.purges = true;
        if (main.zone == nullptr) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%s\" needs shared memory: add \"cdn_zone 32m;\" to the http block",
                               asked ? "cdn_purge" : "cdn_purge_api");
            return false;
        }
    }

    purge.obeys = asked || implied;
    note_caches(cf, main, purge);
    return !(purge.obeys || conf.ttl.in_force())
           || (install_cache_check(cf) && keep_cache_files_open(cf, main));
}

}  // namespace cdn

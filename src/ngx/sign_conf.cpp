#include "ngx/sign_conf.h"

#include "core/digest.h"
#include "ngx/conf.h"
#include "ngx/setters.h"

#include <cstring>

namespace cdn {

namespace {

constexpr std::size_t longest_key_file = 65536;

// A relative name is one beside nginx.conf, as for ssl_certificate.
Result<std::string> read_file(ngx_conf_t *cf, std::string_view name)
{
    ngx_str_t path = copy(cf->pool, name);
    if (name.empty() || ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return bad_request("a file needs a name");
    }

    const ngx_fd_t fd = ngx_open_file(path.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return bad_request("cannot open \"" + std::string(view(path)) + "\": " + std::strerror(ngx_errno));
    }

    std::string bytes(longest_key_file + 1, '\0');
    std::size_t size = 0;
    ssize_t     got = 0;
    do {
        got = ngx_read_fd(fd, bytes.data() + size, bytes.size() - size);
        size += got > 0 ? static_cast<std::size_t>(got) : 0;
    } while (got > 0 && size < bytes.size());

    const ngx_err_t error = ngx_errno;
    ngx_close_file(fd);

    if (got == -1) {
        return bad_request("cannot read \"" + std::string(view(path)) + "\": " + std::strerror(error));
    }
    if (size > longest_key_file) {
        return bad_request('"' + std::string(view(path)) + "\" is no key: it has more than 64k");
    }

    std::string out(bytes, 0, size);
    wipe(bytes.data(), bytes.size());
    return out;
}

const SignPolicy *make_policy(ngx_conf_t *cf, const SignConf &conf)
{
    if (conf.keys == nullptr) {
        complain(cf, "cdn_sign", "needs at least one \"cdn_sign_key\"");
        return nullptr;
    }

    const SignSchemeConf  native;
    const SignSchemeConf &chosen = conf.scheme != nullptr ? *conf.scheme : native;

    auto scheme = sign::make_scheme(chosen.name, chosen.options, *conf.keys);
    if (!scheme) {
        complain(cf, "cdn_sign_scheme", scheme.error().message);
        return nullptr;
    }

    auto *policy = pool_new<SignPolicy>(cf->pool);
    policy->mode = conf.mode;
    policy->scheme_name = chosen.name;
    policy->scheme = std::move(*scheme);
    policy->late_is_gone = chosen.late_is_gone;
    policy->memory = std::make_unique<SignMemory>(sign::GenuineTokens(random_number()));

    for (const std::string &text : policy->scheme->expressions()) {
        if (!compile(cf, text, policy->expressions.emplace_back())) {
            return nullptr;
        }
    }

    return policy;
}

}  // namespace

char *set_sign_scheme(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->sign.scheme;
        if (slot != nullptr) {
            return const_cast<char *>("is duplicate");
        }

        const auto *words = static_cast<const ngx_str_t *>(cf->args->elts);
        slot = pool_new<SignSchemeConf>(cf->pool);
        slot->name = view(words[1]);

        for (ngx_uint_t i = 2; i < cf->args->nelts; i++) {
            if (const auto error = slot->options.add(view(words[i]))) {
                return complain(cf, "cdn_sign_scheme", error->message);
            }
        }

        const auto late = slot->options.take_word("expired", {"403", "410"});
        if (!late) {
            return complain(cf, "cdn_sign_scheme", late.error().message);
        }
        slot->late_is_gone = *late == 1;

        // said here, where the line's number is known
        const auto made = sign::make_scheme(slot->name, slot->options, {});
        return made ? NGX_CONF_OK : complain(cf, "cdn_sign_scheme", made.error().message);
    });
}

char *set_sign_key(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->sign.keys;
        auto *words = static_cast<ngx_str_t *>(cf->args->elts);

        const auto read_secret = [&](ngx_str_t &word, std::size_t skipped) {
            auto secret = sign::read_secret(view(word).substr(skipped), [&](std::string_view name) {
                return read_file(cf, name);
            });
            if (secret && view(word).find("file:") != skipped) {
                wipe(word.data, word.len);             // the pool lives as long as nginx
            }
            return secret;
        };

        auto secret = read_secret(words[2], 0);
        if (!secret) {
            return complain(cf, "cdn_sign_key", secret.error().message);
        }

        sign::Key key{std::string(view(words[1])), std::move(*secret), {}};
        if (cf->args->nelts > 3) {
            constexpr std::string_view prefix = "salt=";
            if (!view(words[3]).starts_with(prefix)) {
                return complain(cf, "cdn_sign_key", "takes an id, a secret, and salt=SALT");
            }
            auto salt = read_secret(words[3], prefix.size());
            if (!salt) {
                return complain(cf, "cdn_sign_key", salt.error().message);
            }
            key.salt = std::move(*salt);
        }

        if (slot == nullptr) {
            slot = pool_new<sign::Keyring>(cf->pool);
        }
        if (const auto error = slot->add(std::move(key))) {
            return complain(cf, "cdn_sign_key", error->message);
        }

        return NGX_CONF_OK;
    });
}

char *merge_sign_conf(ngx_conf_t *cf, const SignConf &outer, SignConf &inner)
{
    const bool says_something = inner.mode != NGX_CONF_UNSET_UINT || inner.scheme != nullptr
                                || inner.keys != nullptr;

    ngx_conf_merge_uint_value(inner.mode, outer.mode, sign_off);
    inner.scheme = inner.scheme != nullptr ? inner.scheme : outer.scheme;
    inner.keys = inner.keys != nullptr ? inner.keys : outer.keys;

    if (inner.mode == sign_off) {
        return NGX_CONF_OK;
    }
    if (!says_something && outer.policy != nullptr) {
        inner.policy = outer.policy;
        return NGX_CONF_OK;
    }

    inner.policy = make_policy(cf, inner);
    return inner.policy != nullptr ? NGX_CONF_OK : failed;
}

}  // namespace cdn

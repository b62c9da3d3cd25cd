// Cloud CDN.  The last arguments, in this order, sign all before them:
//
//   url:    ...Expires=E&KeyName=N&Signature=S, over base, path and query up to "&Signature"
//   prefix: ...URLPrefix=P&Expires=E&KeyName=N&Signature=S, over these without the signature
//   cookie: Cloud-CDN-Cookie=URLPrefix=P:Expires=E:KeyName=N:Signature=S, likewise
//
// S is the base64url of HMAC-SHA1, P that of base and the beginning of a path.

#include "sign/schemes.h"

#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"
#include "sign/area.h"
#include "sign/token.h"

#include <array>

namespace cdn::sign {

namespace {

constexpr std::string_view cookie_name = "Cloud-CDN-Cookie";

class Google : public Scheme {
public:
    Google(std::string base, const Keyring &keys) : base_(add_expression(std::move(base)))
    {
        add_cookie(std::string(cookie_name));
        for (const Key &key : keys.keys()) {
            keys_.push_back({key.id, Hmac(Hash::sha1(), key.secret.bytes())});
        }
    }

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const Arguments arguments(asked.url, names);
        const Cookie cookie = find_cookie(asked.cookies, cookie_name);

        if (arguments.any()) {
            if (!arguments.has(signature)) {
                return {Verdict::missing, false, std::nullopt};
            }
            return arguments.repeated() ? refused(Verdict::invalid) : verify_query(asked, now);
        }
        if (cookie.count > 0) {
            return cookie.count > 1 ? refused(Verdict::invalid)
                                    : verify_token(read(cookie.value, ':'), cookie.value, asked, now);
        }

        return {Verdict::missing, true, std::nullopt};
    }

    unsigned grants() const override { return wish::expires | wish::area; }

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        if (wish.key.id.empty()) {
            return bad_request("needs the key's name");
        }

        const std::string base = asked.value(base_);
        if (!wish.area.empty() && !is_inside(asked.url.path, "", wish.area)) {
            return bad_request("the area is how the URL's path begins, not \"" + printable(wish.area) + '"');
        }

        const std::string token = names[expires] + '=' + std::to_string(wish.last()) + '&' + names[key_name] + '='
                                  + wish.key.id;
        const Hmac hmac(Hash::sha1(), wish.key.secret.bytes());
        const auto code = [&](std::string_view text) {
            return '&' + names[signature] + '=' + padded(base64url(hmac.of({text})));
        };
        if (wish.area.empty()) {
            const std::string url = with_argument(asked.url, token);
            return url + code(base + url);
        }

        const std::string area = names[prefix] + '=' + padded(base64url(base + wish.area)) + '&' + token;
        return with_argument(asked.url, area) + code(area);
    }

    std::string clean(const Url &url) const override { return without(url, names); }

private:
    enum Name : std::size_t { signature, expires, key_name, prefix };
    static inline const std::array<std::string, 4> names = {"Signature", "Expires", "KeyName", "URLPrefix"};

    static std::string padded(std::string base64)
    {
        base64.append((4 - base64.size() % 4) % 4, '=');
        return base64;
    }

    static bool is_inside(std::string_view path, const std::string &base, std::string_view prefix)
    {
        const auto spelt = spelt_as(prefix, path);
        return spelt && (base + *spelt).starts_with(prefix);
    }

    // "Expires=E&KeyName=N&Signature=S" with or without URLPrefix in front.
    struct Token {
        std::optional<std::string_view> prefix;
        std::string_view                expires;
        std::string_view                key_name;
        std::string_view                signature;
    };

    struct Prepared {
        std::string id;
        Hmac        hmac;
    };

    static std::optional<Token> read(std::string_view text, char separator)
    {
        const auto parts = split(text, separator);
        static constexpr std::string_view order[] = {"URLPrefix", "Expires", "KeyName", "Signature"};
        if (parts.size() != 3 && parts.size() != 4) {
            return std::nullopt;
        }

        Token token;
        for (std::size_t i = 0; i < parts.size(); i++) {
            const auto [name, value, has_value] = cut(parts[i], '=');
            if (name != order[i + 4 - parts.size()]) {
                return std::nullopt;
            }
            if (name == "URLPrefix") {
                token.prefix = value;
            } else {
                (name == "Expires" ? token.expires : name == "KeyName" ? token.key_name : token.signature) = value;
            }
        }

        return token;
    }

    Answer verify_query(const Asked &asked, std::int64_t now) const
    {
        const auto &query = asked.url.query;
        const bool has_prefix = Arguments(asked.url, names).has(prefix);
        const std::string first = has_prefix ? "URLPrefix=" : "Expires=";

        // where the token begins, which has to be its end too
        auto start = query.rfind('&' + first);
        start = start != query.npos ? start + 1 : query.starts_with(first) ? 0 : query.npos;
        if (start == query.npos) {
            return refused(Verdict::invalid);
        }

        const auto text = query.substr(start);
        const auto token = read(text, '&');
        if (has_prefix) {
            return verify_token(token, text, asked, now);
        }
        if (!token || token->prefix) {
            return refused(Verdict::invalid);
        }

        const std::string url = Url{asked.url.path, query.substr(0, query.rfind('&')), true}.text();
        return verify_text(*token, asked.value(base_) + url, now);
    }

    // One with a prefix: its own text is what is signed.
    Answer verify_token(const std::optional<Token> &token, std::string_view text, const Asked &asked,
                        std::int64_t now) const
    {
        if (!token || !token->prefix) {
            return refused(Verdict::invalid);
        }

        const auto signed_text = text.substr(0, text.size() - token->signature.size() - std::string_view("&Signature=").size());
        Answer answer = verify_text(*token, signed_text, now);
        if (answer.verdict == Verdict::ok || answer.verdict == Verdict::expired) {
            const auto area = base64_decode(unescape_base64(*token->prefix));
            if (!area || !is_inside(asked.url.path, asked.value(base_), *area)) {
                return refused(Verdict::invalid);
            }
        }
        return answer;
    }

    Answer verify_text(const Token &token, std::string_view text, std::int64_t now) const
    {
        const auto last = parse_digits(token.expires);
        const std::string given = unescape_base64(token.signature);

        bool matches = false;
        for (const auto &[id, hmac] : keys_) {
            if (id == token.key_name) {
                matches |= equal_in_constant_time(base64url(hmac.of({text})), without_padding(given));
            }
        }

        return matches && last ? genuine(*last, now) : refused(Verdict::invalid);
    }

    std::size_t           base_;
    std::vector<Prepared> keys_;
};

}  // namespace

Made make_google(SchemeOptions &options, const Keyring &keys)
{
    auto base = take_base(options);
    if (!base) {
        return base.error();
    }

    return std::unique_ptr<Scheme>(std::make_unique<Google>(std::move(*base), keys));
}

}  // namespace cdn::sign

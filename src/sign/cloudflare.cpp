// hmac:   ...?verify=T-M as the last argument: T the time of issue, ten digits, M the
//         base64 of HMAC-SHA256 over what stands before the argument, and T.
// hosted: ...?exp=E&sig=S: S the hex HMAC-SHA256 over path, "?" and the query before
//         "&sig=".

#include "sign/schemes.h"

#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"
#include "sign/token.h"

#include <array>

namespace cdn::sign {

namespace {

std::vector<Hmac> prepare(const Keyring &keys)
{
    std::vector<Hmac> out;
    for (const Key &key : keys.keys()) {
        out.emplace_back(Hash::sha256(), key.secret.bytes());
    }

    return out;
}

// The URL up to its last argument, if that is this one.
std::optional<std::string> before_last(const Url &url, std::string_view name)
{
    const auto start = url.query.rfind('&');
    const auto last = url.query.substr(start == url.query.npos ? 0 : start + 1);
    if (cut(last, '=').before != name) {
        return std::nullopt;
    }

    return Url{url.path, url.query.substr(0, start == url.query.npos ? 0 : start),
               start != url.query.npos}.text();
}

class CloudflareHmac : public Scheme {
public:
    CloudflareHmac(std::string param, bool url_safe, std::int64_t ttl, const Keyring &keys)
        : names_{std::move(param)}, url_safe_(url_safe), ttl_(ttl), keys_(prepare(keys)) {}

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const Arguments arguments(asked.url, names_);
        if (!arguments.any()) {
            return {Verdict::missing, true, std::nullopt};
        }

        const auto message = before_last(asked.url, names_[0]);
        const auto [issued_text, mac, has_mac] = cut(arguments[0], '-');
        const auto issued = parse_digits(issued_text);
        if (arguments.repeated() || !message || !issued || issued_text.size() != 10) {
            return refused(Verdict::invalid);
        }

        const std::string given = url_safe_ ? std::string(mac) : unescape_base64(mac);
        bool matches = false;
        for (const Hmac &hmac : keys_) {
            matches |= equal_in_constant_time(code(hmac, *message, issued_text), given);
        }

        return matches ? genuine(*issued + ttl_ - 1, now) : refused(Verdict::invalid);
    }

    unsigned grants() const override { return wish::expires; }

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        if (wish.expires) {
            return bad_request("such a URL is valid for its ttl from now, and cannot have another expiry");
        }

        const std::string issued = std::to_string(wish.now);
        if (issued.size() != 10) {
            return bad_request("the time of issue has ten digits");
        }
        const Hmac hmac(Hash::sha256(), wish.key.secret.bytes());
        return with_argument(asked.url, names_[0] + '=' + issued + '-'
                                            + escape_base64(code(hmac, asked.url.text(), issued)));
    }

    std::string clean(const Url &url) const override { return without(url, names_); }

private:
    std::string code(const Hmac &hmac, std::string_view message, std::string_view issued) const
    {
        const std::string bytes = hmac.of({message, issued});
        return url_safe_ ? base64url(bytes) : base64(bytes);
    }

    std::array<std::string, 1> names_;
    bool                       url_safe_;
    std::int64_t               ttl_;
    std::vector<Hmac>          keys_;
};

class CloudflareHosted : public Scheme {
public:
    explicit CloudflareHosted(const Keyring &keys) : keys_(prepare(keys)) {}

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const Arguments arguments(asked.url, names);
        if (!arguments.has(sig)) {
            return {Verdict::missing, !arguments.any(), std::nullopt};
        }

        const auto message = before_last(asked.url, names[sig]);
        const auto last = parse_digits(arguments[exp]);
        if (arguments.repeated() || !message || !last) {
            return refused(Verdict::invalid);
        }

        bool matches = false;
        for (const Hmac &hmac : keys_) {
            matches |= equal_in_constant_time(hex(hmac.of({*message})), arguments[sig]);
        }

        return matches ? genuine(*last, now) : refused(Verdict::invalid);
    }

    unsigned grants() const override { return wish::expires; }

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        const std::string message = with_argument(asked.url, names[exp] + '=' + std::to_string(wish.last()));
        const Hmac hmac(Hash::sha256(), wish.key.secret.bytes());
        return message + '&' + names[sig] + '=' + hex(hmac.of({message}));
    }

    std::string clean(const Url &url) const override { return without(url, names); }

private:
    enum Name : std::size_t { sig, exp };
    static inline const std::array<std::string, 2> names = {"sig", "exp"};

    std::vector<Hmac> keys_;
};

}  // namespace

Made make_cloudflare(SchemeOptions &options, const Keyring &keys)
{
    const auto mode = options.take_word("mode", {"hmac", "hosted"});
    if (!mode) {
        return mode.error();
    }
    if (*mode == 1) {
        return std::unique_ptr<Scheme>(std::make_unique<CloudflareHosted>(keys));
    }

    const auto encoding = options.take_word("encoding", {"base64", "base64url"});
    if (!encoding) {
        return encoding.error();
    }

    const auto ttl_text = options.take("ttl");
    const auto ttl = parse_duration(ttl_text.value_or(""));
    if (!ttl || *ttl == 0) {
        return bad_request(ttl_text ? "ttl is a time like 3h, not \"" + printable(*ttl_text) + '"'
                                    : "needs ttl=TIME, how long a URL is valid from its time of issue");
    }

    auto param = take_name(options, "param", "verify");
    if (!param) {
        return param.error();
    }

    return std::unique_ptr<Scheme>(
        std::make_unique<CloudflareHmac>(std::move(*param), *encoding == 1, *ttl, keys));
}

}  // namespace cdn::sign

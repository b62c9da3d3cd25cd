// ?token=E_S: S is the hex HMAC-SHA1 over the URL without the token, or its path alone,
// and E.  Nothing separates them: E has ten digits.

#include "sign/schemes.h"

#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"

#include <array>

namespace cdn::sign {

namespace {

class Fastly : public Scheme {
public:
    Fastly(std::string param, bool signs_query, const Keyring &keys)
        : names_{std::move(param)}, signs_query_(signs_query)
    {
        for (const Key &key : keys.keys()) {
            keys_.emplace_back(Hash::sha1(), key.secret.bytes());
        }
    }

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const Arguments arguments(asked.url, names_);
        if (!arguments.any()) {
            return {Verdict::missing, true, std::nullopt};
        }

        const auto [expires, code, has_code] = cut(arguments[0], '_');
        const auto last = parse_digits(expires);
        if (arguments.repeated() || !last || expires.size() != 10) {
            return refused(Verdict::invalid);
        }

        const std::string url = signed_part(asked.url);
        bool matches = false;
        for (const Hmac &hmac : keys_) {
            matches |= equal_in_constant_time(hex(hmac.of({url, expires})), code);
        }

        return matches ? genuine(*last, now) : refused(Verdict::invalid);
    }

    unsigned grants() const override { return wish::expires; }

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        const std::string last = std::to_string(wish.last());
        if (last.size() != 10) {
            return bad_request("an expiry has ten digits");
        }
        const Hmac hmac(Hash::sha1(), wish.key.secret.bytes());
        return with_argument(asked.url, names_[0] + '=' + last + '_' + hex(hmac.of({signed_part(asked.url), last})));
    }

    std::string clean(const Url &url) const override { return without(url, names_); }

private:
    std::string signed_part(const Url &url) const
    {
        return signs_query_ ? clean(url) : std::string(url.path);
    }

    std::array<std::string, 1> names_;
    bool                       signs_query_;
    std::vector<Hmac>          keys_;
};

}  // namespace

Made make_fastly(SchemeOptions &options, const Keyring &keys)
{
    auto param = take_name(options, "param", "token");
    const auto query = options.take_flag("query", true);
    if (!param || !query) {
        return !param ? param.error() : query.error();
    }

    return std::unique_ptr<Scheme>(std::make_unique<Fastly>(std::move(*param), *query, keys));
}

}  // namespace cdn::sign

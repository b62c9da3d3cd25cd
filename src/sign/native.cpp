// ?...&signature=S&expires=E[&key=ID]: S is the unpadded base64url of HMAC-SHA256
// over the URL as sent, without those three, a newline, and E.

#include "sign/schemes.h"

#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"

#include <array>

namespace cdn::sign {

namespace {

class Native : public Scheme {
public:
    explicit Native(const Keyring &keys)
    {
        for (const Key &key : keys.keys()) {
            keys_.push_back({key.id, Hmac(Hash::sha256(), key.secret.bytes())});
        }
    }

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const Arguments arguments(asked.url, names);
        const auto given = arguments[signature];

        if (!arguments.has(signature)) {
            return {Verdict::missing, !arguments.any(), std::nullopt};
        }

        const auto last = parse_digits(arguments[expires]);
        if (arguments.repeated() || !last) {
            return refused(Verdict::invalid);
        }

        const std::string url = clean(asked.url);
        bool matches = false;
        for (const auto &[id, hmac] : keys_) {
            if (!arguments.has(key_id) || arguments[key_id] == id) {
                matches |= equal_in_constant_time(code(hmac, url, arguments[expires]), given);
            }
        }

        return matches ? genuine(*last, now) : refused(Verdict::invalid);
    }

    unsigned grants() const override { return wish::expires; }

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        const std::string last = std::to_string(wish.last());
        const Hmac hmac(Hash::sha256(), wish.key.secret.bytes());
        return with_argument(asked.url, names[signature] + '=' + code(hmac, asked.url.text(), last) + '&'
                                            + names[expires] + '=' + last
                                            + (wish.key.id.empty() ? "" : '&' + names[key_id] + '=' + wish.key.id));
    }

    std::string clean(const Url &url) const override { return without(url, names); }

private:
    enum Name : std::size_t { signature, expires, key_id };
    static inline const std::array<std::string, 3> names = {"signature", "expires", "key"};

    static std::string code(const Hmac &hmac, std::string_view url, std::string_view last)
    {
        return base64url(hmac.of({url, "\n", last}));
    }

    struct Prepared {
        std::string id;
        Hmac        hmac;
    };
    std::vector<Prepared> keys_;
};

}  // namespace

Made make_native(SchemeOptions &, const Keyring &keys)
{
    return std::unique_ptr<Scheme>(std::make_unique<Native>(keys));
}

}  // namespace cdn::sign

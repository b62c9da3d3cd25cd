// /S/rest: S is the base64url of the first `size` bytes of HMAC-SHA256 over salt and
// "/rest".  The query is no part of it, and is dropped.

#include "sign/schemes.h"

#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"
#include "sign/path_form.h"
#include "sign/token.h"

namespace cdn::sign {

namespace {

// exp:TIME among the options in front of the source.
struct Expiry {
    std::optional<std::int64_t> last;
    bool                        malformed = false;
};

Expiry read_expiry(std::string_view rest)
{
    Expiry expiry;
    for (const auto segment : split(rest.substr(1), '/')) {
        const auto [name, value, has_value] = cut(segment, ':');
        if (!has_value) {
            break;                                     // "plain", or the source itself
        }
        if (name == "exp" || name == "expires") {
            const auto time = parse_digits(value);
            expiry.malformed = expiry.malformed || !time;
            expiry.last = time;
        }
    }

    return expiry;
}

class Imgproxy : public Scheme {
public:
    Imgproxy(std::size_t size, const Keyring &keys) : size_(size)
    {
        for (const Key &key : keys.keys()) {
            keys_.push_back({Hmac(Hash::sha256(), key.secret.bytes()), key.salt});
        }
    }

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const auto form = read_path_form(asked.url.path);
        if (!form || stands_for_nothing(form->signature)) {
            return {Verdict::missing, true, std::nullopt};
        }

        const auto given = without_padding(form->signature);
        bool matches = false;
        for (const auto &[hmac, salt] : keys_) {
            matches |= equal_in_constant_time(code(hmac, salt, form->rest), given);
        }

        const Expiry expiry = read_expiry(form->rest);
        if (!matches || expiry.malformed) {
            return refused(Verdict::invalid);
        }

        return expiry.last ? genuine(*expiry.last, now) : refused(Verdict::ok);
    }

    unsigned grants() const override { return wish::expires; }

    bool is_signed(const Url &) const override { return false; }   // any segment may be the first of a path

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        if (asked.url.has_query || wish.key.salt.bytes().empty()) {
            return bad_request(asked.url.has_query ? "such a URL cannot have a query" : "needs a salt");
        }

        const std::string rest = (wish.expires ? "/exp:" + std::to_string(*wish.expires) : "")
                                 + std::string(asked.url.path);
        return '/' + code(Hmac(Hash::sha256(), wish.key.secret.bytes()), wish.key.salt, rest) + rest;
    }

    std::string clean(const Url &url) const override
    {
        const auto form = read_path_form(url.path);
        return form ? std::string(form->rest) : url.text();
    }

    bool shows_tokens() const override { return false; }

private:
    struct Prepared {
        Hmac   hmac;
        Secret salt;
    };

    std::string code(const Hmac &hmac, const Secret &salt, std::string_view rest) const
    {
        return base64url(hmac.of({salt.bytes(), rest}).substr(0, size_));
    }

    std::size_t           size_;
    std::vector<Prepared> keys_;
};

}  // namespace

Made make_imgproxy(SchemeOptions &options, const Keyring &keys)
{
    const std::string text = options.take("size", "32");
    const auto size = parse_digits(text);
    if (!size || *size < 1 || *size > 32) {
        return bad_request("size is from 1 to 32, not \"" + printable(text) + '"');
    }
    for (const Key &key : keys.keys()) {
        if (key.salt.bytes().empty()) {
            return bad_request("the key \"" + printable(key.id) + "\" needs salt=SALT");
        }
    }

    return std::unique_ptr<Scheme>(std::make_unique<Imgproxy>(static_cast<std::size_t>(*size), keys));
}

}  // namespace cdn::sign

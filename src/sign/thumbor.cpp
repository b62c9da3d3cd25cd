// /S/rest: S is the padded base64url of HMAC-SHA1 over what follows "/S/", its query
// included.

#include "sign/schemes.h"

#include "core/digest.h"
#include "core/encoding.h"
#include "sign/path_form.h"
#include "sign/token.h"

namespace cdn::sign {

namespace {

class Thumbor : public Scheme {
public:
    explicit Thumbor(const Keyring &keys)
    {
        for (const Key &key : keys.keys()) {
            keys_.emplace_back(Hash::sha1(), key.secret.bytes());
        }
    }

    Answer verify(const Asked &asked, std::int64_t) const override
    {
        const auto form = read_path_form(asked.url.path);
        if (!form || stands_for_nothing(form->signature)) {
            return {Verdict::missing, true, std::nullopt};
        }

        const Url rest{form->rest, asked.url.query, asked.url.has_query};
        const std::string given = unescape_base64(form->signature);
        bool matches = false;
        for (const Hmac &hmac : keys_) {
            matches |= equal_in_constant_time(code(hmac, rest), given);
        }

        return refused(matches ? Verdict::ok : Verdict::invalid);
    }

    unsigned grants() const override { return wish::nothing; }

    bool is_signed(const Url &) const override { return false; }   // any segment may be the first of a path

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        return '/' + code(Hmac(Hash::sha1(), wish.key.secret.bytes()), asked.url) + asked.url.text();
    }

    std::string clean(const Url &url) const override
    {
        const auto form = read_path_form(url.path);
        return Url{form ? form->rest : url.path, url.query, url.has_query}.text();
    }

    bool shows_tokens() const override { return false; }

private:
    static std::string code(const Hmac &hmac, const Url &rest)
    {
        return base64url(hmac.of({rest.text().substr(1)})) + '=';
    }

    std::vector<Hmac> keys_;
};

}  // namespace

Made make_thumbor(SchemeOptions &, const Keyring &keys)
{
    return std::unique_ptr<Scheme>(std::make_unique<Thumbor>(keys));
}

}  // namespace cdn::sign

// access: ?token=T&expire=E, T is MD5(path secret expire); other arguments are free.
// image:  ?...&token=T, T is MD5(path query secret), the query without its "&token=T".

#include "sign/schemes.h"

#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"
#include "sign/token.h"

#include <algorithm>
#include <array>

namespace cdn::sign {

namespace {

class KeyCdn : public Scheme {
public:
    KeyCdn(bool is_image, const Keyring &keys)
        : is_image_(is_image), keys_(keys.keys().begin(), keys.keys().end()) {}

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const Arguments arguments(asked.url, token_names());
        if (!arguments.has(token)) {
            return {Verdict::missing, !arguments.any(), std::nullopt};
        }

        const auto last = is_image_ ? std::optional<std::int64_t>(0) : parse_digits(arguments[expire]);
        if (arguments.repeated() || !last) {
            return refused(Verdict::invalid);
        }

        const std::string rest = clean(asked.url);
        const auto query = Url::of(rest).query;
        const auto given = without_padding(arguments[token]);
        bool matches = false;
        for (const Key &key : keys_) {
            matches |= equal_in_constant_time(code(key, asked.url.path, query, arguments[expire]), given);
        }

        return !matches    ? refused(Verdict::invalid)
               : is_image_ ? refused(Verdict::ok)
                           : genuine(*last, now);
    }

    unsigned grants() const override { return is_image_ ? wish::nothing : wish::expires; }

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        const std::string last = std::to_string(wish.last());
        const std::string text = names[token] + '=' + code(wish.key, asked.url.path, asked.url.query, last);
        return with_argument(asked.url, is_image_ ? text : text + '&' + names[expire] + '=' + last);
    }

    std::string clean(const Url &url) const override { return without(url, token_names()); }

private:
    enum Name : std::size_t { token, expire };
    static inline const std::array<std::string, 2> names = {"token", "expire"};

    Names token_names() const { return Names(names).first(is_image_ ? 1 : 2); }

    std::string code(const Key &key, std::string_view path, std::string_view query, std::string_view last) const
    {
        const auto secret = key.secret.bytes();
        return base64url(is_image_ ? Hash::md5().of({path, query, secret})
                                   : Hash::md5().of({path, secret, last}));
    }

    bool             is_image_;
    std::vector<Key> keys_;
};

}  // namespace

Made make_keycdn(SchemeOptions &options, const Keyring &keys)
{
    const auto mode = options.take_word("mode", {"access", "image"});
    if (!mode) {
        return mode.error();
    }

    return std::unique_ptr<Scheme>(std::make_unique<KeyCdn>(*mode == 1, keys));
}

}  // namespace cdn::sign

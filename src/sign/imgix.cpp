// ?...[&expires=E]&s=S: S is the hex MD5 of secret, path and, if there is one, "?" and
// the query without s, in which browsers escape the "'" that signers leave as it is.

#include "sign/schemes.h"

#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"

#include <array>

namespace cdn::sign {

namespace {

class Imgix : public Scheme {
public:
    explicit Imgix(const Keyring &keys) : keys_(keys.keys().begin(), keys.keys().end()) {}

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const Arguments arguments(asked.url, names);
        if (!arguments.has(signature)) {
            return {Verdict::missing, !arguments.any(), std::nullopt};
        }

        const auto last = parse_digits(arguments[expires]);
        if (arguments.repeated() || (arguments.has(expires) && !last)) {
            return refused(Verdict::invalid);
        }

        const std::string text = without(asked.url, Names(names).first(1));
        const std::string before_browser = with_apostrophes(text);
        bool matches = false;
        for (const Key &key : keys_) {
            matches |= equal_in_constant_time(code(key, text), arguments[signature]);
            if (before_browser != text) {
                matches |= equal_in_constant_time(code(key, before_browser), arguments[signature]);
            }
        }

        return !matches ? refused(Verdict::invalid) : last ? genuine(*last, now) : refused(Verdict::ok);
    }

    unsigned grants() const override { return wish::expires; }

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        const std::string text = wish.expires ? with_argument(asked.url, names[expires] + '=' + std::to_string(*wish.expires))
                                              : asked.url.text();
        return with_argument(text, names[signature] + '=' + code(wish.key, text));
    }

    std::string clean(const Url &url) const override { return without(url, names); }

private:
    enum Name : std::size_t { signature, expires };
    static inline const std::array<std::string, 2> names = {"s", "expires"};

    static std::string with_apostrophes(std::string url)
    {
        for (auto at = url.find("%27", url.find('?')); at != url.npos; at = url.find("%27", at)) {
            url.replace(at, 3, "'");
        }
        return url;
    }

    static std::string code(const Key &key, std::string_view url)
    {
        return hex(Hash::md5().of({key.secret.bytes(), url}));
    }

    std::vector<Key> keys_;
};

}  // namespace

Made make_imgix(SchemeOptions &, const Keyring &keys)
{
    return std::unique_ptr<Scheme>(std::make_unique<Imgix>(keys));
}

}  // namespace cdn::sign

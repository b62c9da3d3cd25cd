// ?...[&expires=E]&s=S: S is the hex MD5 of secret, path and, if there is one, "?" and
// the query without s.

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
        bool matches = false;
        for (const Key &key : keys_) {
            matches |= equal_in_constant_time(hex(Hash::md5().of({key.secret.bytes(), text})),
                                              arguments[signature]);
        }

        return !matches ? refused(Verdict::invalid) : last ? genuine(*last, now) : refused(Verdict::ok);
    }

    std::string clean(const Url &url) const override { return without(url, names); }

private:
    enum Name : std::size_t { signature, expires };
    static inline const std::array<std::string, 2> names = {"s", "expires"};

    std::vector<Key> keys_;
};

}  // namespace

Made make_imgix(SchemeOptions &, const Keyring &keys)
{
    return std::unique_ptr<Scheme>(std::make_unique<Imgix>(keys));
}

}  // namespace cdn::sign

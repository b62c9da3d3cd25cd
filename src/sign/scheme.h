// A way to sign URLs: what a request says, and the keys, give a verdict; and the other
// way round, for whoever makes URLs.  Nothing here reads a clock, a request or a file.

#pragma once

#include "core/result.h"
#include "sign/keyring.h"
#include "sign/url.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cdn::sign {

enum class Verdict {
    ok,
    missing,                                           // no signature
    invalid,                                           // forged or malformed
    expired,                                           // genuine, but late
    forbidden,                                         // bound to another address or country
};
constexpr std::size_t verdicts = static_cast<std::size_t>(Verdict::forbidden) + 1;

std::string_view name(Verdict verdict);

struct Answer {
    Verdict                     verdict = Verdict::missing;
    bool                        wholly_unsigned = false;   // missing, and nothing of a token either
    std::optional<std::int64_t> expires;               // of a genuine one: its last valid second
};

// What a scheme may ask of a request.
struct Asked {
    Url              url;
    std::string_view cookies;                          // the Cookie header
    std::function<std::string(std::size_t)> value;     // what this of Scheme::expressions() is now
};

// What a new signature is to say.  Each scheme refuses what it has no words for.
struct Wish {
    const Key                  &key;                   // cloudfront: a private one, PEM
    std::int64_t                now = 0;
    std::optional<std::int64_t> expires = {};          // the last valid second, as the scheme counts it
    std::optional<std::int64_t> starts = {};           // not valid before
    std::string                 ip = {};               // one client's address
    std::string                 area = {};             // all URLs of it: how it is meant is the scheme's
    std::string                 hash = {};             // one of several that a scheme has
    bool                        in_path = false;       // bunnycdn: relative links inherit it

    // Where nobody says: an hour.
    std::int64_t last() const { return expires.value_or(now + 3600); }
};

namespace wish {
enum Part : unsigned { nothing = 0, expires = 1, starts = 2, ip = 4, area = 8, hash = 16, in_path = 32 };
}

class Scheme {
public:
    virtual ~Scheme() = default;

    // Tries every key, in constant time.  A forged URL is reported before a late one,
    // so that a forger cannot use the clock as an oracle.
    virtual Answer verify(const Asked &asked, std::int64_t now) const = 0;

    // The URL with a token that verify() takes for genuine.  Of `asked` it reads the URL
    // and the values; the scheme's own keys it does not need.
    Result<std::string> sign(const Asked &asked, const Wish &wish) const;

    // The URL without its token, valid or not.
    virtual std::string clean(const Url &url) const = 0;

    // Whether clean() changes no URL but those that have one.
    virtual bool shows_tokens() const { return true; }

    // Cookies that carry a token; nobody else need see them.
    const std::vector<std::string> &cookies() const { return cookies_; }

    // Texts with variables of the web server, which it reads when asked.
    const std::vector<std::string> &expressions() const { return expressions_; }

protected:
    // What of a Wish it can fulfil: bits of wish::Part.
    virtual unsigned grants() const = 0;

    // A token is there already, which would be mixed up with another.
    virtual bool is_signed(const Url &url) const { return clean(url) != url.text(); }

    // What sign() is, of a URL without a token, for a wish that it can fulfil.
    virtual Result<std::string> signed_url(const Asked &asked, const Wish &wish) const = 0;

    std::size_t add_expression(std::string text)
    {
        expressions_.push_back(std::move(text));
        return expressions_.size() - 1;
    }

    void add_cookie(std::string name) { cookies_.push_back(std::move(name)); }

private:
    std::vector<std::string> expressions_;
    std::vector<std::string> cookies_;
};

// The options of "cdn_sign_scheme NAME key=value ..."; each is taken once.
class SchemeOptions {
public:
    // One that is there already is an error.
    std::optional<Error> add(std::string_view text);

    std::optional<std::string> take(std::string_view name);
    std::string take(std::string_view name, std::string_view otherwise);

    // One of the words, or an error that names them.
    Result<std::size_t> take_word(std::string_view name, std::initializer_list<std::string_view> words);
    Result<bool> take_flag(std::string_view name, bool otherwise);

    // What nobody took.
    std::optional<Error> rest() const;

private:
    std::vector<std::pair<std::string, std::string>> options_;
};

using Made = Result<std::unique_ptr<Scheme>>;

std::vector<std::string> scheme_names();

// Without keys it refuses every URL, and still says what is wrong with the options.
Made make_scheme(std::string_view name, SchemeOptions options, const Keyring &keys);

// ok until its last second, then expired.
Answer genuine(std::int64_t expires, std::int64_t now);
Answer refused(Verdict verdict);

}  // namespace cdn::sign

// ?token=T&expires=E&..., or /bcdn_token=T&expires=E&.../path.  Three generations,
// told apart by the token's shape:
//
//   HS256-S, HS256-1-S   HMAC-SHA256(key, path expires ip params); "1-": bound to an IP,
//                        4 bytes, or 16 of which the last 8 are zero; for some months of
//                        2026 the IP came last and as text, without "1-"
//   S of 43 characters   SHA-256(key path expires [ip] params), the IP as text
//   S of 22 characters   MD5(key path expires [ip])
//
// `path` is token_path where there is one, `params` all other arguments, decoded,
// sorted, joined by "&".  The parts are not separated, so their borders are made sure
// of: ten digits of expiry, arguments whose names do not begin with one.

#include "sign/schemes.h"

#include "core/address.h"
#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"
#include "sign/area.h"
#include "sign/token.h"

#include <algorithm>
#include <map>

namespace cdn::sign {

namespace {

constexpr std::string_view directory_start = "/bcdn_token=";

bool is_reserved(std::string_view name)
{
    return name == "token" || name == "expires" || name.starts_with("token_");
}

struct Token {
    std::string_view   path;                           // of the resource, as sent
    bool               is_directory = false;
    std::string_view   token;
    std::string_view   expires;
    unsigned           tokens = 0;
    bool               any = false;                    // something reserved is there
    bool               malformed = false;
    bool               ambiguous = false;              // signed text that could mean another URL
    std::map<std::string, std::string> params;         // decoded, sorted
};

// "+" is a space, as in forms.
std::optional<std::string> decode(std::string_view text)
{
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    auto decoded = percent_decode(spaced);
    // what an extended hash would have to contain, and no argument does
    const bool has_control = decoded && std::any_of(decoded->begin(), decoded->end(), [](char c) {
        return c >= 0 && c < ' ';
    });
    return has_control ? std::nullopt : decoded;
}

// The first segment's arguments, and the path behind it.
struct Directory {
    std::string_view arguments;
    std::string_view path;
};

std::optional<Directory> read_directory(std::string_view path)
{
    if (!path.starts_with(directory_start)) {
        return std::nullopt;
    }

    const auto end = path.find('/', 1);
    return Directory{path.substr(1, end == path.npos ? path.npos : end - 1),
                     end == path.npos ? std::string_view("/") : path.substr(end)};
}

void read_argument(Token &token, std::string_view name, std::string_view value, bool in_directory)
{
    token.any = token.any || is_reserved(name) || in_directory;

    if (name == (in_directory ? "bcdn_token" : "token") && !(token.is_directory && !in_directory)) {
        token.token = value;
        token.tokens++;
        return;
    }
    if (name == "expires") {
        token.malformed = token.malformed || !token.expires.empty();
        token.expires = value;
        return;
    }

    const auto key = decode(name);
    const auto text = decode(value);
    const bool good = key && text && !key->empty() && (key->front() < '0' || key->front() > '9')
                      && key->find_first_of("=&") == key->npos && text->find('&') == text->npos
                      && *key != "token" && *key != "expires"
                      // what is spelt otherwise stays in the clean URL
                      && (*key == name || (!is_reserved(*key) && *key != "limit"))
                      && token.params.emplace(*key, *text).second;
    token.ambiguous = token.ambiguous || !good;
    token.malformed = token.malformed || (!good && (!key || is_reserved(*key)));
}

Token read_token(const Url &url)
{
    Token token;
    token.path = url.path;

    if (const auto directory = read_directory(url.path)) {
        token.is_directory = true;
        token.path = directory->path;
        // nginx resolves that: the visitor would choose the location
        const auto text = percent_decode(directory->arguments);
        token.malformed = !text || text->find("/..") != text->npos;
        each_argument(directory->arguments, [&](std::string_view, std::string_view name, std::string_view value) {
            read_argument(token, name, value, true);
        });
    }
    if (url.has_query) {
        each_argument(url.query, [&](std::string_view, std::string_view name, std::string_view value) {
            read_argument(token, name, value, false);
        });
    }

    return token;
}

// Escaped or not, these mean the same in a path, or cannot be there unescaped.  The others of the
// reserved do not: "/" "\\" "%" ";" "=" "+" (a space, somewhere).
constexpr std::string_view same_unescaped = " !\"#$&'()*,:<>?@[]^`{|}~";

// What some signers sign instead: the path decoded, where that means the same.
std::optional<std::string> readable_path(std::string_view path)
{
    std::string out;
    bool changed = false;

    for (std::size_t i = 0; i < path.size(); i++) {
        const auto byte = path[i] == '%' ? percent_decode(path.substr(i, 3)) : std::nullopt;
        if (path[i] != '%') {
            out += path[i];
            continue;
        }
        if (!byte || ((*byte)[0] >= 0 && same_unescaped.find(*byte) == same_unescaped.npos)) {
            return std::nullopt;
        }
        out += *byte;
        changed = true;
        i += 2;
    }

    return changed ? std::optional(out) : std::nullopt;
}

bool lists(const std::string &countries, std::string_view country)
{
    const auto all = split(countries, ',');
    return std::any_of(all.begin(), all.end(), [&](std::string_view c) {
        return equal_ignoring_case(trim(c), country);
    });
}

class BunnyCdn : public Scheme {
public:
    BunnyCdn(std::string ip, std::optional<std::string> country, const Keyring &keys)
        : ip_(add_expression(std::move(ip)))
    {
        if (country) {
            country_ = add_expression(std::move(*country));
        }
        for (const Key &key : keys.keys()) {
            keys_.push_back({key.secret, Hmac(Hash::sha256(), key.secret.bytes())});
        }
    }

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const Token token = read_token(asked.url);
        if (token.tokens == 0) {
            return {Verdict::missing, !token.any, std::nullopt};
        }

        const auto expires = parse_digits(token.expires);
        if (token.malformed || token.tokens > 1 || !expires || token.expires.size() != 10
            || token.params.contains("token_referer"))
        {
            return refused(Verdict::invalid);          // we cannot tell where a click came from
        }

        const Verdict verdict = check(token, asked);
        if (verdict != Verdict::ok) {
            return refused(verdict);
        }

        Answer answer = genuine(*expires, now);
        if (answer.verdict == Verdict::ok && !is_allowed_country(token, asked)) {
            answer.verdict = Verdict::forbidden;
        }
        return answer;
    }

    unsigned grants() const override { return ~0U & ~wish::starts; }

    bool is_signed(const Url &url) const override
    {
        const Token token = read_token(url);
        return token.tokens > 0 || !token.expires.empty() || token.is_directory;
    }

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        const std::string last = std::to_string(wish.last());
        if (last.size() != 10) {
            return bad_request("an expiry has ten digits");
        }

        const std::string area = wish.area.empty() ? "" : "&token_path=" + percent_encode(wish.area);
        const auto url_with = [&](std::string_view code) {
            if (wish.in_path) {
                return "/bcdn_token=" + std::string(code) + area + "&expires=" + last + asked.url.text();
            }
            const std::string own = asked.url.has_query ? '&' + std::string(asked.url.query) : "";
            return std::string(asked.url.path) + "?token=" + std::string(code) + own + area + "&expires=" + last;
        };

        const std::string unsigned_url = url_with({});
        const Token token = read_token(Url::of(unsigned_url));
        const auto code = code_for(token, wish);
        return code ? url_with(*code) : code;
    }

    std::string clean(const Url &url) const override
    {
        const auto directory = read_directory(url.path);
        const bool has_token = directory || read_token(url).tokens > 0;

        std::string out(directory ? directory->path : url.path);
        bool any = false;
        const auto keep = [&](std::string_view argument, std::string_view name, std::string_view) {
            if (!is_reserved(name) && !(has_token && name == "limit")) {
                out += any ? '&' : '?';
                out += argument;
                any = true;
            }
        };
        if (directory) {
            each_argument(directory->arguments, [&](auto argument, auto name, auto value) {
                if (name != "bcdn_token") {
                    keep(argument, name, value);
                }
            });
        }
        if (url.has_query) {
            each_argument(url.query, keep);
        }

        return out;
    }

private:
    struct Prepared {
        Secret secret;
        Hmac   hmac;
    };

    static Result<std::string> code_for(const Token &token, const Wish &wish)
    {
        const bool is_md5 = wish.hash == "md5";
        if (!is_md5 && wish.hash != "" && wish.hash != "hs256" && wish.hash != "sha256") {
            return bad_request("the hash is hs256, sha256 or md5, not \"" + printable(wish.hash) + '"');
        }
        const bool has_reserved = std::any_of(token.params.begin(), token.params.end(),
                                              [](const auto &p) { return is_reserved(p.first); });
        if (is_md5 && has_reserved) {
            return bad_request("an md5 token can be for one URL only, wherever it is asked for from");
        }
        if (token.params.contains("token_referer")) {
            return bad_request("token_referer is not supported: where a click came from cannot be told");
        }
        if (token.ambiguous || token.malformed) {
            return bad_request("the URL's arguments cannot be signed: each once, properly escaped, "
                               "without a digit in front");
        }

        const auto area = token.params.find("token_path");
        if (area != token.params.end() && !is_inside(token.path, area->second)) {
            return bad_request("the area is how the URL's path begins, not \"" + printable(area->second) + '"');
        }
        const auto address = parse_address(wish.ip);
        if (!wish.ip.empty() && !address) {
            return bad_request("not an address: \"" + printable(wish.ip) + '"');
        }

        const std::string_view path = area != token.params.end() ? std::string_view(area->second) : token.path;
        const std::string params = signed_params(token, !is_md5 && !ignores_params(token));
        const auto key = wish.key.secret.bytes();
        if (is_md5) {
            return base64url(Hash::md5().of({key, path, token.expires, wish.ip}));
        }
        if (wish.hash == "sha256") {
            return base64url(Hash::sha256().of({key, path, token.expires, wish.ip, params}));
        }
        return (address ? "HS256-1-" : "HS256-")
               + base64url(hs256(Hmac(Hash::sha256(), key), path, token.expires,
                                 address ? network_bytes(*address) : "", params));
    }

    Verdict check(const Token &token, const Asked &asked) const
    {
        std::string_view given = token.token;
        const bool is_hmac = given.starts_with("HS256-");
        given.remove_prefix(is_hmac ? 6 : 0);
        const bool is_bound = is_hmac && given.starts_with("1-") && without_padding(given.substr(2)).size() == 43;
        given = without_padding(given.substr(is_bound ? 2 : 0));
        const bool is_md5 = !is_hmac && given.size() == 22;

        if (given.size() != 43 && !is_md5) {
            return Verdict::invalid;
        }

        const auto token_path = token.params.find("token_path");
        const bool for_area = token_path != token.params.end();
        if (for_area && (is_md5 || !is_inside(token.path, token_path->second))) {
            return Verdict::invalid;
        }
        // the oldest form signs none of them
        if (is_md5 && std::any_of(token.params.begin(), token.params.end(),
                                  [](const auto &p) { return is_reserved(p.first); }))
        {
            return Verdict::invalid;
        }

        std::vector<std::string> paths{std::string(for_area ? std::string_view(token_path->second)
                                                            : token.path)};
        if (const auto readable = for_area ? std::nullopt : readable_path(token.path)) {
            paths.push_back(*readable);
        }

        const bool signs_all = !is_md5 && !ignores_params(token);
        if (signs_all && token.ambiguous) {
            return Verdict::invalid;
        }

        const std::string params = signed_params(token, signs_all);
        const std::string ip = asked.value(ip_);
        const auto address = is_bound ? parse_address(ip) : std::optional<Address>(Address());
        if (!address) {
            return Verdict::forbidden;
        }
        const std::string network = network_bytes(*address);
        // behind another argument's value, it could be a part of that
        const bool ip_may_be_last = params.empty() || params.substr(params.rfind('&') + 1).starts_with("token_");

        bool matches = false;
        for (const auto &[secret, hmac] : keys_) {
            for (const std::string &path : paths) {
                const auto compare = [&](const std::string &digest) {
                    matches |= equal_in_constant_time(base64url(digest), given);
                };
                const auto key = secret.bytes();
                if (is_hmac) {
                    compare(hs256(hmac, path, token.expires, network, params));
                    if (!matches && !is_bound && ip_may_be_last) {
                        compare(hmac.of({path, token.expires, params, ip}));
                    }
                } else if (is_md5) {
                    compare(Hash::md5().of({key, path, token.expires}));
                    compare(Hash::md5().of({key, path, token.expires, ip}));
                } else {
                    // providers' own libraries differ in where the address stands
                    compare(Hash::sha256().of({key, path, token.expires, params}));
                    compare(Hash::sha256().of({key, path, token.expires, ip, params}));
                    compare(Hash::sha256().of({key, path, ip, token.expires, params}));
                    compare(Hash::sha256().of({key, path, token.expires, params, ip}));
                }
            }
        }

        // one for another address cannot be told from a forged one
        return matches ? Verdict::ok : is_bound ? Verdict::forbidden : Verdict::invalid;
    }

    static std::string hs256(const Hmac &hmac, std::string_view path, std::string_view expires,
                             std::string_view ip, std::string_view params)
    {
        return hmac.of({path, expires, ip, params});
    }

    static std::string network_bytes(const Address &address)
    {
        std::string bytes(address.view().substr(0, address.size == 16 ? 8 : 4));
        bytes.resize(address.size, '\0');
        return bytes;
    }

    static bool is_inside(std::string_view path, std::string_view token_path)
    {
        const auto spelt = spelt_as(token_path, path);
        return spelt && token_path.starts_with('/') && is_under(*spelt, token_path);
    }

    static bool ignores_params(const Token &token)
    {
        const auto ignore = token.params.find("token_ignore_params");
        return ignore != token.params.end() && ignore->second == "true";
    }

    static std::string signed_params(const Token &token, bool all)
    {
        std::string out;
        for (const auto &[name, value] : token.params) {
            if (all || name == "token_ignore_params" || name == "token_path") {
                out += out.empty() ? "" : "&";
                out += name + '=' + value;
            }
        }

        return out;
    }

    bool is_allowed_country(const Token &token, const Asked &asked) const
    {
        const auto allowed = token.params.find("token_countries");
        const auto blocked = token.params.find("token_countries_blocked");
        if (allowed == token.params.end() && blocked == token.params.end()) {
            return true;
        }

        const std::string country = country_ ? asked.value(*country_) : "";
        const bool in = allowed == token.params.end() || (!country.empty() && lists(allowed->second, country));
        const bool out = blocked != token.params.end() && !country.empty() && lists(blocked->second, country);
        return in && !out;
    }

    std::vector<Prepared>      keys_;
    std::size_t                ip_;
    std::optional<std::size_t> country_;
};

}  // namespace

Made make_bunnycdn(SchemeOptions &options, const Keyring &keys)
{
    return std::unique_ptr<Scheme>(std::make_unique<BunnyCdn>(
        options.take("ip", "$remote_addr"), options.take("country"), keys));
}

}  // namespace cdn::sign

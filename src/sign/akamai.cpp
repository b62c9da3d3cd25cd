// Auth Token 2.0, as an argument or a cookie: fields separated by "~", the last of which
// is hmac=H, the hex HMAC over the fields before it, then, where there is no acl,
// "~url=" and the URL, then "~salt=" and the salt, if there is one.

#include "sign/schemes.h"

#include "core/address.h"
#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"
#include "core/wildcards.h"
#include "sign/area.h"
#include "sign/token.h"

#include <algorithm>
#include <array>
#include <map>

namespace cdn::sign {

namespace {

// What "escape token input" leaves as it is, besides letters and digits: its tools differ.  The first is
// ours; spaces become "+", hex digits are lower case.
constexpr std::string_view plain_sets[] = {"-_.~", "-_.!()", "-_.*"};

std::string escape(std::string_view text, std::string_view plain_set = plain_sets[0])
{
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
                           || plain_set.find(c) != plain_set.npos;
        out += plain ? std::string(1, c) : c == ' ' ? "+" : '%' + hex({&c, 1});
    }

    return out;
}

class Akamai : public Scheme {
public:
    struct Settings {
        std::string param;
        Hash        hash;
        std::string salt;
        bool        escapes;
        bool        signs_query;
        std::string ip;
    };

    Akamai(Settings settings, const Keyring &keys)
        : settings_(std::move(settings)), names_{settings_.param}, ip_(add_expression(settings_.ip))
    {
        add_cookie(settings_.param);
        for (const Key &key : keys.keys()) {
            keys_.emplace_back(settings_.hash, key.secret.bytes());
        }
    }

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const Arguments arguments(asked.url, names_);
        const Cookie cookie = find_cookie(asked.cookies, settings_.param);
        if (!arguments.any() && cookie.count == 0) {
            return {Verdict::missing, true, std::nullopt};
        }

        const auto token = arguments.any() ? arguments[0] : cookie.value;
        const auto fields = read_fields(token);
        if (arguments.repeated() || (!arguments.any() && cookie.count > 1) || !fields) {
            return refused(Verdict::invalid);
        }

        const auto field = [&](std::string_view name) {
            const auto found = fields->find(name);
            return found != fields->end() ? std::optional(found->second) : std::nullopt;
        };
        const auto expires = parse_digits(field("exp").value_or(""));
        const auto starts = parse_digits(field("st").value_or("0"));
        if (!expires || !starts || !is_genuine(token, field("acl").has_value(), asked.url)
            || (field("acl") && !covers(*field("acl"), asked.url.path)) || *starts > now)
        {
            return refused(Verdict::invalid);
        }

        Answer answer = genuine(*expires, now);
        if (answer.verdict == Verdict::ok && field("ip") && !is_from(*field("ip"), asked)) {
            answer.verdict = Verdict::forbidden;
        }
        return answer;
    }

    unsigned grants() const override { return wish::expires | wish::starts | wish::ip | wish::area; }

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        if (wish.area.find_first_of("~&#+ ") != wish.area.npos || (!wish.area.empty() && !covers(wish.area, asked.url.path))) {
            return bad_request("the area is a pattern that covers the URL, like /videos/*, not \""
                               + printable(wish.area) + '"');
        }

        std::string fields;
        if (!wish.ip.empty()) {
            fields += "ip=" + (settings_.escapes ? escape(wish.ip) : wish.ip) + '~';
        }
        if (wish.starts) {
            fields += "st=" + std::to_string(*wish.starts) + '~';
        }
        fields += "exp=" + std::to_string(wish.last());
        if (!wish.area.empty()) {
            fields += "~acl=" + wish.area;
        }

        const Hmac hmac(settings_.hash, wish.key.secret.bytes());
        const std::string code = hex(hmac.of({signed_texts(fields, !wish.area.empty(), asked.url)[0]}));
        return with_argument(asked.url, settings_.param + '=' + fields + std::string(code_start) + code);
    }

    std::string clean(const Url &url) const override { return without(url, names_); }

private:
    using Fields = std::map<std::string_view, std::string_view>;

    static constexpr std::string_view code_start = "~hmac=";

    // Nothing: a field is unknown (it could be text of a signed URL), there twice, or
    // hmac is not the last.
    static std::optional<Fields> read_fields(std::string_view token)
    {
        static constexpr std::string_view known[] = {"ip", "st", "exp", "acl", "id", "data", "hmac"};

        Fields fields;
        std::string_view last;
        for (const auto text : split(token, '~')) {
            const auto [name, value, has_value] = cut(text, '=');
            if (!has_value || std::find(std::begin(known), std::end(known), name) == std::end(known)
                || !fields.emplace(name, value).second)
            {
                return std::nullopt;
            }
            last = name;
        }

        return last == "hmac" && fields.size() > 1 ? std::optional(fields) : std::nullopt;
    }

    bool is_genuine(std::string_view token, bool has_acl, const Url &url) const
    {
        const auto at = token.rfind(code_start);
        const auto given = token.substr(at + code_start.size());
        const auto texts = signed_texts(token.substr(0, at), has_acl, url);

        bool matches = false;
        for (const Hmac &hmac : keys_) {
            for (const std::string &text : texts) {
                matches |= equal_in_constant_time(hex(hmac.of({text})), given);
            }
        }
        return matches;
    }

    // Whichever of its tools made the token; no two URLs have one in common.
    std::vector<std::string> signed_texts(std::string_view fields, bool has_acl, const Url &url) const
    {
        const std::string salt = settings_.salt.empty() ? "" : "~salt=" + settings_.salt;
        if (has_acl) {
            return {std::string(fields) + salt};
        }

        const std::string signed_url = settings_.signs_query ? clean(url) : std::string(url.path);
        const std::string start = std::string(fields) + "~url=";
        if (!settings_.escapes) {
            return {start + signed_url + salt};
        }

        std::vector<std::string> texts;
        for (const auto plain_set : plain_sets) {
            std::string text = start + escape(signed_url, plain_set) + salt;
            if (texts.empty() || text != texts[0]) {
                texts.push_back(std::move(text));
            }
        }
        return texts;
    }

    static bool covers(std::string_view acl, std::string_view raw_path)
    {
        const auto path = plain_path(raw_path);
        const auto patterns = percent_decode(acl);
        if (!path || !patterns) {
            return false;
        }

        const auto any = [](std::string_view all, auto covers_path) {
            const auto each = split(all, '!');
            return std::any_of(each.begin(), each.end(), covers_path);
        };
        return any(acl, [&](std::string_view pattern) { return pattern == raw_path; })
               || any(*patterns, [&](std::string_view pattern) { return matches(pattern, *path); });
    }

    bool is_from(std::string_view bound, const Asked &asked) const
    {
        const auto decoded = percent_decode(bound);
        const auto allowed = decoded ? parse_address(*decoded) : std::nullopt;
        return allowed && allowed == parse_address(asked.value(ip_));
    }

    Settings                   settings_;
    std::array<std::string, 1> names_;
    std::size_t                ip_;
    std::vector<Hmac>          keys_;
};

}  // namespace

Made make_akamai(SchemeOptions &options, const Keyring &keys)
{
    auto param = take_name(options, "param", "hdnts");
    const auto algo = options.take_word("algo", {"sha256", "sha1", "md5"});
    const auto escapes = options.take_flag("escape", false);
    const auto query = options.take_flag("query", true);
    if (!param || !algo || !escapes || !query) {
        return !param ? param.error() : !algo ? algo.error() : !escapes ? escapes.error() : query.error();
    }

    const Hash hash = *algo == 0 ? Hash::sha256() : *algo == 1 ? Hash::sha1() : Hash::md5();
    return std::unique_ptr<Scheme>(std::make_unique<Akamai>(
        Akamai::Settings{std::move(*param), hash, options.take("salt", ""), *escapes, *query,
                         options.take("ip", "$remote_addr")},
        keys));
}

}  // namespace cdn::sign

// Signed with a private key, which whoever verifies does not have.
//
//   canned: ?...&Expires=E&Signature=S&Key-Pair-Id=K: S is over a policy made of base, URL and E
//   custom: ?...&Policy=P&Signature=S&Key-Pair-Id=K: S is over the JSON that P is
//
// or the same as the cookies CloudFront-Expires and so on; Hash-Algorithm=SHA256 if not
// SHA-1.  P and S are base64 with "-", "_", "~" for "+", "=", "/"; the "~" may come escaped.
// A signer in wide use puts Expires beside its Policy: what was signed is the Policy.

#include "sign/schemes.h"

#include "core/address.h"
#include "core/digest.h"
#include "core/encoding.h"
#include "core/text.h"
#include "core/wildcards.h"
#include "sign/area.h"
#include "sign/token.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cdn::sign {

namespace {

constexpr std::size_t longest_policy = 8192;

std::optional<std::string> decode(std::string_view text)
{
    auto standard = percent_decode(text);
    if (!standard) {
        return std::nullopt;
    }

    std::replace(standard->begin(), standard->end(), '-', '+');
    std::replace(standard->begin(), standard->end(), '_', '=');
    std::replace(standard->begin(), standard->end(), '~', '/');
    return base64_decode(*standard);
}

std::string encode(std::string_view bytes)
{
    std::string text = base64(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '=', '_');
    std::replace(text.begin(), text.end(), '/', '~');
    return text;
}

struct Token {
    std::string_view policy;
    std::string_view expires;
    std::string_view signature;
    std::string_view key_id;
    std::string_view hash;
    bool             has_policy = false;
    bool             has_hash = false;
};

// What a policy allows; nothing else is in it that we would have to heed.
struct Policy {
    std::string                 resource;
    std::int64_t                before = 0;
    std::int64_t                after = 0;             // 0: always
    std::optional<Network>      from;
};

const nlohmann::json *member(const nlohmann::json &object, const char *name)
{
    const auto found = object.is_object() ? object.find(name) : object.end();
    return found != object.end() ? &*found : nullptr;
}

std::optional<std::int64_t> epoch(const nlohmann::json *condition)
{
    const auto *time = condition != nullptr ? member(*condition, "AWS:EpochTime") : nullptr;
    const bool fits = time != nullptr && time->is_number_unsigned()
                      && time->get<std::uint64_t>() < 1'000'000'000'000'000'000U;
    return fits ? std::optional(time->get<std::int64_t>()) : std::nullopt;
}

std::optional<Policy> read_policy(const std::string &text)
{
    const auto json = nlohmann::json::parse(text, nullptr, false);
    const auto *statements = member(json, "Statement");
    if (statements == nullptr || !statements->is_array() || statements->size() != 1) {
        return std::nullopt;
    }

    const auto &statement = (*statements)[0];
    const auto *resource = member(statement, "Resource");
    const auto *condition = member(statement, "Condition");
    const auto before = condition != nullptr ? epoch(member(*condition, "DateLessThan")) : std::nullopt;
    if ((resource != nullptr && !resource->is_string()) || !before) {
        return std::nullopt;
    }

    // "If you omit Resource", AWS says of custom policies, all files may be had
    Policy policy{resource != nullptr ? resource->get<std::string>() : "*", *before, 0, std::nullopt};
    for (const auto &[name, value] : condition->items()) {
        if (name == "DateGreaterThan") {
            const auto after = epoch(&value);
            if (!after) {
                return std::nullopt;
            }
            policy.after = *after;
        } else if (name == "IpAddress") {
            const auto *source = member(value, "AWS:SourceIp");
            policy.from = source != nullptr && source->is_string()
                              ? parse_network(source->get<std::string>()) : std::nullopt;
            if (!policy.from) {
                return std::nullopt;
            }
        } else if (name != "DateLessThan") {
            return std::nullopt;                       // a condition we cannot judge
        }
    }

    return policy;
}

class CloudFront : public Scheme {
public:
    struct Prepared {
        std::string id;
        PublicKey   key;
    };

    CloudFront(std::string base, std::string ip, std::vector<Prepared> keys)
        : base_(add_expression(std::move(base))), ip_(add_expression(std::move(ip))), keys_(std::move(keys))
    {
        for (const std::string &name : names) {
            add_cookie("CloudFront-" + name);
        }
    }

    Answer verify(const Asked &asked, std::int64_t now) const override
    {
        const Arguments arguments(asked.url, names);
        Token token;
        bool  repeated = arguments.repeated();

        if (arguments.any()) {
            if (!arguments.has(signature)) {
                return {Verdict::missing, false, std::nullopt};
            }
            token = {arguments[policy], arguments[expires], arguments[signature], arguments[key_id],
                     arguments[hash], arguments.has(policy), arguments.has(hash)};
        } else {
            std::array<Cookie, names.size()> found;
            bool any = false;
            for (std::size_t i = 0; i < names.size(); i++) {
                found[i] = find_cookie(asked.cookies, cookies()[i]);
                repeated = repeated || found[i].count > 1;
                any = any || found[i].count > 0;
            }
            if (found[signature].count == 0) {
                return {Verdict::missing, !any, std::nullopt};
            }
            token = {found[policy].value, found[expires].value, found[signature].value,
                     found[key_id].value, found[hash].value, found[policy].count > 0, found[hash].count > 0};
        }

        return repeated ? refused(Verdict::invalid) : judge(token, asked, now);
    }

    unsigned grants() const override { return ~0U & ~wish::in_path; }

    Result<std::string> signed_url(const Asked &asked, const Wish &wish) const override
    {
        if (wish.key.id.empty()) {
            return bad_request("needs the key's id");
        }
        const bool is_sha256 = wish.hash == "sha256";
        if (!wish.hash.empty() && !is_sha256 && wish.hash != "sha1") {
            return bad_request("the hash is sha1 or sha256, not \"" + printable(wish.hash) + '"');
        }
        const auto key = PrivateKey::from_pem(wish.key.secret.bytes());
        if (!key) {
            return key.error();
        }

        const std::string base = asked.value(base_);
        const std::string url = base + asked.url.text();
        const std::string resource = wish.area.empty() ? url : base + wish.area;
        if (resource.find_first_of("\"\\") != resource.npos || !covers(resource, url, asked.url.path)) {
            return bad_request("the area is a pattern that covers the URL, like /videos/*, not \""
                               + printable(wish.area) + '"');
        }
        if (!wish.ip.empty() && !parse_network(wish.ip)) {
            return bad_request("not an address or network: \"" + printable(wish.ip) + '"');
        }

        const std::string last = std::to_string(wish.last());
        std::string condition = until(last);
        if (wish.starts) {
            condition += ",\"DateGreaterThan\":{\"AWS:EpochTime\":" + std::to_string(*wish.starts) + '}';
        }
        if (!wish.ip.empty()) {
            condition += ",\"IpAddress\":{\"AWS:SourceIp\":\"" + wish.ip + "\"}";
        }

        const std::string text = policy_text(resource, condition);
        const bool is_canned = resource == url && condition == until(last);
        return with_argument(asked.url, (is_canned ? names[expires] + '=' + last : names[policy] + '=' + encode(text))
                                            + '&' + names[signature] + '='
                                            + encode(key->sign(is_sha256 ? Hash::sha256() : Hash::sha1(), text))
                                            + '&' + names[key_id] + '=' + wish.key.id
                                            + (is_sha256 ? '&' + names[hash] + "=SHA256" : ""));
    }

    std::string clean(const Url &url) const override { return without(url, names); }

private:
    enum Name : std::size_t { policy, expires, signature, key_id, hash };
    static inline const std::array<std::string, 5> names = {"Policy", "Expires", "Signature",
                                                            "Key-Pair-Id", "Hash-Algorithm"};

    Answer judge(const Token &token, const Asked &asked, std::int64_t now) const
    {
        const auto code = decode(token.signature);
        const bool is_sha256 = token.hash == "SHA256";
        if (!code || (token.has_hash && !is_sha256 && token.hash != "SHA1")
            || token.policy.size() > longest_policy)
        {
            return refused(Verdict::invalid);
        }

        const std::string url = asked.value(base_) + clean(asked.url);
        std::optional<std::string> text;
        if (token.has_policy) {
            text = decode(token.policy);
        } else if (parse_digits(token.expires) && url.find_first_of("\"\\") == url.npos) {
            text = policy_text(url, until(token.expires));
        }
        if (!text || !is_genuine(token.key_id, is_sha256 ? Hash::sha256() : Hash::sha1(), *text, *code)) {
            return refused(Verdict::invalid);
        }
        if (!token.has_policy) {
            return genuine(*parse_digits(token.expires) - 1, now);
        }

        const auto allowed = read_policy(*text);
        if (!allowed || !covers(allowed->resource, url, asked.url.path) || now <= allowed->after) {
            return refused(Verdict::invalid);
        }

        Answer answer = genuine(allowed->before - 1, now);
        if (answer.verdict == Verdict::ok && allowed->from) {
            const auto address = parse_address(asked.value(ip_));
            if (!address || !allowed->from->contains(*address)) {
                answer.verdict = Verdict::forbidden;
            }
        }
        return answer;
    }

    static std::string until(std::string_view time)
    {
        return "\"DateLessThan\":{\"AWS:EpochTime\":" + std::string(time) + '}';
    }

    static std::string policy_text(const std::string &resource, const std::string &condition)
    {
        return "{\"Statement\":[{\"Resource\":\"" + resource + "\",\"Condition\":{" + condition + "}}]}";
    }

    static bool covers(std::string_view resource, std::string_view url, std::string_view path)
    {
        return resource == url || (plain_path(path) && matches(resource, url));
    }

    bool is_genuine(std::string_view id, Hash algorithm, std::string_view text, std::string_view code) const
    {
        return std::any_of(keys_.begin(), keys_.end(), [&](const Prepared &p) {
            return p.id == id && p.key.signed_this(algorithm, text, code);
        });
    }

    std::size_t           base_;
    std::size_t           ip_;
    std::vector<Prepared> keys_;
};

}  // namespace

Made make_cloudfront(SchemeOptions &options, const Keyring &keys)
{
    auto base = take_base(options);
    if (!base) {
        return base.error();
    }

    std::vector<CloudFront::Prepared> prepared;
    for (const Key &key : keys.keys()) {
        auto made = PublicKey::from_pem(key.secret.bytes());
        if (!made) {
            return bad_request("the key \"" + printable(key.id) + "\": " + made.error().message);
        }
        prepared.push_back({key.id, std::move(*made)});
    }

    return std::unique_ptr<Scheme>(std::make_unique<CloudFront>(
        std::move(*base), options.take("ip", "$remote_addr"), std::move(prepared)));
}

}  // namespace cdn::sign

// Signatures of our own: the module takes them for genuine, and they are the published
// ones where the same is signed.

#include "ask.h"

#include <nlohmann/json.hpp>

#include <fstream>

namespace cdn::sign {
namespace {

constexpr std::int64_t noon = 1'800'000'000;

// Made for this test; nothing else knows them.
const std::string rsa_private =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAMnmVk4Am+GPnPsz\n"
    "DXxvRACcPygbg3jZDB/oO5HUdIdYkiinUZAAiCpk5MjYd9hF3EnbzgXaN17FG57W\n"
    "J+HUdwJAm8E+/3EbByai0FHQd+1PobaeYEDxlVCNavLZ/ZYCqyoeDIJWkq+cHZ5h\n"
    "U3rFkCnSMh6ixABBw4zk7WChnNglAgMBAAECgYAHAvzUUKkZOEeXYbqCK8sMymBX\n"
    "ID18oO0O3p3S/rHdUXIh/02R1rLj5gUcBIiE9kgkOIH7KgzqOaYv6fgQm7RWS+WJ\n"
    "T1ADf4OCr0FjOXIYLV9NMdU24qsV73bwUa+WDDbDJC5ElRsILzqne3bVVDiNk0e+\n"
    "ZMZuCuYW3KKEc00bsQJBAOS8e3jfaa50EFytpuTdHj/imaizGzEM0A2bYtD2/hIc\n"
    "gLCSFxkHS8LKsh6Hbvns8OAeLSZWutfZHX86GM+B238CQQDh9vtxZIymuYg9lDds\n"
    "lMcF6DdgfAa4qbpARl0f+2AsTfJuq1+c+B+oagNrB1hjC9mVP2WBSILm+fvp0cCk\n"
    "fS5bAkBYt45AXI713gh2mdfQjr7r0mz81LMoPCr6DBmwqQv0ZF+5nIAe8gh9ffbG\n"
    "BouRnkfy9WFXrG39yDU7ooH7AgfrAkAipr9UWjj/cEAmQU5mhkIm879aOmrFcrGv\n"
    "HZs2RlQvNxzQP9N/vMUODIPNq+iv96c8Leag9r+sL/Wjm5jRIKk1AkEA2BOqmCpc\n"
    "4nYxOGZnpiZUBVC+o+BxUU6IpVaTyn48/RLC0nm44eRy+hydhigJQBe9UgPjQWoc\n"
    "l8RWVHBy/jS04A==\n"
    "-----END PRIVATE KEY-----\n";
const std::string rsa_public =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDJ5lZOAJvhj5z7Mw18b0QAnD8o\n"
    "G4N42Qwf6DuR1HSHWJIop1GQAIgqZOTI2HfYRdxJ284F2jdexRue1ifh1HcCQJvB\n"
    "Pv9xGwcmotBR0HftT6G2nmBA8ZVQjWry2f2WAqsqHgyCVpKvnB2eYVN6xZAp0jIe\n"
    "osQAQcOM5O1goZzYJQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
const std::string ec_private =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1b+Oz3NR+lNM7Xkj\n"
    "xYwCBX9Ibq5kpopYoEoMSG5LP0+hRANCAAS5bSiFFd9nwCkbdu2Z/1xSwyCVshaj\n"
    "+vfzF1Ona1EtQpgCA7EtlflSQPmNaKGt7gUwZPmmQ9rwjoaq0zvej0Hv\n"
    "-----END PRIVATE KEY-----\n";
const std::string ec_public =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuW0ohRXfZ8ApG3btmf9cUsMglbIW\n"
    "o/r38xdTp2tRLUKYAgOxLZX5UkD5jWihre4FMGT5pkPa8I6GqtM73o9B7w==\n"
    "-----END PUBLIC KEY-----\n";

struct Asking {
    std::string  url;
    std::string  area = {};
    std::string  ip = {};
    std::string  hash = {};
    bool         in_path = false;
    std::int64_t starts = 0;
    bool         for_ever = false;                     // no expiry is asked for
};

Result<std::string> sign(const Gate &gate, const KeyText &key, const Asking &asking, std::int64_t now,
                         std::int64_t expires)
{
    const Keyring keys = keyring({key});
    Wish wish{keys.keys()[0], now};
    wish.area = asking.area;
    wish.ip = asking.ip;
    wish.hash = asking.hash;
    wish.in_path = asking.in_path;
    if (asking.starts > 0) {
        wish.starts = asking.starts;
    }
    if (!asking.for_ever) {
        wish.expires = expires;
    }

    gate.variables["$uri"] = Url::of(asking.url).path;
    return gate.scheme->sign({Url::of(asking.url), {}, [&](std::size_t i) {
        std::string text = gate.scheme->expressions()[i];
        for (const auto &[name, value] : gate.variables) {
            for (auto at = text.find(name); at != text.npos; at = text.find(name, at + value.size())) {
                text.replace(at, name.size(), value);
            }
        }
        return text;
    }}, wish);
}

struct Known {
    std::string id;                                    // in known_answers.json
    Asking      asking;
};

class PublishedUrl : public testing::TestWithParam<Known> {};

TEST_P(PublishedUrl, IsWhatSigningGives)
{
    std::ifstream file(UNIT_DIRECTORY "/sign/known_answers.json");
    const nlohmann::json all = nlohmann::json::parse(file);
    for (const auto &vector : all["vectors"]) {
        if (vector["id"] != GetParam().id) {
            continue;
        }

        std::vector<std::string> options;
        const nlohmann::json given = vector.value("options", nlohmann::json::object());
        for (const auto &[name, value] : given.items()) {
            options.push_back(name + '=' + value.get<std::string>());
        }
        const std::string text = vector["keys"][0]["secret"];
        const auto salt = text.find(" salt=");
        KeyText key{vector["keys"][0]["id"], text.substr(0, salt),
                    salt == text.npos ? "" : text.substr(salt + 6)};
        const std::string scheme = vector["scheme"];
        Gate gate(scheme, options, {key});
        gate.variables["$remote_addr"] = vector.value("client_ip", "");
        if (scheme == "native") {
            key.id = "";
        }

        Asking asking = GetParam().asking;
        asking.for_ever = !vector.contains("expires") || scheme == "cloudflare";
        const std::int64_t issued = 1484063787;        // cloudflare states that
        const auto made = sign(gate, key, asking, issued, vector.value("expires", std::int64_t{0}));
        ASSERT_TRUE(made) << made.error().message;
        EXPECT_EQ(*made, vector["url"]);
        return;
    }

    FAIL() << "there is no " << GetParam().id;
}

INSTANTIATE_TEST_SUITE_P(
    Signing, PublishedUrl,
    testing::Values(
        Known{"native-0", {"/protected/report.pdf"}},
        Known{"bunny-hs256-plain", {"/300kb.jpg"}},
        Known{"bunny-hs256-path_only", {"/abc/300kb.jpg", "/abc"}},
        Known{"bunny-hs256-ignore_params", {"/300kb.jpg?token_ignore_params=true"}},
        Known{"bunny-hs256-ip_v4_only", {"/300kb.jpg", "", "1.2.3.4"}},
        Known{"bunny-hs256-ip_v6_only", {"/300kb.jpg", "", "2001:db8:85a3::8a2e:370:7334"}},
        Known{"bunny-hs256-ip_v4_path", {"/abc/300kb.jpg", "/abc", "1.2.3.4"}},
        Known{"bunny-hs256-blocked_only", {"/300kb.jpg?token_countries_blocked=RU%2CCN"}},
        Known{"bunny-hs256-test-directory", {"/abc/", "", "", "", true}},
        Known{"bunny-hs256-test-existing_query", {"/300kb.jpg?v=123"}},
        Known{"bunny-sha256-legacy-path", {"/abc/300kb.jpg", "/abc", "", "sha256"}},
        Known{"bunny-sha256-legacy-directory", {"/abc/", "", "", "sha256", true}},
        Known{"bunny-basic-md5", {"/pathto/file.jpg", "", "", "md5"}},
        Known{"keycdn-access-1700000090", {"/path/to/file1.jpg"}},
        Known{"keycdn-image", {"/a/b.jpg?width=40&flip=0"}},
        Known{"cloudflare-hmac-images", {"/images/cat.jpg"}},
        Known{"cloudflare-hmac-urlsafe-download", {"/download/cat.jpg"}},
        Known{"fastly-token-1441307151", {"/foo/bar.html"}},
        Known{"fastly-token-with-query", {"/foo/bar.html?width=300"}},
        Known{"akamai-sdk-url", {"/images/a.jpg", "", "", "", false, 1600000000}},
        Known{"akamai-sdk-acl", {"/images/x/y.jpg", "/images/*", "", "", false, 1600000000}},
        Known{"akamai-sdk-acl-ip", {"/any", "/*", "1.2.3.4"}},
        Known{"akamai-sdk-acl-sha1", {"/any", "/*"}},
        Known{"akamai-sdk-acl-salt", {"/any", "/*"}},
        Known{"gcp-cdn-url-query", {"/some/path?some=query&another=param"}},
        Known{"gcp-cdn-url-root", {"/"}},
        Known{"gcp-cdn-prefix-query", {"/some/path?some=query&another=param", "/some/"}},
        Known{"imgproxy-unit", {"/asd"}},
        Known{"imgproxy-docs", {"/rs:fill:300:400:0/g:sm/aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png"}},
        Known{"imgproxy-rb", {"/s:100:100/plain/https://images.test/image.jpg"}},
        Known{"imgproxy-rb-trunc5", {"/s:100:100/plain/https://images.test/image.jpg"}},
        Known{"secure_link-doc", {"/s/link"}},
        Known{"secure_link-at-the-last-second", {"/expires.html"}}),
    [](const auto &test) {
        std::string name = test.param.id;
        std::replace(name.begin(), name.end(), '-', '_');
        return name;
    });

struct Trip {
    std::string              scheme;
    std::vector<std::string> options;
    Asking                   asking;
    KeyText                  key = {"k1", "correct horse", "salt"};
    std::string              public_key = {};          // of a private one
};

class OwnSignature : public testing::TestWithParam<Trip> {};

TEST_P(OwnSignature, IsGenuineForItsUrlAndTime)
{
    const auto &[scheme, options, asking, key, public_key] = GetParam();
    Gate gate(scheme, options, {{key.id, public_key.empty() ? key.secret : public_key, key.salt}});
    gate.variables["$remote_addr"] = asking.ip.empty() ? "192.0.2.7" : asking.ip;
    Asking wanted = asking;
    if (scheme == "secure_link") {
        wanted.ip = "";
    }

    const auto made = sign(gate, key, wanted, noon - 60, noon);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(gate.verdict(*made, noon - 1), "ok") << *made;
    if (!asking.for_ever) {
        EXPECT_EQ(gate.verdict(*made, noon + 1), "expired") << *made;
    }
    if (scheme != "imgproxy" || asking.for_ever) {
        EXPECT_EQ(gate.clean(*made), asking.url);
    }

    std::string forged = *made;
    const auto at = forged.find("cat");
    ASSERT_NE(at, forged.npos);
    forged.replace(at, 3, "dog");
    if (asking.area.empty()) {
        EXPECT_EQ(gate.verdict(forged, noon - 1), asking.ip.empty() || scheme != "bunnycdn" ? "invalid" : "forbidden");
    } else {
        EXPECT_EQ(gate.verdict(forged, noon - 1), "ok") << "the area has it too: " << forged;
    }
}

const Trip trips[] = {
    {"native", {}, {"/p/cat.jpg?x=1&y"}},
    {"native", {}, {"/p/cat.jpg"}, {"", "hex:00ff"}},
    {"bunnycdn", {}, {"/p/cat.jpg?x=1&y=a%20b"}},
    {"bunnycdn", {}, {"/p/cat.jpg?x=1", "/p/"}},
    {"bunnycdn", {}, {"/p/cat.jpg", "/p/", "", "", true}},
    {"bunnycdn", {}, {"/p/cat.jpg", "", "198.51.100.7"}},
    {"bunnycdn", {}, {"/p/cat.jpg", "", "", "sha256"}},
    {"bunnycdn", {}, {"/p/cat.jpg", "", "", "md5"}},
    {"keycdn", {}, {"/p/cat.jpg?x=1"}},
    {"keycdn", {"mode=image"}, {"/p/cat.jpg?width=40", "", "", "", false, 0, true}},
    {"cloudflare", {"ttl=60"}, {"/p/cat.jpg?x=1", "", "", "", false, 0, true}},
    {"cloudflare", {"ttl=60", "param=v", "encoding=base64url"}, {"/p/cat.jpg", "", "", "", false, 0, true}},
    {"cloudflare", {"mode=hosted"}, {"/p/cat.jpg?x=1"}},
    {"fastly", {}, {"/p/cat.jpg?x=1"}},
    {"fastly", {"query=off", "param=t"}, {"/p/cat.jpg?x=1"}},
    {"akamai", {"algo=md5", "escape=on", "salt=s"}, {"/p/cat.jpg?x=1"}},
    {"akamai", {"query=off"}, {"/p/cat.jpg?x=1", "", "2001:db8::1", "", false, noon - 100}},
    {"akamai", {}, {"/p/cat.jpg", "/p/*!/q/*"}},
    {"google", {"base=https://cdn.test"}, {"/p/cat.jpg?x=1"}},
    {"google", {"base=https://cdn.test"}, {"/p/cat.jpg?x=1", "/p/"}},
    {"cloudfront", {"base=https://cdn.test"}, {"/p/cat.jpg?x=1"}, {"K1", rsa_private}, rsa_public},
    {"cloudfront", {"base=https://cdn.test"}, {"/p/cat.jpg", "", "", "sha256"}, {"K1", rsa_private}, rsa_public},
    {"cloudfront", {"base=https://cdn.test"}, {"/p/cat.jpg", "", "", "sha256"}, {"K1", ec_private}, ec_public},
    {"cloudfront", {"base=https://cdn.test"}, {"/p/cat.jpg", "/p/*", "", "", false, noon - 100}, {"K1", ec_private}, ec_public},
    {"cloudfront", {"base=https://cdn.test"}, {"/p/cat.jpg", "", "192.0.2.7"}, {"K1", rsa_private}, rsa_public},
    {"imgproxy", {}, {"/w:40/plain/cat.jpg"}},
    {"imgproxy", {"size=8"}, {"/w:40/plain/cat.jpg", "", "", "", false, 0, true}},
    {"thumbor", {}, {"/300x200/smart/cat.jpg?x=1", "", "", "", false, 0, true}},
    {"imgix", {}, {"/p/cat.jpg?w=40"}},
    {"imgix", {}, {"/p/cat.jpg", "", "", "", false, 0, true}},
    {"secure_link", {}, {"/p/cat.jpg"}},
    {"secure_link", {"expires=off", "message=$uri{key}"}, {"/p/cat.jpg", "", "", "", false, 0, true}},
    {"template", {"message={path}|{query}|{expires}", "hmac=on", "digest=sha1", "encoding=base64", "expires_format=hex"},
     {"/p/cat.jpg?x=1"}},
    {"template", {"message={path}{expires}{key}", "encoding=base64url", "expires_format=iso8601", "param=t", "expires=e"},
     {"/p/cat.jpg?x=1"}},
};

INSTANTIATE_TEST_SUITE_P(Signing, OwnSignature, testing::ValuesIn(trips), [](const auto &test) {
    return test.param.scheme + '_' + std::to_string(test.index);
});

std::string refused_to_sign(const std::string &scheme, const std::vector<std::string> &options, const Asking &asking,
                            const KeyText &key = {"k1", "secret", "salt"})
{
    const Gate gate(scheme, options, {});
    const auto made = sign(gate, key, asking, noon - 60, noon);
    return made ? *made : made.error().message;
}

TEST(Signing, RefusesWhatTheUrlCannotSay)
{
    EXPECT_EQ(refused_to_sign("thumbor", {}, {"/a"}), "such a URL cannot have an expiry");
    EXPECT_EQ(refused_to_sign("keycdn", {"mode=image"}, {"/a"}), "such a URL cannot have an expiry");
    EXPECT_EQ(refused_to_sign("cloudflare", {"ttl=60"}, {"/a"}),
              "such a URL is valid for its ttl from now, and cannot have another expiry");
    EXPECT_EQ(refused_to_sign("native", {}, {"/a", "/"}), "such a URL cannot have an area");
    EXPECT_EQ(refused_to_sign("native", {}, {"/a", "", "1.2.3.4"}), "such a URL cannot have a client's address");
    EXPECT_EQ(refused_to_sign("fastly", {}, {"/a", "", "", "md5"}), "such a URL cannot have a choice of hash");
    EXPECT_EQ(refused_to_sign("google", {"base=https://a"}, {"/a", "", "", "", false, 1}),
              "such a URL cannot have a time of beginning");
    EXPECT_EQ(refused_to_sign("cloudfront", {"base=https://a"}, {"/a", "", "", "", true}),
              "such a URL cannot have a token in the path");
    EXPECT_EQ(refused_to_sign("imgproxy", {}, {"/a?x"}), "such a URL cannot have a query");
}

TEST(Signing, RefusesAUrlThatHasAToken)
{
    const std::string refusal = "the URL has a token already: ";
    EXPECT_EQ(refused_to_sign("native", {}, {"/a?expires=1"}), refusal + "\"/a?expires=1\"");
    EXPECT_EQ(refused_to_sign("bunnycdn", {}, {"/a?token=1"}), refusal + "\"/a?token=1\"");
    EXPECT_EQ(refused_to_sign("bunnycdn", {}, {"/bcdn_token=x&expires=1/a"}), refusal + "\"/bcdn_token=x&expires=1/a\"");
    EXPECT_EQ(refused_to_sign("imgix", {}, {"/a?s=1"}), refusal + "\"/a?s=1\"");
}

TEST(Signing, RefusesAnAreaWithoutTheUrl)
{
    EXPECT_EQ(refused_to_sign("bunnycdn", {}, {"/a/b", "/c/"}), "the area is how the URL's path begins, not \"/c/\"");
    EXPECT_EQ(refused_to_sign("google", {"base=https://a"}, {"/a/b", "/c/"}),
              "the area is how the URL's path begins, not \"/c/\"");
    EXPECT_EQ(refused_to_sign("akamai", {}, {"/a/b", "/c/*"}),
              "the area is a pattern that covers the URL, like /videos/*, not \"/c/*\"");
    EXPECT_EQ(refused_to_sign("cloudfront", {"base=https://a"}, {"/a/b", "/c/*"}, {"K", ec_private}),
              "the area is a pattern that covers the URL, like /videos/*, not \"/c/*\"");
}

TEST(Signing, NeedsAKeyOfItsKind)
{
    EXPECT_EQ(refused_to_sign("google", {"base=https://a"}, {"/a"}, {"", "secret"}), "needs the key's name");
    EXPECT_EQ(refused_to_sign("cloudfront", {"base=https://a"}, {"/a"}, {"K", ec_public}),
              "not an RSA or EC private key in PEM form, without a passphrase");
    EXPECT_EQ(refused_to_sign("imgproxy", {}, {"/a"}, {"k1", "secret"}), "needs a salt");
}

}  // namespace
}  // namespace cdn::sign

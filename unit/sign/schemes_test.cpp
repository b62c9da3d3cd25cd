// Options of all schemes, and recipes; by openssl:
//   printf '/a1800000000secret' | openssl dgst -sha256
//   printf '/a|x=1|1800000000'  | openssl dgst -sha1 -hmac secret

#include "ask.h"

#include "core/digest.h"
#include "core/encoding.h"

namespace cdn::sign {
namespace {

constexpr std::int64_t noon = 1'800'000'000;

TEST(SchemeOptions, AreRefusedWithAReason)
{
    EXPECT_EQ(refusal("cloudflare", {}),
              "cloudflare: needs ttl=TIME, how long a URL is valid from its time of issue");
    EXPECT_EQ(refusal("cloudflare", {"ttl=soon"}), "cloudflare: ttl is a time like 3h, not \"soon\"");
    EXPECT_EQ(refusal("cloudflare", {"ttl=0"}), "cloudflare: ttl is a time like 3h, not \"0\"");
    EXPECT_EQ(refusal("cloudflare", {"mode=hosted", "ttl=1"}), "cloudflare: unknown option \"ttl\"");
    EXPECT_EQ(refusal("cloudflare", {"ttl=1", "param=a&b"}),
              "cloudflare: param is the name of an argument, not \"a&b\"");
    EXPECT_EQ(refusal("keycdn", {"mode=video"}), "keycdn: mode is one of access, image, not \"video\"");
    EXPECT_EQ(refusal("fastly", {"query=maybe"}), "fastly: query is one of on, off, not \"maybe\"");
    EXPECT_EQ(refusal("akamai", {"algo=sha512"}), "akamai: algo is one of sha256, sha1, md5, not \"sha512\"");
    EXPECT_EQ(refusal("google", {}).substr(0, 22), "google: needs base=URL");
    EXPECT_EQ(refusal("cloudfront", {"base=cdn.test"}).substr(0, 26), "cloudfront: needs base=URL");
    EXPECT_EQ(refusal("imgproxy", {"size=33"}), "imgproxy: size is from 1 to 32, not \"33\"");
    EXPECT_EQ(refusal("imgproxy", {"size=0"}), "imgproxy: size is from 1 to 32, not \"0\"");
    EXPECT_EQ(refusal("thumbor", {"param=x"}), "thumbor: unknown option \"param\"");
    EXPECT_EQ(refusal("template", {}), "template: needs \"message=...\", what is signed");
    EXPECT_EQ(refusal("template", {"digest=sha", "message={key}"}),
              "template: digest is one that OpenSSL has, like sha256, not \"sha\"");
    EXPECT_EQ(refusal("template", {"message={path}{expires}"}),
              "template: message needs {key}: without it anybody could sign");
    EXPECT_EQ(refusal("template", {"message={path}{key}"}),
              "template: message needs {expires}: without it anybody could change it");
    EXPECT_EQ(refusal("template", {"message={key}{expires}", "expires=off"}),
              "template: message has {expires}, and expires is off");
    EXPECT_EQ(refusal("template", {"message={key}{uri}", "expires=off"}),
              "template: message knows {key}, {expires}, {path} and {query}, not \"{uri\"");
    EXPECT_EQ(refusal("template", {"message={key}{expires}", "expires=token"}),
              "template: param and expires are the same name");
    EXPECT_EQ(refusal("secure_link", {"expires=md5"}), "secure_link: param and expires are the same name");
    EXPECT_EQ(refusal("template", {"message=${uri}{key}", "expires=off"}), "");
    EXPECT_EQ(refusal("template", {"message={path}", "expires=off", "hmac=on"}), "");
}

TEST(SchemeKeys, AreRefusedWithAReason)
{
    const auto imgproxy = make("imgproxy", {}, keyring({{"k1", "secret"}}));
    ASSERT_FALSE(imgproxy);
    EXPECT_EQ(imgproxy.error().message, "imgproxy: the key \"k1\" needs salt=SALT");

    const auto cloudfront = make("cloudfront", {"base=https://a"}, keyring({{"k1", "secret"}}));
    ASSERT_FALSE(cloudfront);
    EXPECT_EQ(cloudfront.error().message,
              "cloudfront: the key \"k1\": not an RSA or EC public key in PEM form");
}

TEST(Template, IsADigestOfItsMessage)
{
    const Gate gate("template", {"message={path}{expires}{key}"}, {{"k1", "secret"}});
    const std::string token = "74dceebfcf6a8d3171182f0e132f8f0ec2e5c377224db1e63d37624e4fa3ade7";
    EXPECT_EQ(gate.verdict("/a?token=" + token + "&expires=1800000000", noon), "ok");
    EXPECT_EQ(gate.verdict("/a?token=" + token + "&expires=1800000000", noon + 1), "expired");
    EXPECT_EQ(gate.verdict("/a?token=" + token + "&expires=1800000001", noon), "invalid");
    EXPECT_EQ(gate.verdict("/b?token=" + token + "&expires=1800000000", noon), "invalid");
    EXPECT_EQ(gate.verdict("/a?expires=1800000000", noon), "missing");
    EXPECT_EQ(gate.clean("/a?x&token=1&expires=2"), "/a?x");
}

TEST(Template, IsAnHmacOfItsMessage)
{
    const Gate gate("template", {"message={path}|{query}|{expires}", "hmac=on", "digest=sha1"}, {{"k1", "secret"}});
    const std::string token = "17670e4ef75c27710e4a7c7bf31ee2fa4af4f6cc";
    EXPECT_EQ(gate.verdict("/a?token=" + token + "&x=1&expires=1800000000", noon), "ok");
    EXPECT_EQ(gate.verdict("/a?token=" + token + "&x=2&expires=1800000000", noon), "invalid");
}

// Any message with a key of its own would do: what counts is when it ends.
TEST(TemplateExpiry, IsReadInItsFormat)
{
    const auto expires = [](const std::string &format, const std::string &text) {
        const Gate gate("template", {"message={expires}{key}", "digest=md5", "expires_format=" + format}, {{"k1", "k"}});
        const auto answer = gate.ask("/a?token=" + hex(Hash::md5().of({text, "k"})) + "&expires=" + text, 0);
        return answer.expires;
    };

    EXPECT_EQ(expires("hex", "6b49d200"), noon);
    EXPECT_EQ(expires("hex", "6B49D200"), noon);
    EXPECT_EQ(expires("hex", "0x6b49d200"), std::nullopt);
    EXPECT_EQ(expires("hex", "fffffffffffffff"), 1'152'921'504'606'846'975);
    EXPECT_EQ(expires("hex", "1000000000000000"), std::nullopt);
    EXPECT_EQ(expires("iso8601", "2027-01-15T08:00:00Z"), noon);
    EXPECT_EQ(expires("iso8601", "2027-01-15T09:30:00+01:30"), noon);
    EXPECT_EQ(expires("iso8601", "2027-01-15T00:00:00-08:00"), noon);
    EXPECT_EQ(expires("iso8601", "2028-02-29T00:00:00Z"), 1'835'395'200);
    EXPECT_EQ(expires("iso8601", "2027-01-15T08:00:00.000Z"), noon);
    EXPECT_EQ(expires("iso8601", "2027-01-15T09:30:00.999999+01:30"), noon);
    for (const auto *text : {"2027-02-29T00:00:00Z", "2027-01-15", "2027-01-15T08:00:00", "2027-01-15T24:00:00Z",
                             "2027-01-15 08:00:00Z", "2027-1-15T08:00:00Z", "2027-01-15T08:00:00+0100", "2027-13-15T08:00:00Z",
                             "2027-01-15T08:00:00.Z", "2027-01-15T08:00:00.0", "2027-01-15T08:00:00,000Z"})
    {
        EXPECT_EQ(expires("iso8601", text), std::nullopt) << text;
    }
    EXPECT_EQ(expires("unix", "0"), std::nullopt);
}

TEST(Imgproxy, ReadsItsExpiryAmongTheOptions)
{
    const Gate gate("imgproxy", {}, {{"k1", "k", "s"}});
    const auto verdict = [&](const std::string &rest) {
        return gate.verdict('/' + base64url(Hmac(Hash::sha256(), "k").of({"s", rest})) + rest, noon);
    };

    EXPECT_EQ(verdict("/rs:fit:1/exp:1800000000/plain/a"), "ok");
    EXPECT_EQ(verdict("/rs:fit:1/exp:1799999999/plain/a"), "expired");
    EXPECT_EQ(verdict("/exp:soon/plain/a"), "invalid");
    EXPECT_EQ(verdict("/plain/exp:1"), "ok");
    EXPECT_EQ(gate.verdict("/unsafe/plain/a", noon), "missing");
    EXPECT_EQ(gate.verdict("/a", noon), "missing");
    EXPECT_EQ(gate.verdict("//a", noon), "invalid");
}

// EdgeAuth for Python, Node and Java.
TEST(Akamai, TakesWhatAnyOfItsToolsEscapes)
{
    const Gate gate("akamai", {"escape=on"}, {{"k1", "secret"}});
    const Hmac hmac(Hash::sha256(), "secret");
    for (const std::string escaped : {"%2f%28a%29%2a%21~", "%2f(a)%2a!%7e", "%2f%28a%29*%21%7e"}) {
        const std::string code = hex(hmac.of({"exp=1800000000~url=" + escaped}));
        EXPECT_EQ(gate.verdict("/(a)*!~?hdnts=exp=1800000000~hmac=" + code, 1'800'000'000), "ok") << escaped;
        EXPECT_EQ(gate.verdict("/%28a%29*!~?hdnts=exp=1800000000~hmac=" + code, 1'800'000'000), "invalid") << escaped;
    }
}

TEST(Akamai, CoversAPathAsItIsSent)
{
    const Gate gate("akamai", {}, {{"k1", "secret"}});
    const std::string fields = "exp=1800000000~acl=/b!/a%2Fb";
    const std::string tail = "?hdnts=" + fields + "~hmac=" + hex(Hmac(Hash::sha256(), "secret").of({fields}));
    EXPECT_EQ(gate.verdict("/a%2Fb" + tail, 1'800'000'000), "ok");
    EXPECT_EQ(gate.verdict("/a%2Fc" + tail, 1'800'000'000), "invalid");
}

TEST(Imgix, TakesTheQueryAsABrowserSendsIt)
{
    const Gate gate("imgix", {}, {{"k1", "secret"}});
    const std::string code = "&s=" + hex(Hash::md5().of({"secret/it's?a='b'"}));
    EXPECT_EQ(gate.verdict("/it's?a='b'" + code, 0), "ok");
    EXPECT_EQ(gate.verdict("/it's?a=%27b%27" + code, 0), "ok");
    EXPECT_EQ(gate.verdict("/it%27s?a='b'" + code, 0), "invalid");
    EXPECT_EQ(gate.verdict("/it's?a=%22b%22" + code, 0), "invalid");
}

TEST(Fastly, HasTenDigits)
{
    const Gate gate("fastly", {}, {{"k1", "k"}});
    const auto url = [](const std::string &path, const std::string &expires, const std::string &text) {
        return path + "?token=" + expires + '_' + hex(Hmac(Hash::sha1(), "k").of({text}));
    };

    EXPECT_EQ(gate.verdict(url("/a1", "1800000000", "/a11800000000"), noon), "ok");
    EXPECT_EQ(gate.verdict(url("/a", "11800000000", "/a11800000000"), noon), "invalid");
    EXPECT_EQ(gate.verdict(url("/a11", "800000000", "/a11800000000"), noon), "invalid");
}

}  // namespace
}  // namespace cdn::sign

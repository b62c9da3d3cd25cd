#include "ask.h"

#include "core/digest.h"
#include "core/encoding.h"

namespace cdn::sign {
namespace {

constexpr std::int64_t noon = 1'800'000'000;

// by printf '/cat.jpg\n1800000000' | openssl dgst -sha256 -hmac secret -binary
constexpr const char *cat = "/cat.jpg?signature=By05U-HKoAhWXdpOtriQdPrIFkZECIOM70DTXgSuAmw&expires=1800000000";

class Native : public testing::Test {
protected:
    Gate gate{"native", {}, {{"k1", "secret"}, {"k2", "hex:00ff"}}};

    static std::string sign(const std::string &url, const std::string &expires,
                            const std::string &secret = "secret")
    {
        return base64url(Hmac(Hash::sha256(), secret).of({url, "\n", expires}));
    }

    static std::string signed_url(const std::string &url, const std::string &expires)
    {
        return url + (url.find('?') == url.npos ? '?' : '&') + "signature=" + sign(url, expires)
               + "&expires=" + expires;
    }
};

TEST_F(Native, IsValidThroughItsLastSecond)
{
    EXPECT_EQ(gate.verdict(cat, noon), "ok");
    EXPECT_EQ(gate.verdict(cat, noon + 1), "expired");
    EXPECT_EQ(gate.ask(cat, noon).expires, noon);
}

TEST_F(Native, ReportsForgeryBeforeExpiry)
{
    EXPECT_EQ(gate.verdict("/dog.jpg" + std::string(cat).substr(8), noon + 1),
              "invalid");
}

TEST_F(Native, TakesExpiriesOfDigitsAlone)
{
    for (const std::string expires : {"", "-1", "+1800000000", "0x6b49d200", "1.8e9", " 1800000000",
                                      "18000000000000000000", "99999999999999999999999999", "1800000000.0"})
    {
        EXPECT_EQ(gate.verdict(signed_url("/cat.jpg", expires), noon), "invalid") << expires;
    }
    EXPECT_EQ(gate.verdict(signed_url("/cat.jpg", "999999999999999999"), noon), "ok");
    EXPECT_EQ(gate.verdict(signed_url("/cat.jpg", "0"), noon), "expired");
    EXPECT_EQ(gate.verdict(signed_url("/cat.jpg", "01800000000"), noon), "ok");
}

TEST_F(Native, SignsTheUrlAsSent)
{
    for (const std::string url : {"/", "/a?", "/a?&", "/a?b&&c", "/a%2Fb", "/a/../b", "//a", "/a;b", "/a...",
                                  "/a?Signature=1&EXPIRES=2", "/a?%6bey=1", "/\xC3\xBC", "/a?x=1?y=2"})
    {
        EXPECT_EQ(gate.verdict(signed_url(url, "1800000000"), noon), "ok") << url;
        EXPECT_EQ(gate.clean(signed_url(url, "1800000000")), url);
    }
}

TEST_F(Native, FitsNoOtherSpellingOfItsUrl)
{
    const std::string token = signed_url("/b", "1800000000").substr(2);
    for (const std::string path : {"/a/../b", "//b", "/./b", "/%62", "/b/", "/b;", "/b.", "/B", "/b%00", "/b%20"}) {
        EXPECT_EQ(gate.verdict(path + token, noon), "invalid") << path;
    }
}

TEST_F(Native, TakesNoOtherSpellingOfItsToken)
{
    const std::string signature = sign("/b", "1800000000");
    const auto with = [&](const std::string &text) {
        return gate.verdict("/b?signature=" + text + "&expires=1800000000", noon);
    };

    EXPECT_EQ(with(signature), "ok");
    EXPECT_EQ(with(signature + '='), "invalid");
    EXPECT_EQ(with(signature.substr(0, 42)), "invalid");
    EXPECT_EQ(with(signature + 'A'), "invalid");
    EXPECT_EQ(with('%' + hex(signature.substr(0, 1)) + signature.substr(1)), "invalid");
    EXPECT_EQ(with(""), "invalid");
    EXPECT_EQ(with(std::string(100'000, 'A')), "invalid");
    EXPECT_EQ(with(std::string(43, '\0')), "invalid");
    EXPECT_EQ(gate.verdict("/b?Signature=" + signature + "&expires=1800000000", noon), "missing");
}

TEST_F(Native, SaysWhetherAnythingOfATokenIsThere)
{
    EXPECT_TRUE(gate.ask("/b", noon).wholly_unsigned);
    EXPECT_TRUE(gate.ask("/b?x=signature", noon).wholly_unsigned);
    for (const auto *url : {"/b?expires=1", "/b?key=k1", "/b?x&expires"}) {
        EXPECT_EQ(gate.verdict(url, noon), "missing");
        EXPECT_FALSE(gate.ask(url, noon).wholly_unsigned) << url;
    }
    EXPECT_FALSE(gate.ask("/b?signature", noon).wholly_unsigned);
}

TEST_F(Native, TriesEveryKeyUnlessOneIsNamed)
{
    const std::string token = "/b?signature=" + sign("/b", "1800000000", std::string("\x00\xff", 2)) + "&expires=1800000000";
    EXPECT_EQ(gate.verdict(token, noon), "ok");
    EXPECT_EQ(gate.verdict(token + "&key=k2", noon), "ok");
    EXPECT_EQ(gate.verdict(token + "&key=k1", noon), "invalid");
    EXPECT_EQ(gate.verdict(token + "&key=", noon), "invalid");
    EXPECT_EQ(gate.verdict(token + "&key=k2&key=k2", noon), "invalid");
}

TEST(NativeWithoutKeys, LetsNobodyIn)
{
    const Gate gate("native", {}, {});
    EXPECT_EQ(gate.verdict("/b?signature=&expires=1800000000", noon), "invalid");
}

TEST(NativeOptions, AreNone)
{
    EXPECT_EQ(refusal("native", {"ttl=1"}), "native: unknown option \"ttl\"");
    EXPECT_EQ(refusal("nativ", {}), "unknown scheme \"nativ\"");
}

}  // namespace
}  // namespace cdn::sign

#include "ask.h"

#include "core/digest.h"
#include "core/encoding.h"

namespace cdn::sign {
namespace {

constexpr std::int64_t noon = 1'800'000'000;

class BunnyCdn : public testing::Test {
protected:
    Gate gate{"bunnycdn", {"country=$country"}, {{"k1", "secret"}}};

    static std::string hs256(const std::string &text)
    {
        return "HS256-" + base64url(Hmac(Hash::sha256(), "secret").of({text}));
    }
};

TEST_F(BunnyCdn, SignsArgumentsSortedAndDecoded)
{
    const std::string token = hs256("/a1800000000b=x y&c=\xC3\xBC");
    for (const std::string query : {"b=x%20y&c=%C3%BC", "c=%c3%bc&b=x+y", "%62=x%20%79&c=%C3%BC"}) {
        EXPECT_EQ(gate.verdict("/a?" + query + "&expires=1800000000&token=" + token, noon), "ok") << query;
    }
    EXPECT_EQ(gate.verdict("/a?b=x%20y&expires=1800000000&token=" + token, noon), "invalid");
    EXPECT_EQ(gate.verdict("/a?b=x%20y&c=%C3%BC&c=%C3%BC&expires=1800000000&token=" + token, noon), "invalid");
}

// The signed text is the same, the URL is not.
TEST_F(BunnyCdn, MovesNoBorderOfWhatIsSigned)
{
    const std::string two = "?expires=1800000000&token=" + hs256("/21800000000");
    EXPECT_EQ(gate.verdict("/2" + two, noon), "ok");
    EXPECT_EQ(gate.verdict("/?expires=21800000000&token=" + hs256("/21800000000"), noon), "invalid");
    EXPECT_EQ(gate.verdict("/?expires=2180000000&0=&token=" + hs256("/21800000000="), noon), "invalid");

    const std::string args = hs256("/a1800000000b=1&c=2");
    EXPECT_EQ(gate.verdict("/a?b=1&c=2&expires=1800000000&token=" + args, noon), "ok");
    EXPECT_EQ(gate.verdict("/a?b=1%26c%3D2&expires=1800000000&token=" + args, noon), "invalid");
    EXPECT_EQ(gate.verdict("/a?b=1%26c=2&expires=1800000000&token=" + args, noon), "invalid");
    EXPECT_EQ(gate.verdict("/a?b%3D1%26c=2&expires=1800000000&token=" + args, noon), "invalid");
}

TEST_F(BunnyCdn, SignsNoReservedPathsDecoded)
{
    const std::string tail = "?expires=1800000000&token=";
    EXPECT_EQ(gate.verdict("/%C3%BC%20x" + tail + hs256("/\xC3\xBC x1800000000"), noon), "ok");
    EXPECT_EQ(gate.verdict("/a%2Fb" + tail + hs256("/a/b1800000000"), noon), "invalid");
    EXPECT_EQ(gate.verdict("/a%2541" + tail + hs256("/a%411800000000"), noon), "invalid");
    EXPECT_EQ(gate.verdict("/a%3Bb" + tail + hs256("/a;b1800000000"), noon), "invalid");
    EXPECT_EQ(gate.verdict("/a%2Bb" + tail + hs256("/a+b1800000000"), noon), "invalid");
    EXPECT_EQ(gate.verdict("/a%2e%2e/b" + tail + hs256("/a../b1800000000"), noon), "invalid");
    EXPECT_EQ(gate.verdict("/Tom%20%26%20J%2C%5B1%5D%3F%23" + tail + hs256("/Tom & J,[1]?#1800000000"), noon), "ok");
}

// As its libraries of April 2026 had it.
TEST_F(BunnyCdn, TakesAnAddressInTextBehindItsOwnArguments)
{
    gate.variables["$remote_addr"] = "10.0.0.1";
    const std::string tail = "expires=1800000000&token=";
    EXPECT_EQ(gate.verdict("/a?" + tail + hs256("/a180000000010.0.0.1"), noon), "ok");
    EXPECT_EQ(gate.verdict("/a?" + tail + hs256("/a180000000010.0.0.2"), noon), "invalid");
    EXPECT_EQ(gate.verdict("/d/a?token_path=/d&" + tail + hs256("/d1800000000token_path=/d10.0.0.1"), noon), "ok");
    EXPECT_EQ(gate.verdict("/d/a?token_path=/d&" + tail + hs256("/d10.0.0.11800000000token_path=/d10.0.0.1"), noon), "invalid");
    EXPECT_EQ(gate.verdict("/a?x=1&" + tail + hs256("/a1800000000x=110.0.0.1"), noon), "invalid");
}

TEST_F(BunnyCdn, LeavesOtherArgumentsFreeWhereToldTo)
{
    const std::string token = hs256("/a1800000000token_ignore_params=true");
    EXPECT_EQ(gate.verdict("/a?x=1%262&3=4&token_ignore_params=true&expires=1800000000&token=" + token, noon), "ok");
    EXPECT_EQ(gate.verdict("/a?x=1&token_ignore_params=false&expires=1800000000&token=" + token, noon), "invalid");
    EXPECT_EQ(gate.verdict("/a?token_ignore_params=true&token_path=%2F&expires=1800000000&token=" + token, noon),
              "invalid");
}

// The oldest form does not sign them: they may not count.
TEST_F(BunnyCdn, TakesNoAreaFromWhoDidNotSignIt)
{
    const std::string token = base64url(Hash::md5().of({"secret/a1800000000"}));
    EXPECT_EQ(gate.verdict("/a?x=1&expires=1800000000&token=" + token, noon), "ok");
    EXPECT_EQ(gate.verdict("/b?token_path=%2Fa&expires=1800000000&token=" + token, noon), "invalid");
    EXPECT_EQ(gate.verdict("/a?token_countries=DE&expires=1800000000&token=" + token, noon), "invalid");
}

TEST_F(BunnyCdn, RefusesWhatItCannotCheck)
{
    EXPECT_EQ(gate.verdict("/a?token_referer=x&expires=1800000000&token=" + hs256("/a1800000000token_referer=x"), noon),
              "invalid");
}

// Escaped, they would reach the origin.
TEST_F(BunnyCdn, FindsWhatIsTheTokensByItsExactSpelling)
{
    for (const std::string argument : {"token_foo=1", "limit=5"}) {
        const std::string tail = "&expires=1800000000&token=" + hs256("/a1800000000" + argument);
        EXPECT_EQ(gate.verdict("/a?" + argument + tail, noon), "ok");
        EXPECT_EQ(gate.clean("/a?" + argument + tail), "/a");
        EXPECT_EQ(gate.verdict("/a?%" + hex(argument.substr(0, 1)) + argument.substr(1) + tail, noon), "invalid");
    }
}

// nginx resolves "/.." before it looks for a location.
TEST_F(BunnyCdn, TakesNoDotsInADirectorysArguments)
{
    const auto url = [](const std::string &x) {
        const std::string token = base64url(Hash::md5().of({"secret/a1800000000"}));
        return "/bcdn_token=" + token + "&expires=1800000000&x=" + x + "/a";
    };
    EXPECT_EQ(gate.verdict(url("..%2Fb"), noon), "ok");
    EXPECT_EQ(gate.verdict(url("%2F..%2Fb"), noon), "invalid");
    EXPECT_EQ(gate.verdict(url("%2f%2E%2e"), noon), "invalid");
}

TEST_F(BunnyCdn, KnowsItsShapesAlone)
{
    for (const std::string &token : {std::string(), std::string("HS256-"), std::string("HS256-1-"), std::string("HS512-x"), std::string("a"), std::string(43, 'A'),
                                    std::string(44, 'A'), std::string(22, 'A'), std::string("HS256-HS256-")})
    {
        EXPECT_EQ(gate.verdict("/a?expires=1800000000&token=" + token, noon), "invalid") << token;
    }
    EXPECT_TRUE(gate.ask("/a?limit=5&x", noon).wholly_unsigned);
    EXPECT_FALSE(gate.ask("/a?token_path=/", noon).wholly_unsigned);
    EXPECT_FALSE(gate.ask("/bcdn_token=/a", noon).wholly_unsigned);
}

TEST_F(BunnyCdn, CleansBothForms)
{
    EXPECT_EQ(gate.clean("/a?limit=5&x=1"), "/a?limit=5&x=1");
    EXPECT_EQ(gate.clean("/a?limit=5&x=1&token=T&expires=1&token_path=/"), "/a?x=1");
    EXPECT_EQ(gate.clean("/bcdn_token=T&expires=1&v=2/a/b?c=3"), "/a/b?v=2&c=3");
    EXPECT_EQ(gate.clean("/bcdn_token=T"), "/");
    EXPECT_EQ(gate.clean("/x/bcdn_token=T/a"), "/x/bcdn_token=T/a");
}

TEST_F(BunnyCdn, LetsNobodyInFromNowhere)
{
    const std::string url = "/a?token_countries=DE&expires=1800000000&token=" + hs256("/a1800000000token_countries=DE");
    EXPECT_EQ(gate.verdict(url, noon), "forbidden");
    gate.variables["$country"] = "DE";
    EXPECT_EQ(gate.verdict(url, noon), "ok");
    EXPECT_EQ(gate.verdict(url, noon + 1), "expired");
}

}  // namespace
}  // namespace cdn::sign

#include "cli/command.h"
#include "cli/secret.h"
#include "cli/signing.h"
#include "cli/when.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <unistd.h>

namespace cdn::cli {
namespace {

constexpr std::int64_t noon = 1'800'000'000;

template <typename Do>
std::string failure(Do act)
{
    try {
        act();
    } catch (const Failure &failure) {
        EXPECT_EQ(failure.code, Exit::usage);
        return failure.what();
    }

    return "";
}

class Secrets : public testing::Test {
protected:
    Secrets() { setenv("CDN_UNIT_KEY", "hex:00ff", 1); }
    ~Secrets() override
    {
        unsetenv("CDN_UNIT_KEY");
        std::remove(name.c_str());
    }

    std::string bytes(const std::string &place) { return std::string(read_secret("--key", place).bytes()); }
    void write(const std::string &text) { std::ofstream(name) << text; }

    std::string name = testing::TempDir() + "/cdn_unit_key." + std::to_string(getpid());
};

TEST_F(Secrets, ComeFromFilesAndTheEnvironment)
{
    write("a key\n\n");
    EXPECT_EQ(bytes("file:" + name), "a key\n");
    write("00fF\r\n");
    EXPECT_EQ(bytes("hex:file:" + name), std::string("\x00\xff", 2));
    EXPECT_EQ(bytes("env:CDN_UNIT_KEY"), std::string("\x00\xff", 2));
    setenv("CDN_UNIT_KEY", "AP8", 1);
    EXPECT_EQ(bytes("base64:env:CDN_UNIT_KEY"), std::string("\x00\xff", 2));
    EXPECT_EQ(bytes("env:CDN_UNIT_KEY"), "AP8");
}

TEST_F(Secrets, NeverComeFromTheCommandLine)
{
    for (const std::string &text : {"hunter2", "hex:00ff", "base64:AP8", ""}) {
        const std::string line = failure([&] { bytes(text); });
        EXPECT_TRUE(line.starts_with("--key takes file:NAME or env:NAME: ")) << line;
        EXPECT_EQ(line.find("hunter2"), line.npos);
    }
}

TEST_F(Secrets, ThatCannotBeReadAreNamed)
{
    EXPECT_EQ(failure([&] { bytes("env:CDN_UNIT_NONE"); }), "the environment has no CDN_UNIT_NONE");
    EXPECT_EQ(failure([&] { bytes("file:/no/such"); }), "/no/such: No such file or directory");
    EXPECT_EQ(failure([&] { bytes("hex:file:/no/such"); }), "/no/such: No such file or directory");
    write("xyz");
    EXPECT_EQ(failure([&] { bytes("hex:file:" + name); }), "--key: the secret is no valid hex");
    write("\n");
    EXPECT_EQ(failure([&] { bytes("file:" + name); }), "--key: the secret is empty");
}

TEST_F(Secrets, SignAndVerify)
{
    SigningOptions options;
    options.keys = {"env:CDN_UNIT_KEY"};
    options.ids = {"k1"};
    options.expires = "60";
    const std::string url = Signer(options, noon)("https://cdn.test/a?x");
    EXPECT_TRUE(url.starts_with("https://cdn.test/a?x&signature=")) << url;
    EXPECT_TRUE(url.ends_with("&expires=1800000060&key=k1")) << url;

    SigningOptions nameless = options;
    nameless.ids.clear();
    const Verified good = verify(nameless, url, {}, noon + 60);
    EXPECT_EQ(good.answer.verdict, sign::Verdict::ok);
    EXPECT_EQ(good.clean, "https://cdn.test/a?x");
    EXPECT_EQ(good.answer.expires, noon + 60);
    EXPECT_EQ(verify(nameless, url, {}, noon + 61).answer.verdict, sign::Verdict::expired);

    SigningOptions other = options;
    other.ids = {"k2"};
    EXPECT_EQ(verify(other, url, {}, noon).answer.verdict, sign::Verdict::invalid);

    write("another");
    other.keys = {"file:" + name, "env:CDN_UNIT_KEY"};
    other.ids.clear();
    EXPECT_EQ(verify(other, url, {}, noon).answer.verdict, sign::Verdict::ok) << "any of the keys";
    EXPECT_EQ(failure([&] { Signer(other, noon); }), "a URL is signed with one key, not with 2");
}

TEST_F(Secrets, AreNotNeededToSayWhatElseIsMissing)
{
    SigningOptions options;
    options.keys = {"env:CDN_UNIT_KEY"};
    const auto say = [&](const std::string &scheme, const std::string &url) {
        options.scheme = scheme;
        return failure([&] { Signer(options, noon)(url); });
    };
    EXPECT_EQ(say("secure_link", "/a"), "the scheme reads the client's address: say --ip ADDRESS");
    EXPECT_EQ(say("google", "/a").substr(0, 22), "google: needs base=URL");
    EXPECT_EQ(say("google", "https://cdn.test/a"), "google: needs the key's name");
    EXPECT_EQ(say("cloudflare", "/a").substr(0, 26), "cloudflare: needs ttl=TIME");
    EXPECT_EQ(say("native", "a"), "a URL begins with / or http:// or https://: \"a\"");
    EXPECT_EQ(say("native", "/a b").substr(0, 10), "a URL has ");
    EXPECT_EQ(say("native", "/a#b").substr(0, 10), "a URL has ");
    EXPECT_EQ(say("native", "/\xc3\xbc").substr(0, 10), "a URL has ");
}

TEST(WebUrls, AreCutWhereThePathBegins)
{
    EXPECT_EQ(WebUrl::of("https://a:8443/b?c").origin, "https://a:8443");
    EXPECT_EQ(WebUrl::of("https://a:8443/b?c").target, "/b?c");
    EXPECT_EQ(WebUrl::of("http://a").target, "/");
    EXPECT_EQ(WebUrl::of("/b//c").origin, "");
    EXPECT_NE(failure([] { WebUrl::of("https://"); }), "");
    EXPECT_NE(failure([] { WebUrl::of("https://a?b"); }), "");
}

TEST(Variables, AreFilledIn)
{
    const Variables variables{{"uri", "/a"}, {"arg_x", "1"}};
    EXPECT_EQ(expand("<$uri|${uri}s|$arg_x>", variables), "</a|/as|1>");
    EXPECT_EQ(failure([&] { expand("$host", variables); }), "the scheme reads $host: say --var host=VALUE");
}

TEST(Times, AreReadAsPeopleWriteThem)
{
    EXPECT_EQ(read_time("--at", "3600", noon), noon + 3600);
    EXPECT_EQ(read_time("--at", "1d 12h", noon), noon + 129600);
    EXPECT_EQ(read_time("--at", "@5", noon), 5);
    EXPECT_EQ(read_time("--at", "2027-01-15T08:00:00Z", noon), noon);
    for (const char *text : {"soon", "-1", "@", "@-1", "1.5", "2027-01-15"}) {
        EXPECT_TRUE(failure([&] { read_time("--at", text, noon); }).starts_with("--at takes ")) << text;
    }
}

TEST(Times, ArePrinted)
{
    EXPECT_EQ(print_time(noon), "2027-01-15 08:00:00 UTC");
    EXPECT_EQ(print_duration(0), "0 s");
    EXPECT_EQ(print_duration(59), "59 s");
    EXPECT_EQ(print_duration(60), "1 min");
    EXPECT_EQ(print_duration(3661), "1 h 1 min");
    EXPECT_EQ(print_duration(86405), "1 d");
}

}  // namespace
}  // namespace cdn::cli

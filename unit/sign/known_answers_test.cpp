// Signed URLs that providers' own tools and documents have published, and variations
// of them: known_answers.json.

#include "ask.h"

#include <nlohmann/json.hpp>

#include <fstream>

namespace cdn::sign {
namespace {

using nlohmann::json;

std::vector<json> vectors(const std::string &scheme)
{
    std::ifstream file(UNIT_DIRECTORY "/sign/known_answers.json");
    const json all = json::parse(file);
    std::vector<json> found;
    for (const json &vector : all["vectors"]) {
        if (vector["scheme"] == scheme) {
            found.push_back(vector);
        }
    }

    return found;
}

Gate gate(const json &vector)
{
    std::vector<std::string> options;
    const json given = vector.value("options", json::object());
    for (const auto &[name, value] : given.items()) {
        options.push_back(name + '=' + value.get<std::string>());
    }
    if (vector.contains("country")) {
        options.emplace_back("country=$country");
    }

    std::vector<KeyText> keys;
    for (const json &key : vector["keys"]) {
        const std::string secret = key["secret"];
        const auto salt = secret.find(" salt=");
        keys.push_back({key["id"], secret.substr(0, salt),
                        salt == secret.npos ? "" : secret.substr(salt + 6)});
    }

    Gate gate(vector["scheme"].get<std::string>(), options, keys);
    gate.variables["$remote_addr"] = vector.value("client_ip", "");
    gate.variables["$country"] = vector.value("country", "");
    return gate;
}

class KnownAnswers : public testing::TestWithParam<std::pair<std::string, std::size_t>> {};

TEST_P(KnownAnswers, ComeOutAsStated)
{
    const auto [scheme, count] = GetParam();
    const auto all = vectors(scheme);
    EXPECT_EQ(all.size(), count);

    for (const json &vector : all) {
        SCOPED_TRACE(vector["id"]);
        const Gate asked = gate(vector);
        ASSERT_TRUE(asked.scheme);

        const std::string url = vector["url"];
        const std::int64_t now = vector["now"];
        const Answer answer = asked.ask(url, now, vector.value("cookie", ""));

        EXPECT_EQ(name(answer.verdict), vector["expect"]);
        if (vector.contains("clean_url")) {
            EXPECT_EQ(asked.clean(url), vector["clean_url"]);
        }
        if (vector.contains("expires") && (vector["expect"] == "ok" || vector["expect"] == "expired")) {
            // CloudFront states the first second that is too late
            const std::int64_t last = vector["expires"].get<std::int64_t>() - (scheme == "cloudfront");
            EXPECT_EQ(answer.expires, last);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Schemes, KnownAnswers,
                         testing::Values(std::pair{"native", 18}, std::pair{"bunnycdn", 33},
                                         std::pair{"google", 17}, std::pair{"akamai", 14},
                                         std::pair{"cloudflare", 11}, std::pair{"fastly", 10},
                                         std::pair{"keycdn", 7}, std::pair{"cloudfront", 7},
                                         std::pair{"imgproxy", 6}, std::pair{"secure_link", 6}),
                         [](const auto &test) { return test.param.first; });

}  // namespace
}  // namespace cdn::sign

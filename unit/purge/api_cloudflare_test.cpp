#include "purge/api.h"

#include "call.h"

namespace cdn::purge {
namespace {

using nlohmann::json;

std::string cloudflare(std::string_view body)
{
    return outcome("POST /client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/purge_cache", body);
}

TEST(CloudflareCall, NamesFilesTagsHostsPrefixes)
{
    EXPECT_EQ(cloudflare(R"({"files":["http://www.example.com/css/styles.css",
                                      "http://www.example.com/js/index.js?v=2"]})"),
              "hard url://www.example.com/css/styles.css url://www.example.com/js/index.js?v=2");
    EXPECT_EQ(cloudflare(R"({"tags":["a-cache-tag","another-cache-tag"]})"),
              "hard tag:a-cache-tag tag:another-cache-tag");
    EXPECT_EQ(cloudflare(R"({"hosts":["www.example.com","images.example.com"]})"),
              "hard prefix://www.example.com/ prefix://images.example.com/");
    EXPECT_EQ(cloudflare(R"({"prefixes":["www.example.com/foo","images.example.com/bar/baz"]})"),
              "hard prefix://www.example.com/foo prefix://images.example.com/bar/baz");
    EXPECT_EQ(cloudflare(R"({"purge_everything":true})"), "hard everything");
    EXPECT_EQ(cloudflare(R"({"purge_everything":false,"files":[],"tags":["a"]})"), "hard tag:a");
}

TEST(CloudflareCall, NamesFilesWithHeaders)
{
    EXPECT_EQ(cloudflare(R"({"files":[
        {"url":"http://www.example.com/cat_picture.jpg",
         "headers":{"CF-IPCountry":"US","CF-Device-Type":"desktop","Accept-Language":"zh-CN"}},
        "http://www.example.com/dog_picture.jpg"]})"),
              "hard url://www.example.com/cat_picture.jpg url://www.example.com/dog_picture.jpg");
    EXPECT_EQ(cloudflare(R"({"files":[{"headers":{}}]})"), "400: \"files\" is not a list of texts");
    EXPECT_EQ(cloudflare(R"({"files":[{"uri":"/"}]})"), "400: unknown field \"files: uri\"");
}

// Cloudflare's own plugins for WordPress and Magento.
TEST(CloudflareCall, ComesAsDeleteFromOlderPlugins)
{
    EXPECT_EQ(outcome("DELETE /zones/1/purge_cache", R"({"purge_everything":true})"), "hard everything");
    EXPECT_EQ(outcome("DELETE /zones/1/purge_cache/", R"({"files":["https://example.com/"]})"),
              "hard url://example.com/");
    EXPECT_EQ(outcome("GET /zones/1/purge_cache"), "405: the method is not POST, DELETE");
}

TEST(CloudflareCall, HasCloudflaresLimits)
{
    EXPECT_EQ(cloudflare("{\"tags\":" + many(100) + '}').substr(0, 12), "hard tag:t0 ");
    EXPECT_EQ(cloudflare("{\"tags\":" + many(101) + '}'), "400: \"tags\" has more than 100 entries");
    EXPECT_EQ(cloudflare("{\"hosts\":" + many(101) + '}'), "400: \"hosts\" has more than 100 entries");
    EXPECT_EQ(cloudflare("{\"prefixes\":" + many(101) + '}'),
              "400: \"prefixes\" has more than 100 entries");
    EXPECT_EQ(cloudflare("{\"files\":" + many(500, "/") + '}').substr(0, 12), "hard url:/0 ");
    EXPECT_EQ(cloudflare("{\"files\":" + many(501, "/") + '}'), "400: \"files\" has more than 500 entries");
}

TEST(CloudflareCall, NamesSomething)
{
    const std::string nothing = "400: Request must contain one of \"purge_everything\", \"files\", "
                                "\"tags\", \"hosts\" or \"prefixes\"";
    EXPECT_EQ(cloudflare("{}"), nothing);
    EXPECT_EQ(cloudflare(R"({"files":[]})"), nothing);
    EXPECT_EQ(cloudflare(R"({"purge_everything":false})"), nothing);
}

TEST(CloudflareCall, RefusesWhatItDoesNotKnow)
{
    EXPECT_EQ(cloudflare(""), "400: JSON is missing");
    EXPECT_EQ(cloudflare("[]"), "400: the body is not a JSON object");
    EXPECT_EQ(cloudflare(R"({"files":["http://a/"],"urls":[]})"), "400: unknown field \"urls\"");
    EXPECT_EQ(cloudflare(R"({"files":"http://a/"})"), "400: \"files\" is not a list");
    EXPECT_EQ(cloudflare(R"({"purge_everything":"true"})"),
              "400: \"purge_everything\" is not true or false");
    EXPECT_EQ(cloudflare(R"({"tags":[{"a":1}]})"), "400: \"tags\" is not a list of texts");
    for (const auto host : {"", "/", "a/b", "//a", "*.example.com", "https://a", "a?b", "a#b", "a b"}) {
        EXPECT_EQ(cloudflare(R"({"hosts":[")" + std::string(host) + "\"]}").substr(0, 4), "400:") << host;
    }
}

TEST(CloudflareCall, IsSoftWhenItSaysSo)
{
    Call soft = call("POST /zones/1/purge_cache", R"({"tags":["a"]})");
    soft.soft = true;
    EXPECT_EQ(outcome(soft), "soft tag:a");
    EXPECT_EQ(submitted(soft)->source, "cloudflare");
}

TEST(CloudflareCall, InvalidatesSoftly)
{
    for (const std::string start : {"POST ", "POST /client/v4"}) {
        EXPECT_EQ(outcome(start + "/zones/1/invalidate_cache", R"({"tags":["a"]})"), "soft tag:a");
        EXPECT_EQ(outcome(start + "/zones/1/environments/2/invalidate_cache", R"({"purge_everything":true})"), "soft everything");
        EXPECT_EQ(outcome(start + "/zones/1/environments/2/purge_cache", R"({"tags":["a"]})"), "hard tag:a");
    }
    EXPECT_EQ(outcome("POST /zones/1/invalidate_cache", R"({"tag":"a"})"), "400: unknown field \"tag\"");
    EXPECT_EQ(outcome("GET /zones/1/invalidate_cache"), "405: the method is not POST");
}

TEST(CloudflareAnswer, HasItsEnvelope)
{
    const Answer answer = accepted(Dialect::cloudflare, standing());
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(json::parse(answer.body),
              json::parse(R"({"success":true,"errors":[],"messages":[],"result":{"id":"17-0"}})"));

    Standing pending = standing();
    pending.status = Status::pending;
    EXPECT_EQ(accepted(Dialect::cloudflare, pending).status, 202);
}

TEST(CloudflareAnswer, RefusesWithACode)
{
    const auto code = [](int status) {
        const Answer answer = refused(Dialect::cloudflare, status, bad_request("why"));
        EXPECT_EQ(answer.status, status);
        const json body = json::parse(answer.body);
        EXPECT_EQ(body["success"], false);
        EXPECT_EQ(body["result"], nullptr);
        EXPECT_EQ(body["messages"], json::array());
        EXPECT_EQ(body["errors"].size(), 1u);
        EXPECT_EQ(body["errors"][0]["message"], "why");
        return body["errors"][0]["code"].get<int>();
    };

    EXPECT_EQ(code(400), 1012);
    EXPECT_EQ(code(401), 10001);
    EXPECT_EQ(code(403), 10000);
    EXPECT_EQ(code(405), 10405);
    EXPECT_EQ(code(429), 971);
    EXPECT_EQ(code(503), 10013);
}

json told(std::string_view request)
{
    const auto understood = understand(call(request), {}, noon);
    const auto *told = understood ? std::get_if<Told>(&understood->action) : nullptr;
    return told != nullptr ? json::parse(told->body) : json();
}

TEST(CloudflareCall, LooksAZoneUp)
{
    for (const std::string start : {"GET ", "GET /client/v4"}) {
        const json zones = told(start + "/zones?name=Example.com&status=active");
        EXPECT_EQ(zones["success"], true) << start;
        EXPECT_EQ(zones["result"][0]["name"], "example.com");
        EXPECT_EQ(zones["result"][0]["status"], "active");
        EXPECT_EQ(zones["result"][0]["id"].get<std::string>().size(), 32U);
        EXPECT_EQ(zones["result_info"]["total_pages"], 1);
        EXPECT_EQ(told(start + "/zones/abc")["result"]["id"], "abc");
        EXPECT_EQ(told(start + "/user/tokens/verify")["result"]["status"], "active");
        EXPECT_EQ(told(start + "/accounts/A/tokens/verify")["result"]["status"], "active");
    }
    EXPECT_EQ(told("GET /zones")["result"][0]["name"], "edge.example");
    EXPECT_EQ(told("GET /zones?page=2")["result"], json::array()) << "who turns pages comes to an end";
    EXPECT_EQ(told("GET /zones?name=%zz")["result"][0]["name"], "edge.example");
}

TEST(CloudflareCall, IsRefusedInItsShapeWhereThereIsNone)
{
    for (const auto request : {"GET /client/v4/zones/Z/dns_records", "PATCH /client/v4/zones/Z/settings/minify", "GET /client/v4/user",
                               "POST /client/v4/service/S/purge_all", "GET /accounts/A/rulesets"}) {
        EXPECT_EQ(outcome(request), "404: no such purge call") << request;
        EXPECT_EQ(dialect_of(call(request)), Dialect::cloudflare) << request;
    }
    EXPECT_EQ(outcome("DELETE /zones/Z"), "405: the method is not GET") << "not a purge by id";
    EXPECT_EQ(outcome("GET /zones/Z/purge_cache"), "405: the method is not POST, DELETE");
}

TEST(FastlyCall, LooksItsServiceUp)
{
    const json service = told("GET /service/SU1Z0isxPaozGVKXdv0eY");
    EXPECT_EQ(service["id"], "SU1Z0isxPaozGVKXdv0eY");
    EXPECT_EQ(service["versions"][0]["active"], true);
    EXPECT_EQ(told("GET /service")[0]["name"], "edge.example");
    EXPECT_EQ(dialect_of(call("GET /service/S/version/1/domain")), Dialect::fastly);
}

// What Drupal's module asks for before it purges anything.
TEST(FastlyCall, HasATokenThatMayPurge)
{
    EXPECT_EQ(told("GET /tokens/self")["scopes"], json({"purge_all", "purge_select"}));
    EXPECT_EQ(told("GET /tokens/self")["services"], json::array()) << "any";
}

TEST(KeycdnCall, LooksItsZonesUp)
{
    EXPECT_EQ(told("GET /zones.json")["data"]["zones"][0]["name"], "edge.example");
    EXPECT_EQ(told("GET /zones/123.json")["status"], "success");
    EXPECT_EQ(told("GET /zones/123.json")["data"]["zone"]["id"], "123");
    EXPECT_EQ(dialect_of(call("GET /zones.json")), Dialect::keycdn);
    EXPECT_EQ(outcome("DELETE /zones/123.json"), "405: the method is not GET");
    EXPECT_EQ(told("GET /zones/.json")["result"]["id"], ".json") << "no number, so Cloudflare's";
}

TEST(BunnycdnCall, LooksItsPullZoneUp)
{
    EXPECT_EQ(told("GET /pullzone/12345")["Id"], 12345);
    EXPECT_EQ(told("GET /pullzone/12345")["Hostnames"][0]["Value"], "edge.example");
}

}  // namespace
}  // namespace cdn::purge

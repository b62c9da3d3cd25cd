#include "purge/api.h"

#include "call.h"

namespace cdn::purge {
namespace {

using nlohmann::json;

std::string zone(std::string_view body)
{
    return outcome("POST /pullzone/1234/purgeCache", body);
}

TEST(BunnycdnCall, PurgesAZone)
{
    EXPECT_EQ(zone(""), "hard everything");
    EXPECT_EQ(zone("{}"), "hard everything");
    EXPECT_EQ(zone(R"({"CacheTag":null})"), "hard everything");
    EXPECT_EQ(zone(R"({"CacheTag":""})"), "hard everything");
    EXPECT_EQ(submitted(call("POST /pullzone/1/purgeCache"))->source, "bunnycdn");
}

TEST(BunnycdnCall, PurgesATag)
{
    EXPECT_EQ(zone(R"({"CacheTag":"product-123"})"), "hard tag:product-123");
}

// What was meant to narrow must not empty the zone instead.
TEST(BunnycdnCall, PurgesNoZoneByMistake)
{
    EXPECT_EQ(zone(R"({"CacheTags":["a"]})"), "400: unknown field \"CacheTags\"");
    EXPECT_EQ(zone(R"({"CacheTag":["a"]})"), "400: \"CacheTag\" is not a text");
    EXPECT_EQ(zone(R"({"CacheTag":"a b"})").substr(0, 4), "400:");
    EXPECT_EQ(zone("CacheTag=a"), "400: malformed JSON");
    EXPECT_EQ(zone("[]"), "400: the body is not a JSON object");
    EXPECT_EQ(outcome("POST /pullzone/1/purgeCache?url=/a"), "400: unknown query argument \"url\"");
    EXPECT_EQ(outcome("GET /pullzone/1/purgeCache"), "405: the method is not POST");
    EXPECT_EQ(outcome("POST /pullzone//purgeCache"), "404: no such purge call");
}

TEST(BunnycdnCall, PurgesAUrl)
{
    const std::string purged = "hard url://myzone.b-cdn.net/css/site.css";
    EXPECT_EQ(outcome("POST /purge?url=https%3A%2F%2Fmyzone.b-cdn.net%2Fcss%2Fsite.css&async=true"), purged);
    EXPECT_EQ(outcome("POST /purge?url=https://myzone.b-cdn.net/css/site.css&async=false"), purged);
    EXPECT_EQ(outcome("POST /purge?async=False&url=myzone.b-cdn.net/css/site.css", "{}"), purged);
    EXPECT_EQ(outcome("GET /purge?url=https://myzone.b-cdn.net/css/site.css"), purged);
    EXPECT_EQ(outcome("POST /purge?url=https%3A%2F%2Fa.net%2Fb%3Fc%3D1%26d%3D2"), "hard url://a.net/b?c=1&d=2");
    EXPECT_EQ(outcome("POST /purge?async=&headerName=&headerValue=&exactPath=&url=https%3A%2F%2Fa.net%2Fb"), "hard url://a.net/b")
        << "as clients made of its OpenAPI document send it";
    EXPECT_EQ(outcome("GET /purge?headerName=Origin&headerValue=https://b.net&url=https://a.net/b"), "hard url://a.net/b")
        << "all variants";
    EXPECT_EQ(outcome("POST /purge?url=https%3A%2F%2Fa.net%2Fb+c"), "hard url://a.net/b c");
}

TEST(BunnycdnCall, PurgesAllBelowATrailingSlash)
{
    EXPECT_EQ(outcome("POST /purge?url=https://a.net/img/"), "hard prefix://a.net/img/");
    EXPECT_EQ(outcome("POST /purge?url=https://a.net/img/&exactPath=false"), "hard prefix://a.net/img/");
    EXPECT_EQ(outcome("POST /purge?url=https://a.net/img/&exactPath=true"), "hard url://a.net/img/");
}

TEST(BunnycdnCall, PurgesByWildcard)
{
    EXPECT_EQ(outcome("POST /purge?url=https://a.net/img/*"), "hard prefix://a.net/img/");
    EXPECT_EQ(outcome("POST /purge?url=https%3A%2F%2Fa.net%2Fimg%2Fcat*"), "hard prefix://a.net/img/cat");
    EXPECT_EQ(outcome("POST /purge?url=https://a.net/*/cat.jpg"), "hard pattern://a.net/*/cat.jpg");
    EXPECT_EQ(outcome("POST /purge?url=*").substr(0, 4), "400:");
    EXPECT_EQ(outcome("POST /purge?url=https://*").substr(0, 4), "400:");
}

TEST(BunnycdnCall, RefusesWhatItDoesNotKnow)
{
    EXPECT_EQ(outcome("POST /purge"), "400: \"url\" is missing in the query");
    EXPECT_EQ(outcome("POST /purge?url="), "400: \"url\" is missing in the query");
    EXPECT_EQ(outcome("POST /purge?async=false", R"({"urls":["https://a.net/b"]})"),
              "400: \"url\" is missing in the query");
    EXPECT_EQ(outcome("POST /purge?url=/a&url=/b"), "400: unknown query argument \"url\"");
    EXPECT_EQ(outcome("POST /purge?url=https://a.net/b?c=1&d=2"), "400: unknown query argument \"d\"");
    EXPECT_EQ(outcome("POST /purge?url=/a&async=maybe"), "400: \"async\" is not true or false");
    EXPECT_EQ(outcome("POST /purge?url=/%zz").substr(0, 4), "400:");
    EXPECT_EQ(outcome("POST /purge?url=ftp://a.net/b").substr(0, 4), "400:");
}

TEST(BunnycdnAnswer, IsEmpty)
{
    for (const auto dialect : {Dialect::bunnycdn, Dialect::bunnycdn_url}) {
        const Answer answer = accepted(dialect, standing());
        EXPECT_EQ(answer.status, dialect == Dialect::bunnycdn ? 204 : 200) << "as its documents have it";
        EXPECT_EQ(answer.content_type, "");
        EXPECT_EQ(answer.body, "");
    }

    Standing pending = standing();
    pending.status = Status::pending;
    EXPECT_EQ(accepted(Dialect::bunnycdn, pending).status, 202);
}

TEST(BunnycdnAnswer, RefusesWithAMessage)
{
    EXPECT_EQ(json::parse(refused(Dialect::bunnycdn, 400, bad_request("why")).body),
              json::parse(R"({"ErrorKey":"validation_error","Field":"","Message":"why"})"));
    EXPECT_EQ(json::parse(refused(Dialect::bunnycdn, 401, bad_request("why")).body)["ErrorKey"],
              "unauthorized");
}

}  // namespace
}  // namespace cdn::purge

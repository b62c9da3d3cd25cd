#include "purge/api.h"

#include "call.h"

namespace cdn::purge {
namespace {

using nlohmann::json;

std::string tags(std::string_view body, std::string_view query = {})
{
    const std::string request = "DELETE /zones/purgetag/123.json?" + std::string(query);
    return outcome(call(request, body));
}

std::string urls(std::string_view body)
{
    return outcome("DELETE /zones/purgeurl/123.json", body);
}

TEST(KeycdnCall, PurgesAZone)
{
    EXPECT_EQ(outcome("GET /zones/purge/123.json"), "hard everything");
    EXPECT_EQ(outcome("GET /zones/purge/123"), "hard everything");
    EXPECT_EQ(outcome("DELETE /zones/purge/123.json"), "405: the method is not GET");
    EXPECT_EQ(submitted(call("GET /zones/purge/123.json"))->source, "keycdn");
}

TEST(KeycdnCall, NamesTagsInJson)
{
    EXPECT_EQ(tags(R"({"tags":["tag1","tag2"]})"), "hard tag:tag1 tag:tag2");
}

// PHP's http_build_query(), as KeyCDN's own library and WordPress send it.
TEST(KeycdnCall, NamesTagsInAForm)
{
    EXPECT_EQ(tags("tags%5B0%5D=tag1&tags%5B1%5D=tag2"), "hard tag:tag1 tag:tag2");
    EXPECT_EQ(tags("tags[]=tag1&tags[]=tag2"), "hard tag:tag1 tag:tag2");
    EXPECT_EQ(tags("tags=tag1"), "hard tag:tag1");
    EXPECT_EQ(tags("", "tags[]=tag1"), "hard tag:tag1");
    EXPECT_EQ(tags(R"({"tags":["tag1"]})", "tags[]=tag2"), "hard tag:tag1 tag:tag2");
}

TEST(KeycdnCall, NamesUrls)
{
    EXPECT_EQ(urls(R"({"urls":["demo-1.kxcdn.com/lorem.css","https://demo-1.kxcdn.com/lorem.jpg?v=1"]})"),
              "hard url://demo-1.kxcdn.com/lorem.css url://demo-1.kxcdn.com/lorem.jpg?v=1");
    EXPECT_EQ(urls("urls%5B0%5D=demo-1.kxcdn.com%2Florem%2Bipsum.css"),
              "hard url://demo-1.kxcdn.com/lorem+ipsum.css");
}

TEST(KeycdnCall, RefusesWhatItDoesNotKnow)
{
    EXPECT_EQ(tags(""), "400: \"tags\" is missing");
    EXPECT_EQ(tags("{}"), "400: \"tags\" is missing");
    EXPECT_EQ(urls(R"({"urls":[]})"), "400: \"urls\" is missing");
    EXPECT_EQ(urls(R"({"tags":["a"]})"), "400: unknown field \"tags\"");
    EXPECT_EQ(tags(R"({"tags":"a"})"), "400: \"tags\" is not a list of texts");
    EXPECT_EQ(tags(R"({"tags":[1]})"), "400: \"tags\" is not a list of texts");
    EXPECT_EQ(tags("{"), "400: malformed JSON");
    EXPECT_EQ(tags("tags[]=a%"), "400: malformed percent-encoding: \"tags[]=a%\"");
    EXPECT_EQ(tags("tags[]=a b").substr(0, 4), "400:");
    EXPECT_EQ(tags("zone=1&tags[]=a"), "400: unknown field \"zone\"");
    EXPECT_EQ(urls(R"({"urls":[""]})").substr(0, 4), "400:");
    EXPECT_EQ(outcome("GET /zones/purgeurl/123.json"), "405: the method is not DELETE");
}

TEST(KeycdnAnswer, TellsWhatWasCleared)
{
    const auto description = [](Target target) {
        const json body = json::parse(accepted(Dialect::keycdn, standing({target})).body);
        EXPECT_EQ(body["status"], "success");
        return body["description"].get<std::string>();
    };

    EXPECT_EQ(description({Kind::url, "/a"}), "Cache has been cleared for URL(s).");
    EXPECT_EQ(description({Kind::tag, "a"}), "Cache has been cleared for Tag(s).");
    EXPECT_EQ(description({Kind::everything, ""}), "Cache has been cleared for Zone.");
}

TEST(KeycdnAnswer, RefusesWithADescription)
{
    const Answer answer = refused(Dialect::keycdn, 400, bad_request("why"));
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(json::parse(answer.body), json::parse(R"({"status":"error","description":"why"})"));
}

}  // namespace
}  // namespace cdn::purge

#include "purge/api.h"

#include "call.h"

namespace cdn::purge {
namespace {

using nlohmann::json;

std::string keys(std::string_view header, std::string_view body = {})
{
    Call batch = call("POST /service/SU1Z0isxPaozGVKXdv0eY/purge", body);
    batch.surrogate_key = header;
    return outcome(batch);
}

TEST(FastlyCall, NamesOneKeyInThePath)
{
    EXPECT_EQ(outcome("POST /service/S/purge/key_1"), "hard tag:key_1");
    EXPECT_EQ(outcome("POST /service/S/purge/a%2Fb%2Bc"), "hard tag:a/b+c");
    EXPECT_EQ(outcome("POST /service/S/purge/crate-1.0+build"), "hard tag:crate-1.0+build");
    EXPECT_EQ(outcome("POST /service/S/purge//containers/7"), "hard tag:/containers/7");
    EXPECT_EQ(outcome("POST /service/S/purge/a%20b").substr(0, 4), "400:");
    EXPECT_EQ(outcome("POST /service/S/purge/%zz"), "400: malformed percent-encoding: \"%zz\"");
    EXPECT_EQ(outcome("POST /service//purge/a"), "404: no such purge call");
    EXPECT_EQ(submitted(call("POST /service/S/purge/a"))->source, "fastly");
}

TEST(FastlyCall, NamesManyKeysInAHeader)
{
    EXPECT_EQ(keys("key_1 key_2 key_3"), "hard tag:key_1 tag:key_2 tag:key_3");
    EXPECT_EQ(keys("  key_1  key_1 "), "hard tag:key_1");
    EXPECT_EQ(keys("a,b").substr(0, 4), "400:");
}

// Fastly's plugin for Magento.
TEST(FastlyCall, NamesManyKeysInJson)
{
    EXPECT_EQ(keys("", R"({"surrogate_keys":["key_1","key_2"]})"), "hard tag:key_1 tag:key_2");
    EXPECT_EQ(keys("key_0", R"({"surrogate_keys":["key_1"]})"), "hard tag:key_0 tag:key_1");
    EXPECT_EQ(keys("key_0", "{}"), "hard tag:key_0");
    EXPECT_EQ(keys("", R"({"surrogate_keys":"key_1"})"), "400: \"surrogate_keys\" is not a list of texts");
    EXPECT_EQ(keys("", R"({"surrogate_keys":[1]})"), "400: \"surrogate_keys\" is not a list of texts");
    EXPECT_EQ(keys("", R"({"keys":["a"]})"), "400: unknown field \"keys\"");
    EXPECT_EQ(keys(""), "400: nothing to purge is named");
    EXPECT_EQ(keys("a", "key_1"), "400: malformed JSON");
}

TEST(FastlyCall, NamesUpTo256Keys)
{
    EXPECT_EQ(keys("", "{\"surrogate_keys\":" + many(256) + '}').substr(0, 12), "hard tag:t0 ");
    const std::string too_many =
        "400: Batch surrogate key request only supports up to 256 surrogate keys";
    EXPECT_EQ(keys("", "{\"surrogate_keys\":" + many(257) + '}'), too_many);
    EXPECT_EQ(keys("a", "{\"surrogate_keys\":" + many(256) + '}'), too_many);
}

TEST(FastlyCall, PurgesAll)
{
    EXPECT_EQ(outcome("POST /service/S/purge_all"), "hard everything");
    EXPECT_EQ(outcome("GET /service/S/purge_all"), "405: the method is not POST");
}

TEST(FastlyCall, NamesAUrl)
{
    const std::string purged = "hard url://www.example.com/path/to/object";
    EXPECT_EQ(outcome("POST /purge/www.example.com/path/to/object"), purged);
    EXPECT_EQ(outcome("POST /purge/https://www.example.com/path/to/object"), purged);
    EXPECT_EQ(outcome("POST /purge/www.example.com%2Fpath%2Fto%2Fobject"), purged);
    EXPECT_EQ(outcome("POST /purge/https%3A%2F%2Fwww.example.com%2Fpath%2Fto%2Fobject"), purged);
    EXPECT_EQ(outcome("POST /purge/www.example.com/a?b=c"), "hard url://www.example.com/a?b=c");
    EXPECT_EQ(outcome("POST /purge/www.example.com/a/"), "hard url://www.example.com/a/");
    EXPECT_EQ(outcome("POST /purge/www.example.com"), "hard url://www.example.com/");
    EXPECT_EQ(outcome("POST /purge/www.example.com/service/S/purge/key"),
              "hard url://www.example.com/service/S/purge/key");
    EXPECT_EQ(outcome("POST /purge/*.example.com/").substr(0, 4), "400:");
}

TEST(FastlyCall, IsSoftWhenItSaysSo)
{
    for (const auto request : {"POST /service/S/purge/a", "POST /service/S/purge_all",
                               "POST /purge/example.com/a"})
    {
        Call soft = call(request);
        soft.soft = true;
        EXPECT_EQ(outcome(soft).substr(0, 5), "soft ") << request;
    }
}

TEST(FastlyAnswer, HasAnIdForAll)
{
    const Answer answer = accepted(Dialect::fastly, standing());
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(json::parse(answer.body), json::parse(R"({"status":"ok","id":"17-0"})"));
}

TEST(FastlyAnswer, HasAnIdForEachKeyOfABatch)
{
    const Answer answer = accepted(Dialect::fastly_keys,
                                   standing({{Kind::tag, "key_1"}, {Kind::tag, "key_2"}}));
    EXPECT_EQ(json::parse(answer.body), json::parse(R"({"key_1":"17-0","key_2":"17-0"})"));
}

TEST(FastlyAnswer, RefusesWithAReason)
{
    for (const Dialect dialect : {Dialect::fastly, Dialect::fastly_keys}) {
        const Answer answer = refused(dialect, 401, {ErrorCode::unauthorized, "why"});
        EXPECT_EQ(answer.status, 401);
        EXPECT_EQ(json::parse(answer.body),
                  json::parse(R"({"status":"fail","reason":"why","msg":"why"})"));
    }
}

}  // namespace
}  // namespace cdn::purge

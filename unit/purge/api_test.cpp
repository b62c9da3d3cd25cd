#include "purge/api.h"

#include "call.h"

namespace cdn::purge {
namespace {

using nlohmann::json;

std::string post(std::string_view body)
{
    return outcome("POST ", body);
}

Purge purge_of(std::string_view body)
{
    const auto purge = submitted(call("POST ", body));
    EXPECT_TRUE(purge) << purge.error().message;
    return purge ? *purge : Purge();
}

std::int64_t wait_of(std::string_view query)
{
    const std::string request = "POST ?" + std::string(query);
    const auto understood = understand(call(request, R"({"tags":["a"]})"), {}, noon);
    return understood ? std::get<Submit>(understood->action).wait_ms : -1;
}

// ---- native calls

TEST(NativeCall, NamesItsTargets)
{
    EXPECT_EQ(post(R"({"tags":["a","b"]})"), "soft tag:a tag:b");
    EXPECT_EQ(post(R"({"urls":["/a?b","https://Example.com/c"]})"), "soft url:/a?b url://example.com/c");
    EXPECT_EQ(post(R"({"prefixes":["/a/"]})"), "soft prefix:/a/");
    EXPECT_EQ(post(R"({"patterns":["*.jpg"]})"), "soft pattern:*.jpg");
    EXPECT_EQ(post(R"({"everything":true})"), "soft everything");
    EXPECT_EQ(post(R"({"urls":["/u"],"tags":["t"],"everything":false,"mode":"hard"})"),
              "hard tag:t url:/u");
    EXPECT_EQ(outcome("POST /", R"({"tags":["a"]})"), "soft tag:a");
}

TEST(NativeCall, MergesTargetsThatAreAlike)
{
    EXPECT_EQ(post(R"({"tags":["a","a"],"urls":["/a","/%61","//h/a"]})"),
              "soft tag:a url:/a url://h/a");
}

TEST(NativeCall, NeedsATarget)
{
    for (const auto body : {"{}", R"({"tags":[]})", R"({"everything":false})", R"({"mode":"hard"})"}) {
        EXPECT_EQ(post(body), "400: nothing to purge is named") << body;
    }
}

TEST(NativeCall, NamesTheFieldThatIsWrong)
{
    EXPECT_EQ(post(R"({"tag":["a"]})"), "400: unknown field \"tag\"");
    EXPECT_EQ(post("{\"t\\n\":1}"), "400: unknown field \"t?\"");
    EXPECT_EQ(post(R"({"tags":"a"})"), "400: \"tags\" is not a list of texts");
    EXPECT_EQ(post(R"({"tags":["a",1]})"), "400: \"tags\" is not a list of texts");
    EXPECT_EQ(post(R"({"urls":null})"), "400: \"urls\" is not a list of texts");
    EXPECT_EQ(post(R"({"tags":[""]})"), "400: \"tags\": tag is empty: \"\"");
    EXPECT_EQ(post(R"({"everything":"yes"})"), "400: \"everything\" is not true or false");
    EXPECT_EQ(post(R"({"tags":["a"],"mode":"harder"})"), "400: \"mode\" is not soft or hard");
    EXPECT_EQ(post(R"({"tags":["a"],"mode":true})"), "400: \"mode\" is not soft or hard");
    EXPECT_EQ(post(R"({"tags":["a"],"reason":1})"),
              "400: \"reason\" is not a text of at most 1024 bytes");
    EXPECT_EQ(post(R"({"tags":["a"],"event":1})"), "400: \"event\" is not a text");
    EXPECT_EQ(post(R"({"tags":["a"],"data":{}})"), "400: \"data\" goes with \"event\"");
    EXPECT_EQ(post(R"(["a"])"), "400: the body is not a JSON object");
}

TEST(NativeCall, RefusesHostileJson)
{
    EXPECT_EQ(post(""), "400: JSON is missing");
    EXPECT_EQ(post("tags=a"), "400: malformed JSON");
    EXPECT_EQ(post("{\"tags\":[\"a\xff\"]}"), "400: malformed JSON");
    EXPECT_EQ(post(R"({"tags":["a"],"at":NaN})"), "400: malformed JSON");
    EXPECT_EQ(post(R"({"tags":["a"],"at":1e999})"), "400: malformed JSON");
    EXPECT_EQ(post(R"({"tags":["a"],"tags":["b"]})"), "400: \"tags\" is given twice");
    EXPECT_EQ(post("{\"tags\":" + std::string(500000, '[')), "400: JSON is nested too deep");
    EXPECT_EQ(post(R"({"tags":["a\u0000b"]})"),
              "400: \"tags\": tag holds a space, a comma or a control character: \"a?b\"");
    EXPECT_EQ(post(R"({"urls":["/a\u0000b"]})"),
              "400: \"urls\": url holds a control character: \"/a?b\"");
}

TEST(NativeCall, HasABodyOfUpToAMebibyte)
{
    std::string body = R"({"tags":["a"]})";
    body.append(longest_body - body.size(), ' ');
    EXPECT_EQ(post(body), "soft tag:a");
    EXPECT_EQ(post(body + ' '), "413: the body is over 1 MiB");
}

TEST(NativeCall, NamesUpToTenThousandTargets)
{
    EXPECT_EQ(purge_of("{\"tags\":" + many(10000) + '}').targets.size(), 10000u);
    EXPECT_EQ(post("{\"tags\":" + many(10001) + '}'),
              "400: \"tags\" has more than 10000 entries");
    EXPECT_EQ(post("{\"tags\":" + many(10000) + ",\"urls\":[\"/\"]}"),
              "400: the purge has more than 10000 targets");
}

TEST(NativeCall, IsScheduledForLater)
{
    EXPECT_EQ(purge_of(R"({"tags":["a"]})").at_ms, std::nullopt);
    for (const auto at : {"1795262401", "1795262401.0", "\"1795262401\"", "\"2026-11-21T12:00:01Z\"",
                          "\"2026-11-21T13:00:01+01:00\""})
    {
        const std::string body = R"({"tags":["a"],"at":)" + std::string(at) + '}';
        EXPECT_EQ(purge_of(body).at_ms, noon + 1000) << at;
    }
    EXPECT_EQ(purge_of(R"({"tags":["a"],"at":1795262400.25})").at_ms, noon + 250);
}

TEST(NativeCall, IsNotScheduledForThePastOrTheFarFuture)
{
    const auto at = [](std::string_view value) {
        return post(R"({"tags":["a"],"at":)" + std::string(value) + '}');
    };

    EXPECT_EQ(at("1795262400"), "400: \"at\" is not later than now");
    EXPECT_EQ(at("0"), "400: \"at\" is not later than now");
    EXPECT_EQ(at("1795262400.001"), "soft tag:a");
    EXPECT_EQ(at(std::to_string(1795262400 + 366 * 86400)), "soft tag:a");
    EXPECT_EQ(at(std::to_string(1795262401 + 366 * 86400)), "400: \"at\" is more than a year ahead");
    EXPECT_EQ(at("253402300799"), "400: \"at\" is more than a year ahead");
}

TEST(NativeCall, TakesNothingElseForATime)
{
    for (const auto at : {"-1", "253402300800", "18446744073709551615", "1e300", "-0.5", "true", "null",
                          "[]", "\"\"", "\"tomorrow\"", "\"2026-11-21\"", "\"-5\"", "\"1e10\""})
    {
        EXPECT_EQ(post(R"({"tags":["a"],"at":)" + std::string(at) + '}'),
                  "400: \"at\" is not a time: Unix seconds or like \"2026-11-21T08:00:00Z\"")
            << at;
    }
}

TEST(NativeCall, RollsOutAtOnce)
{
    EXPECT_EQ(purge_of(R"({"tags":["a"]})").rollout, Rollout());
    EXPECT_EQ(purge_of(R"({"tags":["a"],"strategy":"immediate"})").rollout, Rollout());
    for (const auto field : {"\"batch\":1", "\"delay\":1", "\"regions\":[\"us\"]"}) {
        EXPECT_NE(post(R"({"tags":["a"],)" + std::string(field) + '}')
                      .find("goes with \"strategy\" gradual or smart"),
                  std::string::npos)
            << field;
    }
}

TEST(NativeCall, RollsOutInBatches)
{
    EXPECT_EQ(purge_of(R"({"tags":["a"],"strategy":"gradual"})").rollout,
              (Rollout{Strategy::gradual, 10, 1000, {}}));
    EXPECT_EQ(purge_of(R"({"tags":["a"],"strategy":"gradual","batch":2,"delay":0.5})").rollout,
              (Rollout{Strategy::gradual, 2, 500, {}}));
    EXPECT_EQ(purge_of(R"({"tags":["a"],"strategy":"smart","regions":["us","eu"]})").rollout,
              (Rollout{Strategy::smart, 10, 1000, {"us", "eu"}}));
}

TEST(NativeCall, HasBoundsForTheRollout)
{
    const auto with = [](std::string_view field) {
        return post(R"({"tags":["a"],"strategy":"smart",)" + std::string(field) + '}');
    };

    EXPECT_EQ(with("\"batch\":1"), "soft tag:a");
    EXPECT_EQ(with("\"batch\":10000"), "soft tag:a");
    for (const auto batch : {"0", "10001", "-1", "1.5", "\"1\"", "18446744073709551615"}) {
        EXPECT_EQ(with("\"batch\":" + std::string(batch)),
                  "400: \"batch\" is not a whole number from 1 to 10000");
    }
    EXPECT_EQ(with("\"delay\":0"), "soft tag:a");
    EXPECT_EQ(with("\"delay\":3600"), "soft tag:a");
    for (const auto delay : {"3601", "3600.5", "-1", "-0.1", "\"1\"", "1e300"}) {
        EXPECT_EQ(with("\"delay\":" + std::string(delay)),
                  "400: \"delay\" is not a number of seconds from 0 to 3600");
    }
    for (const auto regions : {"\"us\"", "[1]", "[\"\"]", "[\"u s\"]", "{}"}) {
        EXPECT_EQ(with("\"regions\":" + std::string(regions)),
                  "400: \"regions\" is not a list of region names");
    }
    EXPECT_EQ(with("\"regions\":" + many(64)), "soft tag:a");
    EXPECT_EQ(with("\"regions\":" + many(65)), "400: \"regions\" is not a list of region names");
    EXPECT_EQ(post(R"({"tags":["a"],"strategy":"gradual","regions":["us"]})"),
              "400: \"regions\" goes with \"strategy\" smart");
    EXPECT_EQ(post(R"({"tags":["a"],"strategy":"soon"})"),
              "400: \"strategy\" is not immediate, gradual or smart");
}

TEST(NativeCall, KeepsItsReasonOnOneLine)
{
    EXPECT_EQ(purge_of(R"({"tags":["a"],"reason":"new logo"})").reason, "new logo");
    EXPECT_EQ(purge_of(R"({"tags":["a"],"reason":"a\r\nb\u0000"})").reason, "a  b ");
    EXPECT_EQ(purge_of(R"({"tags":["a"],"reason":")" + std::string(1024, 'a') + "\"}").reason.size(), 1024u);
    EXPECT_EQ(post(R"({"tags":["a"],"reason":")" + std::string(1025, 'a') + "\"}"),
              "400: \"reason\" is not a text of at most 1024 bytes");
}

TEST(NativeCall, FillsInEvents)
{
    Expansion expansion;
    ASSERT_FALSE(expansion.add_event("user", {"tag:user-{id}", "prefix:/users/{id}/"}));
    ASSERT_FALSE(expansion.add_cascade("tag:user-7", {"staff"}));
    const auto posted = [&](std::string_view body) { return outcome(call("POST ", body), expansion); };

    EXPECT_EQ(posted(R"({"event":"user","data":{"id":"6","name":"x"}})"),
              "soft tag:user-6 prefix:/users/6/");
    EXPECT_EQ(posted(R"({"event":"user","data":{"id":7},"tags":["a"]})"),
              "soft tag:a tag:user-7 prefix:/users/7/ tag:staff");
    EXPECT_EQ(posted(R"({"event":"user","data":{"id":-7}})"), "soft tag:user--7 prefix:/users/-7/");
    EXPECT_EQ(posted(R"({"event":"user"})"), "400: event \"user\" needs \"id\" in its data");
    EXPECT_EQ(posted(R"({"event":"users"})"), "400: unknown event \"users\"");
    EXPECT_EQ(posted(R"({"event":"user","data":{"id":"../"}})"),
              "400: \"id\" holds a slash: \"../\"");
    EXPECT_EQ(posted(R"({"event":"user","data":[]})"), "400: \"data\" is not an object");
    for (const auto id : {"null", "true", "1.5", "[]", "{}"}) {
        EXPECT_EQ(posted(R"({"event":"user","data":{"id":)" + std::string(id) + "}}"),
                  "400: \"data\": \"id\" is no text or whole number");
    }
}

TEST(NativeCall, BringsCascades)
{
    Expansion expansion;
    ASSERT_FALSE(expansion.add_cascade("a", {"b", "url:/c"}));
    EXPECT_EQ(outcome(call("POST ", R"({"tags":["a"]})"), expansion), "soft tag:a tag:b url:/c");
    EXPECT_EQ(outcome(call("POST /service/S/purge/a"), expansion), "hard tag:a tag:b url:/c");
}

TEST(NativeCall, WaitsUpToThirtySeconds)
{
    EXPECT_EQ(wait_of(""), 0);
    EXPECT_EQ(wait_of("wait=0"), 0);
    EXPECT_EQ(wait_of("wait=2s"), 2000);
    EXPECT_EQ(wait_of("wait=2"), 2000);
    EXPECT_EQ(wait_of("wait=500ms"), 500);
    EXPECT_EQ(wait_of("wait=30s"), 30000);
    EXPECT_EQ(wait_of("wait=31s"), 30000);
    EXPECT_EQ(wait_of("wait=1m"), 30000);
    EXPECT_EQ(wait_of("wait=99999ms"), 30000);
    EXPECT_EQ(wait_of("wait=999999999999999999m"), 30000);
    for (const auto query : {"wait=", "wait=s", "wait=2h", "wait=-1", "wait=1.5s", "wait=2s%20",
                             "wait=9999999999999999999", "wait=%", "waits=2s", "a", "wait=2s&b=1"})
    {
        EXPECT_EQ(wait_of(query), -1) << query;
    }
}

TEST(NativeCall, IsOfTheApi)
{
    EXPECT_EQ(purge_of(R"({"tags":["a"]})").source, "api");
    EXPECT_EQ(purge_of(R"({"tags":["a"]})").id, "");
}

// ---- reading and cancelling

template <typename Action>
const Action *action(const Result<Understood> &understood)
{
    return understood ? std::get_if<Action>(&understood->action) : nullptr;
}

int limit_of(std::string_view request)
{
    const auto understood = understand(call(request), {}, noon);
    const auto *list = action<List>(understood);
    return list != nullptr ? list->limit : -1;
}

TEST(PurgeList, IsGot)
{
    EXPECT_EQ(limit_of("GET "), 100);
    EXPECT_EQ(limit_of("HEAD /"), 100);
    EXPECT_EQ(limit_of("GET ?limit=1"), 1);
    EXPECT_EQ(limit_of("GET /?limit=1000"), 1000);
    for (const auto request : {"GET ?limit=0", "GET ?limit=1001", "GET ?limit=", "GET ?limit=-1",
                               "GET ?wait=1s", "GET ?limit=99999999999999999999"})
    {
        EXPECT_EQ(limit_of(request), -1) << request;
    }
}

TEST(OnePurge, IsGotAndCancelled)
{
    const auto got = understand(call("GET /1763737200123-0"), {}, noon);
    ASSERT_NE(action<Show>(got), nullptr);
    EXPECT_EQ(action<Show>(got)->id, "1763737200123-0");

    const auto slashed = understand(call("HEAD /17-0/"), {}, noon);
    ASSERT_NE(action<Show>(slashed), nullptr);
    EXPECT_EQ(action<Show>(slashed)->id, "17-0");

    const auto deleted = understand(call("DELETE /17-0"), {}, noon);
    ASSERT_NE(action<Cancel>(deleted), nullptr);
    EXPECT_EQ(action<Cancel>(deleted)->id, "17-0");
}

TEST(Endpoint, HasNoOtherPaths)
{
    for (const auto request : {"GET /a/b", "POST /a/b/c", "GET /a%2Fb", "GET //a", "GET /a//",
                               "POST /zones/1/purge_caches", "POST /service/S/purges",
                               "POST /client/v4/purge", "GET /..%2f"})
    {
        EXPECT_EQ(outcome(request), "404: no such purge call") << request;
    }
}

TEST(Endpoint, KnowsWhichMethodGoesWhere)
{
    EXPECT_EQ(outcome("PUT "), "405: the method is not GET, HEAD, POST");
    EXPECT_EQ(outcome("DELETE "), "405: the method is not GET, HEAD, POST");
    EXPECT_EQ(outcome("POST /17-0"), "405: the method is not GET, HEAD, DELETE");
    EXPECT_EQ(outcome("get "), "405: the method is not GET, HEAD, POST");
    EXPECT_EQ(outcome(",", ""), "405: the method is not GET, HEAD, POST");

    EXPECT_EQ(allowed_methods(call("PUT ")), "GET, HEAD, POST");
    EXPECT_EQ(allowed_methods(call("PUT /17-0")), "GET, HEAD, DELETE");
    EXPECT_EQ(allowed_methods(call("GET /zones/Z/purge_cache")), "POST, DELETE");
}

// A look must never purge.
TEST(Endpoint, PurgesNothingOnHead)
{
    for (const auto request : {"HEAD /zones/purge/1.json", "HEAD /purge?url=/a", "HEAD /service/S/purge_all",
                               "OPTIONS /zones/purge/1.json"})
    {
        EXPECT_EQ(outcome(request).substr(0, 4), "405:") << request;
    }
}

TEST(Endpoint, OverlooksNoArgument)
{
    for (const auto request : {"POST /zones/1/purge_cache?a=b", "POST /service/S/purge?a=b",
                               "POST /service/S/purge/key?a=b", "POST /service/S/purge_all?a=b",
                               "POST /pullzone/1/purgeCache?a=b", "GET /zones/purge/1.json?a=b"})
    {
        EXPECT_EQ(outcome(request, "{}"), "400: unknown query argument \"a\"") << request;
    }
    EXPECT_EQ(outcome("POST /service/S/purge_all?%zz"), "400: malformed percent-encoding: \"%zz\"");
}

TEST(Dialect, IsKnownByThePath)
{
    EXPECT_EQ(dialect_of(call("POST ")), Dialect::native);
    EXPECT_EQ(dialect_of(call("GET /17-0")), Dialect::native);
    EXPECT_EQ(dialect_of(call("GET /nowhere/at/all")), Dialect::native);
    EXPECT_EQ(dialect_of(call("POST /zones/Z/purge_cache")), Dialect::cloudflare);
    EXPECT_EQ(dialect_of(call("PUT /client/v4/zones/Z/purge_cache")), Dialect::cloudflare);
    EXPECT_EQ(dialect_of(call("POST /service/S/purge/K")), Dialect::fastly);
    EXPECT_EQ(dialect_of(call("POST /service/S/purge_all")), Dialect::fastly);
    EXPECT_EQ(dialect_of(call("POST /service/S/purge")), Dialect::fastly_keys);
    EXPECT_EQ(dialect_of(call("POST /purge/example.com/a")), Dialect::fastly);
    EXPECT_EQ(dialect_of(call("POST /pullzone/1/purgeCache")), Dialect::bunnycdn);
    EXPECT_EQ(dialect_of(call("POST /purge?url=/a")), Dialect::bunnycdn_url);
    EXPECT_EQ(dialect_of(call("GET /zones/purge/1.json")), Dialect::keycdn);
    EXPECT_EQ(dialect_of(call("DELETE /zones/purgeurl/1.json")), Dialect::keycdn);
    EXPECT_EQ(dialect_of(call("DELETE /zones/purgetag/1.json")), Dialect::keycdn);
    EXPECT_EQ(dialect_of(call("PURGE /zones/purgetag/1.json")), Dialect::native);
}

// ---- method PURGE

TEST(MethodPurge, PurgesThatUrlOfThatHost)
{
    EXPECT_EQ(outcome("PURGE /a%20b/c?d=%2F"), "hard url://edge.example/a b/c?d=%2F");
    EXPECT_EQ(outcome("PURGE /"), "hard url://edge.example/");
    EXPECT_EQ(submitted(call("PURGE /a"))->source, "purge");
}

TEST(MethodPurge, IsSoftWhenItSaysSo)
{
    Call soft = call("PURGE /a");
    soft.soft = true;
    EXPECT_EQ(outcome(soft), "soft url://edge.example/a");
}

TEST(MethodPurge, KeepsToItsHost)
{
    EXPECT_EQ(outcome("PURGE //evil.example/a"), "hard url://edge.example/evil.example/a");
    EXPECT_EQ(outcome("PURGE /*"), "hard url://edge.example/%2A");

    Call hostless = call("PURGE //evil.example/a");
    hostless.host = {};
    EXPECT_EQ(outcome(hostless), "hard url:/evil.example/a");

    Call ported = call("PURGE /a");
    ported.host = "[::1]:8080";
    EXPECT_EQ(outcome(ported), "hard url://[::1]/a");
}

TEST(MethodPurge, NeedsNoBody)
{
    EXPECT_EQ(outcome("PURGE /a", "not JSON"), "hard url://edge.example/a");
    EXPECT_EQ(outcome("PURGE /%zz").substr(0, 4), "400:");
}

// ---- answers

TEST(NativeAnswer, TellsWhatHappened)
{
    Standing s = standing();
    const Answer applied = accepted(Dialect::native, s);
    EXPECT_EQ(applied.status, 200);
    EXPECT_EQ(applied.content_type, "application/json");
    EXPECT_EQ(applied.body, "{\"effective_at\":1795262400,\"id\":\"17-0\",\"status\":\"applied\"}\n");

    s.status = Status::pending;
    EXPECT_EQ(accepted(Dialect::native, s).status, 202);
    EXPECT_EQ(json::parse(accepted(Dialect::native, s).body)["status"], "pending");

    s.status = Status::scheduled;
    s.purge.at_ms = noon + 60500;
    EXPECT_EQ(accepted(Dialect::native, s).status, 200);
    EXPECT_EQ(accepted(Dialect::native, s).body,
              "{\"effective_at\":1795262460.5,\"id\":\"17-0\",\"status\":\"scheduled\"}\n");

    s.status = Status::applied;
    EXPECT_EQ(json::parse(accepted(Dialect::native, s).body)["effective_at"], noon / 1000)
        << "once it fired, when it did";
}

TEST(NativeAnswer, NamesTheEdgesThatWereWaitedFor)
{
    Standing s = standing();
    s.edges = {{"edge-1", "eu", noon + 1}, {"edge-2", "", noon + 2000}};
    EXPECT_EQ(json::parse(accepted(Dialect::native, s).body)["edges"],
              json::parse(R"([{"node":"edge-1","region":"eu","applied_at":1795262400.001},
                              {"node":"edge-2","applied_at":1795262402}])"));
}

TEST(NativeAnswer, RefusesInOnePlainLine)
{
    const Answer answer = refused(Dialect::native, 400, bad_request("unknown field \"a\""));
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.content_type, "text/plain");
    EXPECT_EQ(answer.body, "unknown field \"a\"\n");
}

TEST(NativeAnswer, ShowsAPurge)
{
    Standing s = standing({{Kind::tag, "a"}, {Kind::url, "/caf\xe9"}});
    s.purge.reason = "logo";
    s.purge.source = "api";
    s.purge.who = "::1";
    s.purge.rollout.strategy = Strategy::gradual;

    EXPECT_EQ(json::parse(shown(s).body), json::parse(R"({
        "id": "17-0", "status": "applied", "effective_at": 1795262400, "mode": "soft",
        "targets": ["tag:a", "url:/caf\ufffd"], "target_count": 2, "strategy": "gradual",
        "reason": "logo", "source": "api", "who": "::1", "edges": []})"));
}

TEST(NativeAnswer, ListsPurgesInShort)
{
    std::vector<Target> targets;
    for (int i = 0; i < 11; i++) {
        targets.push_back({Kind::tag, std::to_string(i)});
    }

    const json body = json::parse(listed({standing(), standing(targets)}).body);
    ASSERT_EQ(body["purges"].size(), 2u);
    EXPECT_EQ(body["purges"][0]["targets"], json::parse(R"(["tag:a"])"));
    EXPECT_EQ(body["purges"][1]["targets"].size(), 10u);
    EXPECT_EQ(body["purges"][1]["target_count"], 11);

    EXPECT_EQ(listed({}).body, "{\"purges\":[]}\n");
}

TEST(NativeAnswer, TellsOfACancelledPurge)
{
    Standing s = standing();
    s.status = Status::scheduled;
    s.purge.at_ms = noon + 1000;
    EXPECT_EQ(cancelled(s).body, "{\"effective_at\":1795262401,\"id\":\"17-0\",\"status\":\"cancelled\"}\n");

    s.cancelled = true;
    EXPECT_EQ(json::parse(shown(s).body)["status"], "cancelled");
}

}  // namespace
}  // namespace cdn::purge

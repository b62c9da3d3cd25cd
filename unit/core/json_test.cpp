#include "core/json.h"

#include <gtest/gtest.h>

namespace cdn {
namespace {

std::string refusal(std::string_view text)
{
    const auto parsed = parse_json(text);
    return parsed ? "accepted" : parsed.error().message;
}

std::string nested(int depth)
{
    return std::string(static_cast<std::size_t>(depth), '[')
           + std::string(static_cast<std::size_t>(depth), ']');
}

TEST(Json, ComesBackAsItWasPrinted)
{
    const std::string text = R"({"a":[1,-2,0.5,true,null,"é\n"],"b":{}})";
    EXPECT_EQ(print_json(*parse_json(text)), text);
}

TEST(Json, IsRefusedWhenItIsNotJson)
{
    for (const auto text : {"{", "{]", "{\"a\":}", "{} {}", "nul", "NaN", "[1,]", "{\"a\":1e999}",
                            "'a'", "\"\xff\"", "\"a\nb\"", "[01]", "\"\\ud800\""})
    {
        EXPECT_EQ(refusal(text), "malformed JSON") << text;
    }
    EXPECT_EQ(refusal(""), "JSON is missing");
    EXPECT_EQ(refusal(" \r\n\t"), "JSON is missing");
}

TEST(Json, NestsEightDeep)
{
    EXPECT_EQ(refusal(nested(8)), "accepted");
    EXPECT_EQ(refusal(nested(9)), "JSON is nested too deep");
    EXPECT_EQ(refusal(R"({"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}})"), "accepted");
    EXPECT_EQ(refusal(R"({"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}})"),
              "JSON is nested too deep");
}

TEST(Json, OfAMegabyteOfBracketsIsRefusedWithoutRecursion)
{
    EXPECT_EQ(refusal(nested(500000)), "JSON is nested too deep");
    EXPECT_EQ(refusal(std::string(1000000, '[')), "JSON is nested too deep");

    std::string objects;
    for (int i = 0; i < 100000; i++) {
        objects += "{\"a\":";
    }
    EXPECT_EQ(refusal(objects), "JSON is nested too deep");
}

TEST(Json, NamesEachMemberOnce)
{
    EXPECT_EQ(refusal(R"({"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]})"), "accepted");
    EXPECT_EQ(refusal(R"({"a":1,"a":1})"), "\"a\" is given twice");
    EXPECT_EQ(refusal(R"({"a":1,"\u0061":1})"), "\"a\" is given twice");
    EXPECT_EQ(refusal(R"([{"b":{"c":1,"c":2}}])"), "\"c\" is given twice");
}

TEST(Json, IsPrintedOnOneLineWhateverItHolds)
{
    EXPECT_EQ(print_json(nlohmann::json{{"a", "\n\x01\xff"}}), "{\"a\":\"\\n\\u0001\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace cdn

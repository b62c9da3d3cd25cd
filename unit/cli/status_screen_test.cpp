#include "cli/status_screen.h"

#include "cli/report_text.h"
#include "cli/terminal.h"
#include "core/text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cdn::cli {
namespace {

using nlohmann::json;

// What an edge says, with names that would like to be more.
json hostile()
{
    const std::string evil = "\033]0;owned\007\033[2J\r\n<script>|`a`\xE2\x80\xAE";
    json window = {{"requests", 1234567}, {"rps", 14.3}, {"hit_ratio", 0.9312}, {"error_rate", 0.0002},
                   {"origin_share", 0.07}, {"mean_ms", 12.0}, {"p50_ms", 4.0}, {"p95_ms", 120.0}, {"p99_ms", 20'000.0},
                   {"bytes_sent", 12e9}, {"bytes_saved", 9e9}, {"transforms", 7}, {"by_reason", {{evil, 3}, {"cold", 40}}},
                   {"seconds", 86400}};
    json object = {{"url", evil + std::string(300, 'x')}, {"requests", 5}, {"error", 0}};
    return {{"version", 1},
            {"node", evil},
            {"started", 1'795'000'000.0},
            {"now", 1'795'262'400.0},
            {"requests", {{"by_profile", {{evil, {{"requests", 3}, {"hit_ratio", nullptr}, {"bytes", 9}}}}},
                          {"by_region", {{"eu", {{"requests", 7}, {"hit_ratio", 0.5}, {"mean_ms", 3.5}}}, {evil, 3}}}}},
            {"windows", {{"5m", window}, {"1h", window}, {"24h", window}}},
            {"trends", {{"hour", nullptr}, {"day", {{"rps", {{"now", 2}, {"before", 1}, {"change", 1.0}}}}}}},
            {"top", {{"objects", {object, object}}, {"misses", {object, "no object"}}}},
            {"ratings", {{"cache_hit_ratio", {{"value", 0.93}, {"rating", "good"}}}, {evil, {{"rating", evil}}}}},
            {"score", 65},
            {"alerts", {{{"name", evil}, {"severity", evil}, {"value", 7}, {"threshold", 5}, {"since", 1'795'262'000}, {"ended", nullptr}}}},
            {"recommendations", {{{"text", evil}, {"reason", evil}, {"directive", evil}}}},
            {"purges", {{"accepted", {{"tag", 12}, {evil, 1}}}, {"records", 5}, {"capacity", 65536}}},
            {"redis", {{"connected", true}, {"lag", 0.2}}},
            {"series", {{"5m", {{"rps", {1, nullptr, "x", 2.5}}, {"hit_ratio", {0.5, 1}}}}}}};
}

bool is_calm(const std::string &text, bool newlines)
{
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return (c == '\n' && newlines) || (static_cast<unsigned char>(c) >= ' ' && c != 127);
    });
}

TEST(Screen, KeepsItsWidthAndItsCalm)
{
    for (const bool utf8 : {false, true}) {
        for (int width = 20; width <= 200; width++) {
            for (const std::string &line : status_screen(hostile(), {.width = width, .utf8 = utf8})) {
                EXPECT_LE(columns(line), width) << line;
                EXPECT_TRUE(is_calm(line, false)) << line;
            }
        }
    }
}

TEST(Screen, HasNoSequencesButItsOwnColours)
{
    bool coloured = false;
    for (std::string line : status_screen(hostile(), {.width = 100, .colour = true, .utf8 = true})) {
        for (const char *own : {"\033[0m", "\033[1m", "\033[31m", "\033[32m", "\033[33m"}) {
            for (auto at = line.find(own); at != line.npos; at = line.find(own)) {
                line.erase(at, std::string_view(own).size());
                coloured = true;
            }
        }
        EXPECT_TRUE(is_calm(line, false)) << line;
    }
    EXPECT_TRUE(coloured);
}

TEST(Screen, ShowsWhatIsKnown)
{
    std::string all;
    for (const std::string &line : status_screen(hostile(), {.width = 120})) {
        all += line + '\n';
    }
    for (const char *part : {"65 of 100, warning", "cache_hit_ratio 93.0 % good", "1,234,567", "93.1 %", "20.0 s", "11.2 GiB", "eu",
                             "Redis connected", "12 tag", "MOST MISSED", "ADVICE"})
    {
        EXPECT_NE(all.find(part), std::string::npos) << part;
    }
}

TEST(Screen, OfAnythingIsAScreen)
{
    for (const char *text : {"{}", "[]", "null", "3", R"({"windows":{},"requests":[],"top":3,"alerts":{},"ratings":[1],"score":"x"})",
                             R"({"alerts":[1,null,[]],"recommendations":["a"],"top":{"objects":[1,{"url":3}]},"purges":{"accepted":[1]}})"})
    {
        EXPECT_FALSE(status_screen(json::parse(text), {.utf8 = true}).empty()) << text;
        EXPECT_FALSE(report_text(json::parse(text), "24h", true, 80).empty()) << text;
    }
}

TEST(Report, ComparesWithWhatWasBefore)
{
    EXPECT_NE(report_text(hostile(), "24h", false, 80).find("14.3 a second, +100.0 % against the day before"), std::string::npos);
    EXPECT_EQ(report_text(hostile(), "5m", false, 80).find("against"), std::string::npos);
    EXPECT_EQ(report_text(hostile(), "1h", false, 80).find("against"), std::string::npos);
}

TEST(Report, KeepsToTheColumnsThatThereAre)
{
    for (const int width : {60, 80, 200}) {
        const std::string text = report_text(hostile(), "24h", false, width);
        for (const auto line : split(text, '\n')) {
            const bool is_one_word = trim(line).find(' ') == line.npos;
            EXPECT_TRUE(columns(line) <= width || is_one_word) << line;
        }
    }
}

TEST(Report, OfHostileNamesIsPlainText)
{
    for (const char *period : {"5m", "1h", "24h"}) {
        EXPECT_TRUE(is_calm(report_text(hostile(), period, false, 80), true));
        const std::string markdown = report_text(hostile(), period, true, 80);
        EXPECT_TRUE(is_calm(markdown, true));
        EXPECT_EQ(markdown.find("<script"), markdown.find("\\<script") == std::string::npos ? std::string::npos : markdown.find("\\<script") + 1);
        EXPECT_EQ(markdown.find(" `a"), std::string::npos);
    }
}

}  // namespace
}  // namespace cdn::cli

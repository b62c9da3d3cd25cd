#include "status/judge.h"

#include <gtest/gtest.h>

using namespace cdn::status;

namespace {

const Thresholds thresholds;

std::string rated(Measure measure, double value)
{
    const Rating rating = rate(value, thresholds.of(measure));
    return std::string(rating.word) + ' ' + std::to_string(rating.score);
}

Span minutes_of(std::uint64_t requests)
{
    Span span;
    span.seconds = 300;
    span.tally.requests = requests;
    span.tally.with_cache = requests;
    span.tally.hits = requests;
    span.tally.latency[0] = requests;
    return span;
}

TEST(Rating, OfResponseTime)
{
    EXPECT_EQ(rated(Measure::response_time_ms, 0), "excellent 100");
    EXPECT_EQ(rated(Measure::response_time_ms, 100), "excellent 100");
    EXPECT_EQ(rated(Measure::response_time_ms, 100.1), "good 85");
    EXPECT_EQ(rated(Measure::response_time_ms, 300), "good 85");
    EXPECT_EQ(rated(Measure::response_time_ms, 300.1), "warning 70");
    EXPECT_EQ(rated(Measure::response_time_ms, 500), "warning 70");
    EXPECT_EQ(rated(Measure::response_time_ms, 500.1), "warning 50");
    EXPECT_EQ(rated(Measure::response_time_ms, 1000), "warning 50");
    EXPECT_EQ(rated(Measure::response_time_ms, 1000.1), "critical 25");
}

TEST(Rating, OfHitRatioIsTheOtherWayRound)
{
    EXPECT_EQ(rated(Measure::cache_hit_ratio, 1), "excellent 100");
    EXPECT_EQ(rated(Measure::cache_hit_ratio, 0.95), "excellent 100");
    EXPECT_EQ(rated(Measure::cache_hit_ratio, 0.949), "good 85");
    EXPECT_EQ(rated(Measure::cache_hit_ratio, 0.90), "good 85");
    EXPECT_EQ(rated(Measure::cache_hit_ratio, 0.899), "warning 70");
    EXPECT_EQ(rated(Measure::cache_hit_ratio, 0.85), "warning 70");
    EXPECT_EQ(rated(Measure::cache_hit_ratio, 0.849), "warning 50");
    EXPECT_EQ(rated(Measure::cache_hit_ratio, 0.80), "warning 50");
    EXPECT_EQ(rated(Measure::cache_hit_ratio, 0.799), "critical 25");
}

TEST(Rating, OfErrorsAndBandwidth)
{
    EXPECT_EQ(rated(Measure::error_rate, 0.001), "excellent 100");
    EXPECT_EQ(rated(Measure::error_rate, 0.01), "good 85");
    EXPECT_EQ(rated(Measure::error_rate, 0.05), "warning 70");
    EXPECT_EQ(rated(Measure::error_rate, 0.10), "warning 50");
    EXPECT_EQ(rated(Measure::error_rate, 0.11), "critical 25");
    EXPECT_EQ(rated(Measure::bandwidth_utilization, 0.70), "excellent 100");
    EXPECT_EQ(rated(Measure::bandwidth_utilization, 0.96), "critical 25");
}

TEST(Readings, NeedTwentyRequests)
{
    for (const auto &reading : readings(minutes_of(19), thresholds)) {
        EXPECT_FALSE(reading);
    }
    EXPECT_FALSE(score(readings(minutes_of(19), thresholds), thresholds));
    EXPECT_EQ(score(readings(minutes_of(20), thresholds), thresholds), 100);
}

TEST(Readings, KnowBandwidthWhereThereIsALink)
{
    Span span = minutes_of(20);
    span.tally.sent = 300 * 1000;                      // 8000 bits per second

    EXPECT_FALSE(readings(span, thresholds)[3]);
    Thresholds link;
    link.bandwidth = 10'000;
    EXPECT_DOUBLE_EQ(*readings(span, link)[3], 0.8);
}

TEST(Readings, KnowNoHitRatioWithoutACache)
{
    Span span = minutes_of(20);
    span.tally.with_cache = 0;
    EXPECT_FALSE(readings(span, thresholds)[1]);
    EXPECT_EQ(score(readings(span, thresholds), thresholds), 100);
}

TEST(Score, IsTheMeanOfRatings)
{
    Readings values;
    values[0] = 400;                                   // 70
    values[1] = 0.92;                                  // 85
    values[2] = 0.0;                                   // 100
    EXPECT_EQ(score(values, thresholds), 85);
    values[3] = 0.99;                                  // 25
    EXPECT_EQ(score(values, thresholds), 70);
}

TEST(Measure, HasAName)
{
    EXPECT_EQ(measure_named("error_rate"), Measure::error_rate);
    EXPECT_FALSE(measure_named("errors"));
}

}  // namespace

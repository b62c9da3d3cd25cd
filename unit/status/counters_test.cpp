#include "status/counters.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <thread>

using namespace cdn::status;

namespace {

class CountersTest : public testing::Test {
protected:
    std::uint64_t value(Metric metric, std::array<std::string_view, 4> labels) const
    {
        for (const Sample &sample : counters.snapshot()) {
            if (sample.metric == metric && sample.labels == labels) {
                return sample.value;
            }
        }
        return 0;
    }

    std::vector<std::uint64_t> memory = std::vector<std::uint64_t>(Counters::memory_size() / 8 + 1);
    Counters counters{memory.data(), 0};
};

TEST_F(CountersTest, AddUpOverShards)
{
    for (unsigned worker = 0; worker < 20; worker++) {
        Counters own(memory.data(), worker);
        own.add(Metric::responses, {own.label("2xx")}, 5);
    }

    EXPECT_EQ(value(Metric::responses, {"2xx"}), 100U);
}

TEST_F(CountersTest, LoseNothingToThreads)
{
    std::vector<std::thread> threads;
    for (unsigned worker = 0; worker < 4; worker++) {
        threads.emplace_back([&, worker] {
            Counters own(memory.data(), worker % 2);
            for (int i = 0; i < 20'000; i++) {
                own.add(Metric::requests, {own.label(std::to_string(i % 10)), 0, 0, own.label("hit")});
                own.observe(Metric::image_queue, {}, 1000);
            }
        });
    }
    for (auto &thread : threads) {
        thread.join();
    }

    EXPECT_EQ(value(Metric::requests, {"7", "", "", "hit"}), 8'000U);
    const auto all = counters.snapshot();
    EXPECT_EQ(all.back().buckets[1], 80'000U);
    EXPECT_EQ(all.back().sum_us, 80'000'000U);
}

TEST_F(CountersTest, AreSortedByText)
{
    for (const char *word : {"c", "a", "", "b"}) {
        counters.add(Metric::responses, {counters.label(word)});
    }
    const auto all = counters.snapshot();
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0].labels[0], "");
    EXPECT_EQ(all[1].labels[0], "a");
    EXPECT_EQ(all[3].labels[0], "c");
}

TEST_F(CountersTest, PutABoundIntoItsOwnBucket)
{
    counters.observe(Metric::image_queue, {}, 500);
    counters.observe(Metric::image_queue, {}, 501);
    counters.observe(Metric::image_queue, {}, 61'000'000);

    const auto all = counters.snapshot();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].buckets[0], 1U);
    EXPECT_EQ(all[0].buckets[1], 1U);
    EXPECT_EQ(all[0].buckets.back(), 1U);
}

TEST_F(CountersTest, CutLabelsAndKnowThemAgain)
{
    const std::string longer(100, 'x');
    EXPECT_EQ(counters.label(longer), counters.label(longer.substr(0, 63)));
    EXPECT_NE(counters.label(longer), counters.label(longer.substr(0, 62)));
    EXPECT_EQ(counters.label("other"), counters.label("other"));
    EXPECT_EQ(counters.label(std::string_view("a\0b", 3)), counters.label("a"));
}

TEST_F(CountersTest, HaveOneLabelForAllThatLooksTheSame)
{
    EXPECT_EQ(counters.label("a\xff"), counters.label("a\xfe"));
    EXPECT_EQ(counters.label("a\xff"), counters.label("a?"));
    EXPECT_NE(counters.label("a\xc3\xa9"), counters.label("a??"));
    EXPECT_EQ(counters.label(std::string(62, 'x') + "\xc3\xa9"), counters.label(std::string(62, 'x') + '?'));   // cut within
}

TEST_F(CountersTest, HaveRoomForSoManyRegions)
{
    const LabelId other = counters.label("other");
    for (std::size_t i = 0; i < Counters::most_regions; i++) {
        EXPECT_NE(counters.region("r" + std::to_string(i)), other);
    }
    EXPECT_EQ(counters.region("one more"), other);
    EXPECT_NE(counters.region("r0"), other);
    EXPECT_NE(counters.label("no region"), other);
}

TEST_F(CountersTest, CountUnderOtherWhenFull)
{
    std::uint64_t added = 0;
    for (int i = 0; i < 900; i++) {
        for (int j = 0; j < 40; j++) {
            counters.add(Metric::requests, {counters.label("a" + std::to_string(i)), 0, 0,
                                            counters.label("b" + std::to_string(j))});
            added++;
        }
    }

    const auto all = counters.snapshot();
    const std::uint64_t sum = std::accumulate(
        all.begin(), all.end(), std::uint64_t{0},
        [](std::uint64_t so_far, const Sample &sample) { return so_far + sample.value; });
    EXPECT_EQ(sum, added);
    EXPECT_GT(value(Metric::requests, {"other", "other", "other", "other"}), 0U);
}

}  // namespace

#include "status/ranking.h"

#include "core/hash.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <thread>
#include <vector>

using namespace cdn;
using namespace cdn::status;

namespace {

constexpr std::int64_t day = 86400;

class RankingTest : public testing::Test {
protected:
    void add(std::uint64_t object, int count = 1)
    {
        for (int i = 0; i < count; i++) {
            ranking.add(mix(object));
        }
    }

    double rank(std::uint64_t object) const { return ranking.rank(mix(object)).value_or(-1); }

    std::vector<std::uint64_t> memory = std::vector<std::uint64_t>(Ranking::memory_size() / 8 + 1);
    Ranking ranking{memory.data()};
};

TEST_F(RankingTest, SaysNothingOfFewObjects)
{
    for (std::uint64_t i = 1; i < Ranking::least_known; i++) {
        add(i, 3);
    }
    EXPECT_FALSE(ranking.rank(mix(1)));

    add(Ranking::least_known);
    EXPECT_TRUE(ranking.rank(mix(1)));
    EXPECT_EQ(ranking.known(), Ranking::least_known);
}

TEST_F(RankingTest, IsTheShareOfThoseAskedForAtLeastAsOften)
{
    for (std::uint64_t i = 1; i <= 100; i++) {
        add(i, static_cast<int>(i));
    }
    EXPECT_DOUBLE_EQ(rank(100), 0.01);
    EXPECT_DOUBLE_EQ(rank(91), 0.10);
    EXPECT_DOUBLE_EQ(rank(90), 0.11);
    EXPECT_DOUBLE_EQ(rank(1), 1.0);
    EXPECT_DOUBLE_EQ(rank(1000), 1.0) << "never asked for";
}

TEST_F(RankingTest, PutsEqualsBehindAllOfThem)
{
    for (std::uint64_t i = 1; i <= 200; i++) {
        add(i, i <= 50 ? 2 : 1);
    }
    EXPECT_DOUBLE_EQ(rank(1), 0.25);
    EXPECT_DOUBLE_EQ(rank(50), 0.25);
    EXPECT_DOUBLE_EQ(rank(51), 1.0);
}

TEST_F(RankingTest, HalvesByTheDay)
{
    ranking.tick(20'000 * day);
    for (std::uint64_t i = 1; i <= 300; i++) {
        add(i, i <= 100 ? 4 : i <= 200 ? 2 : 1);
    }
    EXPECT_EQ(ranking.known(), 300U);
    EXPECT_DOUBLE_EQ(rank(200), 2.0 / 3);

    ranking.tick(20'001 * day - 1);
    EXPECT_EQ(ranking.known(), 300U);
    ranking.tick(20'001 * day);
    EXPECT_EQ(ranking.known(), 200U) << "who was asked for once is forgotten";
    EXPECT_DOUBLE_EQ(rank(100), 0.5);
    EXPECT_DOUBLE_EQ(rank(200), 1.0);
    add(200);
    EXPECT_DOUBLE_EQ(rank(200), 101.0 / 200) << "one today is two yesterday";

    ranking.tick(20'010 * day);
    EXPECT_EQ(ranking.known(), 0U);
}

TEST_F(RankingTest, KeepsTheMostPopularAtTheEndOfItsCounts)
{
    for (std::uint64_t i = 1; i <= 200; i++) {
        add(i, i <= 2 ? 70'000 : 1);
    }
    EXPECT_DOUBLE_EQ(rank(1), 0.01);
    ranking.tick(day);
    ranking.tick(day);
    EXPECT_EQ(ranking.known(), 2U);
}

// What the header says of its errors.
TEST_F(RankingTest, ErrsForOneInAHundredOf100000Objects)
{
    constexpr std::uint64_t objects = 100'000;
    std::mt19937_64 random(1);
    std::vector<int> truly(objects + 1);
    for (int i = 0; i < 1'000'000; i++) {
        const double u = std::generate_canonical<double, 53>(random);
        const auto object = static_cast<std::uint64_t>(std::pow(static_cast<double>(objects), u));
        truly[object]++;
        add(object);
    }

    std::vector<int> sorted;
    for (std::uint64_t i = 1; i <= objects; i++) {
        if (truly[i] > 0) {
            sorted.push_back(truly[i]);
        }
    }
    std::sort(sorted.begin(), sorted.end());
    const auto size = static_cast<double>(sorted.size());
    EXPECT_NEAR(ranking.known(), size, 0.01 * size);

    int wrong = 0;
    for (std::uint64_t i = 1; i <= objects; i++) {
        const auto at_least = sorted.end() - std::lower_bound(sorted.begin(), sorted.end(), truly[i]);
        wrong += truly[i] > 0 && std::abs(rank(i) - static_cast<double>(at_least) / size) > 0.01 ? 1 : 0;
    }
    EXPECT_LT(wrong, 0.01 * size);
}

TEST_F(RankingTest, CountsForManyAtOnce)
{
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; thread++) {
        threads.emplace_back([this] {
            Ranking own(memory.data());
            for (std::uint64_t i = 0; i < 100'000; i++) {
                own.add(mix(i % 1000 + 1));
            }
        });
    }
    for (auto &thread : threads) {
        thread.join();
    }
    // one that two add at the same moment may be there twice: a few, or more where a thread had to wait
    EXPECT_NEAR(ranking.known(), 1000, 300);
}

}  // namespace

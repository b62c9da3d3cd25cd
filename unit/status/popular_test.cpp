#include "status/popular.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

using namespace cdn::status;

namespace {

constexpr std::int64_t day = 86400;

class PopularTest : public testing::Test {
protected:
    void add(const std::string &name, int count)
    {
        for (int i = 0; i < count; i++) {
            popular.add("", name);
        }
    }

    std::vector<std::uint64_t> memory = std::vector<std::uint64_t>(Popular::memory_size() / 8 + 1);
    Popular popular{memory.data()};
};

TEST_F(PopularTest, IsExactForAFew)
{
    popular.tick(20'000 * day);
    add("/a", 3);
    add("/b", 5);
    add("/c", 3);

    const auto all = popular.all();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].name, "/b");
    EXPECT_EQ(all[0].count, 5U);
    EXPECT_EQ(all[1].name, "/a");
    EXPECT_EQ(all[2].name, "/c");
    EXPECT_EQ(all[0].error + all[1].error + all[2].error, 0U);
}

TEST_F(PopularTest, FindsTheHeavyAmongAMillionOthers)
{
    popular.tick(20'000 * day);
    std::mt19937 random(1);
    int heavy[20] = {};
    for (int i = 0; i < 1'000'000; i++) {
        if (random() % 4 == 0) {
            const unsigned which = random() % 20;
            heavy[which]++;
            popular.add("", "/heavy/" + std::to_string(which));
        } else {
            popular.add("", "/rare/" + std::to_string(random() % 500'000));
        }
    }

    const auto all = popular.all();
    for (std::size_t i = 0; i < 20; i++) {
        ASSERT_EQ(all[i].name.substr(0, 7), "/heavy/") << i;
        const auto truly = static_cast<std::uint64_t>(heavy[std::stoi(all[i].name.substr(7))]);
        EXPECT_GE(all[i].count, truly);
        EXPECT_LE(all[i].count - all[i].error, truly);
    }
}

TEST_F(PopularTest, KnowsWhatTheLatestAnswerWas)
{
    const auto gone = [&] { return popular.all().at(0).gone; };

    popular.tick(20'000 * day);
    add("/a", 3);
    EXPECT_FALSE(gone());
    popular.add("", "/a", true);
    EXPECT_TRUE(gone());
    popular.tick(20'001 * day);
    EXPECT_TRUE(gone());
    add("/a", 1);                                      // and back on another day
    EXPECT_FALSE(gone());

    popular.note("", "/a", true);
    EXPECT_TRUE(gone());
    popular.note("", "/a", false);
    popular.note("", "/b", true);                      // nobody asked for it
    EXPECT_FALSE(gone());
    ASSERT_EQ(popular.all().size(), 1U);
    EXPECT_EQ(popular.all()[0].count, 5U);
}

TEST_F(PopularTest, ForgetsAfterTwoDays)
{
    popular.tick(20'000 * day);
    add("/old", 10);
    popular.tick(20'001 * day);
    add("/old", 2);
    add("/new", 1);
    EXPECT_EQ(popular.all()[0].count, 12U);

    popular.tick(20'002 * day);
    EXPECT_EQ(popular.all()[0].count, 2U);
    popular.tick(20'003 * day - 1);
    EXPECT_EQ(popular.all().size(), 2U);
    popular.tick(20'003 * day);
    EXPECT_TRUE(popular.all().empty());
}

TEST_F(PopularTest, RemembersFridayOnMonday)
{
    popular.tick(20'000 * day);
    add("/friday", 3);
    popular.tick(20'003 * day);
    add("/monday", 1);
    EXPECT_EQ(popular.all().size(), 1U);
    EXPECT_EQ(popular.all(3).size(), 1U);
    EXPECT_EQ(popular.all(4).size(), 2U);

    popular.tick(20'007 * day);
    EXPECT_EQ(popular.all(Popular::days).size(), 2U);
    popular.tick(20'008 * day);
    EXPECT_EQ(popular.all(Popular::days).size(), 1U);
}

TEST_F(PopularTest, ForgetsBothDaysAfterALongSleep)
{
    popular.tick(20'000 * day);
    add("/a", 1);
    popular.tick(20'001 * day);
    add("/b", 1);
    popular.tick(20'010 * day);
    EXPECT_TRUE(popular.all().empty());
}

TEST_F(PopularTest, TellsLongNamesApartAndShowsThemCut)
{
    popular.tick(20'000 * day);
    const std::string longer(500, 'x');
    add(longer + "a", 2);
    add(longer + "b", 1);
    const auto all = popular.all();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].name, longer.substr(0, 231));
    EXPECT_EQ(all[0].count, 2U);
}

TEST_F(PopularTest, CountsForManyAtOnce)
{
    popular.tick(20'000 * day);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; thread++) {
        threads.emplace_back([this] {
            Popular own(memory.data());
            for (int i = 0; i < 50'000; i++) {
                own.add("example.com", "/" + std::to_string(i % 5));
            }
        });
    }
    for (auto &thread : threads) {
        thread.join();
    }

    // one that finds its set locked by a thread without a processor may give up
    const auto all = popular.all();
    ASSERT_EQ(all.size(), 5U);
    for (const auto &object : all) {
        EXPECT_LE(object.count, 40'000U);
        EXPECT_GE(object.count, 39'000U);
    }
}

}  // namespace

#include "purge/patience.h"

#include <gtest/gtest.h>

#include <vector>

namespace cdn::purge {
namespace {

TEST(Patience, AsksThriceAtOnceAndThenEverMoreSeldom)
{
    Patience patience;
    std::vector<std::int64_t> asked;
    for (std::int64_t now = 1'000; now < 101'000; now++) {
        if (patience.asks_again("key", 5, now)) {
            asked.push_back(now - 1'000);
        }
    }

    EXPECT_EQ(asked[0], 0);
    EXPECT_EQ(asked[1], 1);
    EXPECT_EQ(asked[2], 2);
    EXPECT_EQ(asked[3], 12);
    EXPECT_EQ(asked[4], 22);
    EXPECT_EQ(asked[7], 52);
    EXPECT_EQ(asked[8], 65);
    EXPECT_LT(asked.size(), 60U);
    EXPECT_EQ(asked.back() - asked[asked.size() - 2], 10'000);
}

TEST(Patience, FindsOutSoonThatATierWasOnlyLate)
{
    for (const std::int64_t late : {20, 300, 5'000, 18'000}) {
        Patience patience;
        std::int64_t now = 0;
        while (!patience.asks_again("key", 5, now) || now < late) {
            now++;
        }
        EXPECT_LE(now - late, late / 4 + 10) << late;
    }
}

TEST(Patience, BeginsAnewWithAnotherBirthOrKey)
{
    Patience patience;
    for (int i = 0; i < 3; i++) {
        EXPECT_TRUE(patience.asks_again("key", 5, 0));
    }
    EXPECT_FALSE(patience.asks_again("key", 5, 1));
    EXPECT_TRUE(patience.asks_again("other", 5, 1));
    EXPECT_TRUE(patience.asks_again("key", 6, 1));
    EXPECT_TRUE(patience.asks_again("key", 5, 1));
}

}  // namespace
}  // namespace cdn::purge

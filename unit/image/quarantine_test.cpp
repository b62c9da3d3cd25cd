#include "image/quarantine.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace cdn::image {
namespace {

constexpr std::int64_t noon = 1'800'000'000;
constexpr std::uint64_t ten_seconds = 10'000;

std::set<std::int32_t> living;

bool alive(std::int32_t pid)
{
    return living.contains(pid);
}

class QuarantineTest : public testing::Test {
protected:
    void SetUp() override { living = {100, 101}; }

    Offence held(std::uint64_t id, std::int64_t now) { return held(id, now, ten_seconds); }
    Offence held(std::uint64_t id, std::int64_t now, std::uint64_t timeout_ms)
    {
        return q->held(id, now, timeout_ms).offence;
    }

    std::unique_ptr<Quarantine> q = std::make_unique<Quarantine>();
};

TEST_F(QuarantineTest, HoldsNothingAtFirst)
{
    EXPECT_EQ(held(7, noon), Offence::none);
}

TEST_F(QuarantineTest, HoldsASlowSourceForTwoMinutes)
{
    q->add(7, Offence::slow, noon, ten_seconds);
    EXPECT_EQ(held(7, noon), Offence::slow);
    EXPECT_EQ(held(7, noon + 120), Offence::slow);
    EXPECT_EQ(held(7, noon + 121), Offence::none);
    EXPECT_EQ(held(8, noon), Offence::none);
}

TEST_F(QuarantineTest, LetsThoseTryWhoWouldWaitLonger)
{
    q->add(7, Offence::slow, noon, ten_seconds);
    EXPECT_EQ(held(7, noon, ten_seconds), Offence::slow);
    EXPECT_EQ(held(7, noon, ten_seconds + 1), Offence::none);

    q->add(7, Offence::slow, noon + 1, 2 * ten_seconds);
    EXPECT_EQ(held(7, noon, 2 * ten_seconds), Offence::slow);
}

TEST_F(QuarantineTest, HoldsADeadlySourceWhateverTheTimeout)
{
    q->add(7, Offence::deadly, noon);
    EXPECT_EQ(held(7, noon, 1U << 30), Offence::deadly);
    q->add(7, Offence::slow, noon + 1, ten_seconds);
    EXPECT_EQ(held(7, noon), Offence::deadly);
}

TEST_F(QuarantineTest, DoublesTheTimeOfRepeatedOffendersUpToAnHour)
{
    std::int64_t now = noon;
    for (const std::int64_t seconds : {120, 240, 480, 960, 1920, 3600, 3600}) {
        q->add(7, Offence::slow, now, ten_seconds);
        EXPECT_EQ(held(7, now + seconds), Offence::slow);
        EXPECT_EQ(held(7, now + seconds + 1), Offence::none);
        now += seconds + 1;
    }
    for (int i = 0; i < 100; i++) {
        q->add(7, Offence::slow, now, ten_seconds);
        now += 3601;
    }
    EXPECT_EQ(held(7, now - 1), Offence::slow);
    EXPECT_EQ(held(7, now), Offence::none);
}

TEST_F(QuarantineTest, TellsHowLongItHolds)
{
    EXPECT_EQ(q->held(7, noon, ten_seconds).until, 0);
    q->add(7, Offence::deadly, noon);
    EXPECT_EQ(q->held(7, noon + 100, ten_seconds).until, noon + 120);
    q->add(7, Offence::deadly, noon + 200);
    EXPECT_EQ(q->held(7, noon + 200, ten_seconds).until, noon + 200 + 240);
}

TEST_F(QuarantineTest, CountsOffencesOfOneTimeOnce)
{
    q->add(7, Offence::slow, noon, ten_seconds);
    q->add(7, Offence::slow, noon + 1, ten_seconds);
    EXPECT_EQ(held(7, noon + 121), Offence::none);
}

TEST_F(QuarantineTest, ForgetsAfterACleanHour)
{
    q->add(7, Offence::slow, noon, ten_seconds);
    const std::int64_t later = noon + 120 + 3601;
    q->add(7, Offence::slow, later, 10);
    EXPECT_EQ(held(7, later + 120, 10), Offence::slow);
    EXPECT_EQ(held(7, later + 120, ten_seconds), Offence::none);
    EXPECT_EQ(held(7, later + 121, 10), Offence::none);
}

TEST_F(QuarantineTest, IsBoundedAndDropsWhatWouldExpireFirst)
{
    constexpr std::uint64_t row = 128;
    for (std::uint64_t i = 1; i <= 9; i++) {
        q->add(2 + i * row, Offence::slow, noon + static_cast<std::int64_t>(i), ten_seconds);
    }
    EXPECT_EQ(held(2 + 1 * row, noon + 10), Offence::none);
    for (std::uint64_t i = 2; i <= 9; i++) {
        EXPECT_EQ(held(2 + i * row, noon + 10), Offence::slow) << i;
    }

    for (std::uint64_t i = 2; i < 100'000; i++) {
        q->add(i, Offence::slow, noon + 20, ten_seconds);
    }
    EXPECT_EQ(held(99'999, noon + 20), Offence::slow);
}

TEST_F(QuarantineTest, HoldsWhatADeadThreadWasWorkingOn)
{
    q->begin(7, 100, 1000);
    q->begin(8, 100, 1001);
    q->begin(9, 101, 1002);
    q->accuse(100, 1000);
    living = {101};
    q->bury(noon, alive);
    EXPECT_EQ(held(7, noon), Offence::deadly);
    EXPECT_EQ(held(8, noon), Offence::none);
    EXPECT_EQ(held(9, noon), Offence::none);

    // one death counts once
    q->bury(noon + 121, alive);
    EXPECT_EQ(held(7, noon + 121), Offence::none);
}

TEST_F(QuarantineTest, HoldsAllWorkOfAProcessWhoseHelperThreadDied)
{
    q->begin(7, 100, 1000);
    q->begin(8, 100, 1001);
    q->begin(9, 101, 1002);
    q->accuse(100, 1003);
    living.clear();
    q->bury(noon, alive);
    EXPECT_EQ(held(7, noon), Offence::deadly);
    EXPECT_EQ(held(8, noon), Offence::deadly);
    EXPECT_EQ(held(9, noon), Offence::none);
}

TEST_F(QuarantineTest, HoldsASuspectOnlyWhenItHappensAgain)
{
    q->begin(7, 100, 1000);
    q->begin(7, 100, 1001);
    q->begin(8, 100, 1002);
    living = {101};
    q->bury(noon, alive);
    EXPECT_EQ(held(7, noon), Offence::none);

    q->begin(7, 102, 1003);
    q->bury(noon + 10, alive);
    EXPECT_EQ(held(7, noon + 10), Offence::deadly);
    EXPECT_EQ(held(8, noon + 10), Offence::none);

    q->begin(8, 102, 1003);
    q->bury(noon + 10'000, alive);
    EXPECT_EQ(held(8, noon + 10'000), Offence::none);
}

TEST_F(QuarantineTest, BuriesOneSourceAloneWhenAskedTo)
{
    q->begin(7, 100, 1000);
    q->begin(8, 100, 1001);
    q->accuse(100, 1002);
    living.clear();
    q->bury(noon, alive, 8);
    EXPECT_EQ(held(7, noon), Offence::none);
    EXPECT_EQ(held(8, noon), Offence::deadly);
}

TEST_F(QuarantineTest, HoldsNothingAgainstWorkThatEnded)
{
    q->end(q->begin(7, 100, 1000));
    q->begin(8, 100, 1000);
    q->begin(9, 101, 1001);
    q->accuse(100, 1000);
    q->accuse(101, 1001);
    q->end_all(100);
    living.clear();
    q->bury(noon, alive);
    EXPECT_EQ(held(7, noon), Offence::none);
    EXPECT_EQ(held(8, noon), Offence::none);
    EXPECT_EQ(held(9, noon), Offence::deadly);
}

TEST_F(QuarantineTest, GivesMarksAgainAndRunsOutQuietly)
{
    for (int i = 0; i < 256; i++) {
        EXPECT_EQ(q->begin(7, 100, 1000 + i), i);
    }
    EXPECT_EQ(q->begin(7, 100, 2000), -1);
    q->end(-1);
    q->end(17);
    EXPECT_EQ(q->begin(7, 100, 2000), 17);
}

TEST(SourceIsToBlame, WhereTheResultIsSmall)
{
    Plan plan;
    plan.resized_width = plan.canvas_width = 1000;
    plan.resized_height = plan.canvas_height = 1000;
    EXPECT_TRUE(source_is_to_blame(plan));

    plan.canvas_width = 1001;
    EXPECT_FALSE(source_is_to_blame(plan));
    plan.canvas_width = 1000;
    plan.resized_height = 1001;
    EXPECT_FALSE(source_is_to_blame(plan));
    plan.resized_height = 1000;
    plan.frames = 2;
    EXPECT_FALSE(source_is_to_blame(plan));
}

}  // namespace
}  // namespace cdn::image

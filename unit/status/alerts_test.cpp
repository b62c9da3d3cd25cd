#include "status/alerts.h"

#include <gtest/gtest.h>

using namespace cdn::status;

namespace {

class AlertsTest : public testing::Test {
protected:
    void see(double p95, std::int64_t now)
    {
        Watch watch;
        watch.readings[0] = p95;
        book.look(watch, thresholds, now);
    }

    std::string names() const
    {
        std::string out;
        for (const Alert &alert : book.list()) {
            const AlertKind kind = alert_kind(alert.kind);
            out += std::string(kind.name) + ' ' + std::string(name(kind.severity))
                   + (alert.ended != 0 ? " ended" : "") + ", ";
        }
        return out;
    }

    Thresholds thresholds;
    AlertBook  book;
};

TEST_F(AlertsTest, BeginBeyondTheirThreshold)
{
    see(500, 100);
    EXPECT_EQ(names(), "");
    see(501, 101);
    EXPECT_EQ(names(), "response_time_ms warning, ");
    see(1001, 102);
    EXPECT_EQ(names(), "response_time_ms critical, response_time_ms warning, ");
    EXPECT_EQ(book.list()[0].since, 102);
    EXPECT_EQ(book.list()[1].since, 101);
    EXPECT_EQ(book.list()[1].value, 1001);
    EXPECT_EQ(book.list()[1].threshold, 500);
}

TEST_F(AlertsTest, EndAfterAMinuteWithin)
{
    see(600, 100);
    see(400, 159);
    EXPECT_EQ(names(), "response_time_ms warning, ");
    see(400, 160);
    EXPECT_EQ(names(), "response_time_ms warning ended, ");
    EXPECT_EQ(book.list()[0].since, 100);
    EXPECT_EQ(book.list()[0].ended, 160);
    EXPECT_EQ(book.list()[0].value, 600);
}

TEST_F(AlertsTest, DoNotFlap)
{
    for (std::int64_t now = 100; now < 1000; now++) {
        see(now % 60 == 0 ? 600 : 100, now);
    }
    EXPECT_EQ(book.list().size(), 1U);
    EXPECT_EQ(book.list()[0].since, 120);
    EXPECT_EQ(book.list()[0].ended, 0);
}

TEST_F(AlertsTest, EndWhereNothingIsKnownAnyMore)
{
    see(600, 100);
    book.look(Watch{}, thresholds, 160);
    EXPECT_EQ(names(), "response_time_ms warning ended, ");
}

TEST_F(AlertsTest, OfASlowRequest)
{
    Watch watch;
    watch.slowest_ms = 5000;
    book.look(watch, thresholds, 1);
    EXPECT_EQ(names(), "");
    watch.slowest_ms = 5001;
    book.look(watch, thresholds, 2);
    EXPECT_EQ(names(), "high_response_time warning, ");
    EXPECT_EQ(book.list()[0].value, 5001);
}

TEST_F(AlertsTest, OfFiveErrorsInAMinute)
{
    Watch watch;
    watch.errors = 4;
    book.look(watch, thresholds, 1);
    EXPECT_EQ(names(), "");
    watch.errors = 5;
    book.look(watch, thresholds, 2);
    EXPECT_EQ(names(), "server_error critical, ");
    EXPECT_TRUE(book.is_active(alert_count - 1));
}

TEST_F(AlertsTest, KeepTheLastFifty)
{
    for (std::int64_t i = 1; i <= 60; i++) {
        see(600, i * 1000);
        see(100, i * 1000 + 60);
    }
    EXPECT_EQ(book.list().size(), 50U);
    EXPECT_EQ(book.list()[0].since, 60'000);
    EXPECT_EQ(book.list()[49].since, 11'000);
}

TEST_F(AlertsTest, FollowTheOperatorsThresholds)
{
    thresholds.of(Measure::response_time_ms).warning = 50;
    see(51, 1);
    EXPECT_EQ(names(), "response_time_ms warning, ");
}

}  // namespace

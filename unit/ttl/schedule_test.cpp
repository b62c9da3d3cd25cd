#include "ttl/schedule.h"

#include <gtest/gtest.h>

#include <chrono>

using namespace cdn;
using namespace cdn::ttl;

namespace {

constexpr Time hour = 3600;
constexpr Time one_day = 24 * hour;

// "2026-03-08 07:00" in UTC
Time utc(int year, unsigned month, unsigned day, int hours = 0, int minutes = 0)
{
    const std::chrono::sys_days date{std::chrono::year(year) / month / day};
    return date.time_since_epoch().count() * one_day + hours * hour + minutes * 60;
}

Schedule school(std::string_view zone)
{
    Schedule schedule("school");
    EXPECT_FALSE(schedule.set_timezone(zone));
    EXPECT_FALSE(schedule.add_phase("pre_school", "mon-fri", "07:00-08:00"));
    EXPECT_FALSE(schedule.add_phase("school_hours", "mon-fri", "08:00-18:00"));
    EXPECT_FALSE(schedule.add_phase("after_school", "mon-fri", "19:00-22:00"));
    EXPECT_FALSE(schedule.add_phase("maintenance", "daily", "02:00-03:00"));
    return schedule;
}

std::string complaint(const std::optional<Error> &error)
{
    return error ? error->message : "";
}

}  // namespace

TEST(Schedule, KnowsThePhaseByItsOwnClock)
{
    const Schedule berlin = school("Europe/Berlin");

    // Monday 2026-01-12, UTC+1
    EXPECT_EQ(berlin.at(utc(2026, 1, 12, 5, 59)).phase, "off_hours");
    EXPECT_EQ(berlin.at(utc(2026, 1, 12, 6, 0)).phase, "pre_school");
    EXPECT_EQ(berlin.at(utc(2026, 1, 12, 7, 0)).phase, "school_hours");
    EXPECT_EQ(berlin.at(utc(2026, 1, 12, 17, 0) - 1).phase, "school_hours");
    EXPECT_EQ(berlin.at(utc(2026, 1, 12, 17, 0)).phase, "off_hours");
    // Saturday
    EXPECT_EQ(berlin.at(utc(2026, 1, 17, 9, 0)).phase, "off_hours");
    EXPECT_EQ(berlin.at(utc(2026, 1, 17, 1, 30)).phase, "maintenance");
    // summer, UTC+2
    EXPECT_EQ(berlin.at(utc(2026, 7, 13, 6, 0)).phase, "school_hours");
    EXPECT_EQ(school("Asia/Kolkata").at(utc(2026, 7, 13, 2, 30)).phase, "school_hours");
    EXPECT_EQ(school("Asia/Kolkata").at(utc(2026, 7, 13, 2, 30) - 1).phase, "pre_school");
}

TEST(Schedule, SkipsAnHourThatTheClockSkips)
{
    const Schedule berlin = school("Europe/Berlin");
    // 2026-03-29: 01:59:59 CET is followed by 03:00:00 CEST
    for (Time t = utc(2026, 3, 29); t < utc(2026, 3, 29, 6); t += 60) {
        EXPECT_EQ(berlin.at(t).phase, "off_hours") << t;
    }
}

TEST(Schedule, HoldsTwiceInAnHourThatTheClockRepeats)
{
    const Schedule berlin = school("Europe/Berlin");
    // 2026-10-25: 02:00-03:00 CEST, then 02:00-03:00 CET
    EXPECT_EQ(berlin.at(utc(2026, 10, 25, 0, 0) - 1).phase, "off_hours");
    EXPECT_EQ(berlin.at(utc(2026, 10, 25, 0, 0)).phase, "maintenance");
    EXPECT_EQ(berlin.at(utc(2026, 10, 25, 1, 59)).phase, "maintenance");
    EXPECT_EQ(berlin.next_change(utc(2026, 10, 25, 0, 0)), utc(2026, 10, 25, 2, 0));
}

TEST(Schedule, KeepsAPhaseOverMidnightWithTheDayItStartsOn)
{
    Schedule night("night");
    night.set_timezone("UTC");
    ASSERT_FALSE(night.add_phase("night", "fri", "22:00-02:00"));
    ASSERT_FALSE(night.add_holiday("2026-01-10", "2026-01-10"));   // a Saturday
    ASSERT_FALSE(night.add_holiday("2026-01-16", "2026-01-16"));   // a Friday

    EXPECT_EQ(night.at(utc(2026, 1, 9, 22, 0)).phase, "night");
    EXPECT_EQ(night.at(utc(2026, 1, 10, 1, 59)).phase, "night");
    EXPECT_EQ(night.at(utc(2026, 1, 10, 2, 0)).phase, "off_hours");
    EXPECT_EQ(night.at(utc(2026, 1, 10, 22, 0)).phase, "off_hours");
    EXPECT_EQ(night.at(utc(2026, 1, 9, 1, 0)).phase, "off_hours");
    EXPECT_EQ(night.at(utc(2026, 1, 16, 23, 0)).phase, "off_hours");
    EXPECT_EQ(night.at(utc(2026, 1, 17, 1, 0)).phase, "off_hours");
    EXPECT_EQ(night.next_change(utc(2026, 1, 9, 23, 0)), utc(2026, 1, 10, 2, 0));
}

TEST(Schedule, KeepsOnlyDailyPhasesOnHolidays)
{
    Schedule schedule = school("America/New_York");
    ASSERT_FALSE(schedule.add_holiday("2026-11-26", "2026-11-27"));

    EXPECT_EQ(schedule.at(utc(2026, 11, 25, 15)).phase, "school_hours");
    EXPECT_EQ(schedule.at(utc(2026, 11, 26, 15)).phase, "off_hours");
    EXPECT_EQ(schedule.at(utc(2026, 11, 27, 15)).phase, "off_hours");
    EXPECT_EQ(schedule.at(utc(2026, 11, 26, 7, 30)).phase, "maintenance");
}

TEST(Schedule, EndsATermAfterItsLastDay)
{
    Schedule schedule = school("America/Los_Angeles");
    ASSERT_FALSE(schedule.add_term("fall", "2026-08-17", "2026-12-18", 1.3));

    EXPECT_EQ(schedule.at(utc(2026, 8, 17, 7) - 1).term, "");
    EXPECT_EQ(schedule.at(utc(2026, 8, 17, 7)).term, "fall");
    EXPECT_DOUBLE_EQ(schedule.at(utc(2026, 8, 17, 7)).factor, 1.3);
    EXPECT_EQ(schedule.at(utc(2026, 12, 19, 8) - 1).term, "fall");
    EXPECT_EQ(schedule.at(utc(2026, 12, 19, 8)).term, "");
    EXPECT_DOUBLE_EQ(schedule.at(utc(2026, 12, 19, 8)).factor, 1);
}

TEST(Schedule, FindsTheNextChangeSecondBySecond)
{
    Schedule schedule = school("America/New_York");
    ASSERT_FALSE(schedule.add_term("spring", "2026-01-05", "2026-03-08"));

    // over the weekend of the clock change, the end of a term included
    for (Time t = utc(2026, 3, 6); t < utc(2026, 3, 10); t += 613) {
        const Moment now = schedule.at(t);
        const Time change = schedule.next_change(t);
        ASSERT_GT(change, t);
        EXPECT_TRUE(schedule.at(change - 1).same_as(now)) << t;
        EXPECT_FALSE(schedule.at(change).same_as(now)) << t;
        for (Time between = t; between < change; between += 59) {
            ASSERT_TRUE(schedule.at(between).same_as(now)) << t << ' ' << between;
        }
    }
}

TEST(Schedule, ThatNeverChangesSaysSoInTwoYears)
{
    Schedule schedule("plain");
    schedule.set_timezone("UTC");
    EXPECT_EQ(schedule.next_change(0), 732 * one_day);
}

TEST(Schedule, SpansCoverWholeYearsWithoutAGap)
{
    for (const auto *zone : {"America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo",
                             "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Chatham"}) {
        const Schedule schedule = school(zone);
        Time in_school = 0;
        for (Time t = utc(2027, 6, 1); t < utc(2029, 6, 1);) {   // a leap day in between
            const Moment moment = schedule.at(t);
            ASSERT_GT(moment.until, t) << zone;
            ASSERT_LE(moment.until, t + 25 * hour) << zone;
            EXPECT_TRUE(schedule.at(moment.until - 1).same_as(moment)) << zone << ' ' << t;
            const Time end = std::min(moment.until, utc(2029, 6, 1));
            in_school += moment.phase == "school_hours" ? end - t : 0;
            t = moment.until;
        }
        // 523 weekdays of ten hours; the ends cut at most one of them
        EXPECT_NEAR(static_cast<double>(in_school) / (10 * hour), 522, 1) << zone;
    }
}

TEST(Schedule, RefusesPhasesThatOverlap)
{
    Schedule schedule = school("UTC");
    EXPECT_EQ(complaint(schedule.add_phase("lunch", "wed", "12:00-13:00")),
              "phase \"lunch\" overlaps phase \"school_hours\" on wed");
    EXPECT_EQ(complaint(schedule.add_phase("night", "daily", "23:00-02:01")),
              "phase \"night\" overlaps phase \"maintenance\" on tue");
    EXPECT_EQ(complaint(schedule.add_phase("weekend", "sun", "22:00-07:01")),
              "phase \"weekend\" overlaps phase \"pre_school\" on mon");
    EXPECT_FALSE(schedule.add_phase("night", "daily", "23:00-02:00"));
    EXPECT_FALSE(schedule.add_phase("evening", "mon-fri", "22:00-23:00"));
    EXPECT_FALSE(schedule.add_phase("school_hours", "sat", "08:00-12:00"));
}

TEST(Schedule, RefusesWhatCannotBeMeant)
{
    Schedule schedule("x");
    EXPECT_NE(complaint(schedule.incomplete()).find("needs a \"timezone\""), std::string::npos);
    EXPECT_NE(complaint(schedule.set_timezone("Europe/Paradise")).find("unknown time zone: \"Europe/Paradise\""),
              std::string::npos);
    EXPECT_NE(complaint(schedule.set_timezone("../../etc/passwd")), "");
    EXPECT_NE(complaint(schedule.set_timezone("")), "");
    EXPECT_FALSE(schedule.set_timezone("Asia/Tokyo"));
    EXPECT_EQ(complaint(schedule.set_timezone("Asia/Tokyo")), "\"timezone\" is duplicate");
    EXPECT_FALSE(schedule.incomplete());

    for (const auto *days : {"", "monday", "mon-", "mon,,tue", "mon-xyz"}) {
        EXPECT_NE(complaint(schedule.add_phase("p", days, "08:00-09:00")), "") << days;
    }
    for (const auto *hours : {"", "8:00-9:00", "08:00", "08:60-09:00", "24:00-01:00", "08:00-24:01",
                              "08:00-08:00", "08:00 09:00", "-1:00-09:00"}) {
        EXPECT_NE(complaint(schedule.add_phase("p", "mon", hours)), "") << hours;
    }
    EXPECT_FALSE(schedule.add_phase("p", "fri-mon", "00:00-24:00"));
    EXPECT_NE(complaint(schedule.add_phase("off_hours", "wed", "08:00-09:00")), "");

    EXPECT_EQ(complaint(schedule.add_term("t", "2026-09-01", "2026-08-31")),
              "term \"t\" ends before it starts");
    for (const auto *date : {"2026-02-29", "2026-13-01", "2026-9-1", "26-09-01", "2026/09/01", ""}) {
        EXPECT_NE(complaint(schedule.add_term("t", date, "2027-01-01")), "") << date;
        EXPECT_NE(complaint(schedule.add_holiday(date, "2027-01-01")), "") << date;
    }
    EXPECT_FALSE(schedule.add_term("t", "2028-02-29", "2028-02-29"));
    EXPECT_EQ(complaint(schedule.add_term("u", "2028-02-29", "2028-03-01")), "term \"u\" overlaps term \"t\"");
    EXPECT_EQ(complaint(schedule.add_term("p", "2029-01-01", "2029-03-01")), "\"p\" is already a phase");
    EXPECT_EQ(complaint(schedule.add_phase("t", "wed", "08:00-09:00")), "\"t\" is already a term");
    EXPECT_NE(complaint(schedule.add_term("v", "2030-01-01", "2030-03-01", 0)), "");
    EXPECT_EQ(complaint(schedule.add_holiday("2026-12-31", "2026-12-24")),
              "the holiday ends before it starts: \"2026-12-24\"");
}

#include "ttl/timetable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

using namespace cdn;
using namespace cdn::ttl;

namespace {

constexpr Time minute = 60;
constexpr Time hour = 3600;

Time day(std::string_view date)
{
    return *parse_date(date) * day_length;
}

Schedule in(std::string_view zone)
{
    Schedule schedule("school");
    EXPECT_FALSE(schedule.set_timezone(zone));
    EXPECT_FALSE(schedule.add_phase("pre_school", "mon-fri", "07:00-08:00"));
    EXPECT_FALSE(schedule.add_phase("lunch", "mon,wed", "12:00-12:30"));
    EXPECT_FALSE(schedule.add_phase("lunch", "fri", "11:30-12:00"));
    EXPECT_FALSE(schedule.add_phase("maintenance", "daily", "02:00-03:00"));
    EXPECT_FALSE(schedule.add_holiday("2026-12-24", "2026-12-31"));
    return schedule;
}

Timetable at(std::string_view when, std::string_view days = "")
{
    Timetable table;
    EXPECT_FALSE(table.add_at(when, days));
    return table;
}

Timetable every(std::string_view interval)
{
    Timetable table;
    EXPECT_FALSE(table.add_every(interval));
    return table;
}

std::string complaint(const std::optional<Error> &error)
{
    return error ? error->message : "";
}

// "2026-03-29 02:30 at 1:00": the timetable's words, and UTC
std::string told(const std::optional<Due> &due)
{
    return due ? print_wall_clock(due->clock) + " at " + print_wall_clock(wall_clock(due->at)).substr(11) : "never";
}

// Looks at each minute's clock: the slow way to the same answer.
std::set<Time> minute_by_minute(const Schedule &schedule, const Timetable &table, Time from, Time to)
{
    std::set<Time> out;
    std::int64_t today = -1;
    std::vector<Seconds> open;                         // not reached yet today
    for (Time t = from; t < to; t += minute) {
        const auto [date, second] = schedule.local(t);
        if (date != today) {
            today = date;
            open = table.of_day(schedule, date);
        }
        const bool reached = std::erase_if(open, [now = second](Seconds moment) { return moment <= now; }) > 0;
        if (reached) {
            out.insert(t);
        }
    }
    return out;
}

std::set<Time> one_by_one(const Schedule &schedule, const Timetable &table, Time from, Time to)
{
    std::set<Time> out;
    for (auto due = next_due(schedule, table, from); due && due->at < to; due = next_due(schedule, table, due->at)) {
        out.insert(due->at);
    }
    return out;
}

}  // namespace

TEST(Timetable, AgreesWithAClockWatchedForAYear)
{
    for (const auto *zone : {"America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo",
                             "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "UTC"})
    {
        const Schedule schedule = in(zone);
        for (const Timetable &table : {at("02:00"), at("02:30"), at("00:00", "sun"), at("07:00", "mon-fri"),
                                       at("pre_school"), at("lunch"), at("maintenance", "sat,sun"), every("4h"),
                                       every("30m")})
        {
            // from the start of a local day
            const Time from = schedule.reaches({day("2026-01-02") / day_length, 0});
            const Time to = from + 370 * day_length;
            EXPECT_EQ(one_by_one(schedule, table, from - 1, to), minute_by_minute(schedule, table, from, to)) << zone;
        }
    }
}

TEST(Timetable, FiresAnHourThatIsSkippedRightAfterTheGap)
{
    const Schedule berlin = in("Europe/Berlin");
    const Time eve = day("2026-03-28") + 12 * hour;
    EXPECT_EQ(told(next_due(berlin, at("02:30"), eve)), "2026-03-29 02:30 at 01:00");
    EXPECT_EQ(told(next_due(berlin, at("02:00"), eve)), "2026-03-29 02:00 at 01:00");
    EXPECT_EQ(told(next_due(berlin, at("03:00"), eve)), "2026-03-29 03:00 at 01:00");
    EXPECT_EQ(told(next_due(berlin, at("02:30"), day("2026-03-29") + hour)), "2026-03-30 02:30 at 00:30");
}

TEST(Timetable, FiresAnHourThatComesTwiceOnce)
{
    const Schedule berlin = in("Europe/Berlin");
    const Time eve = day("2026-10-24") + 12 * hour;
    EXPECT_EQ(told(next_due(berlin, at("02:30"), eve)), "2026-10-25 02:30 at 00:30");
    EXPECT_EQ(told(next_due(berlin, at("02:30"), day("2026-10-25") + hour / 2)), "2026-10-26 02:30 at 01:30");
    EXPECT_EQ(told(next_due(berlin, at("03:00"), eve)), "2026-10-25 03:00 at 02:00");
}

TEST(Timetable, TakesTwoThatAGapBringsTogetherAsOne)
{
    Timetable table = at("02:00");
    EXPECT_FALSE(table.add_at("03:00", ""));
    const Schedule york = in("America/New_York");
    const auto due = next_due(york, table, day("2026-03-08"));
    EXPECT_EQ(told(due), "2026-03-08 03:00 at 07:00");
    EXPECT_EQ(told(next_due(york, table, due->at)), "2026-03-09 02:00 at 06:00");
}

TEST(Timetable, FiresOnceForADayThatAZoneSkips)
{
    const Schedule samoa = in("Pacific/Apia");         // had no 30 December 2011
    const auto due = next_due(samoa, at("08:00"), day("2011-12-30") + 5 * hour);
    EXPECT_EQ(told(due), "2011-12-30 08:00 at 10:00");
    EXPECT_EQ(told(next_due(samoa, at("08:00"), due->at)), "2011-12-31 08:00 at 18:00");
}

TEST(Timetable, LeavesHolidaysOutWhereDaysOrAPhaseAreNamed)
{
    const Schedule berlin = in("Europe/Berlin");
    const Time eve = day("2026-12-23") + 20 * hour;
    EXPECT_EQ(told(next_due(berlin, at("07:00"), eve)), "2026-12-24 07:00 at 06:00");
    EXPECT_EQ(told(next_due(berlin, at("07:00", "daily"), eve)), "2026-12-24 07:00 at 06:00");
    EXPECT_EQ(told(next_due(berlin, at("07:00", "mon-fri"), eve)), "2027-01-01 07:00 at 06:00");
    EXPECT_EQ(told(next_due(berlin, at("pre_school"), eve)), "2027-01-01 07:00 at 06:00");
    EXPECT_EQ(told(next_due(berlin, at("maintenance"), eve)), "2026-12-24 02:00 at 01:00");
    EXPECT_EQ(told(next_due(berlin, at("maintenance", "mon-fri"), eve)), "2027-01-01 02:00 at 01:00");
}

TEST(Timetable, KnowsEachStartOfAPhaseThatDiffersByDay)
{
    const Schedule berlin = in("Europe/Berlin");
    auto due = next_due(berlin, at("lunch"), day("2026-06-01"));           // a Monday
    EXPECT_EQ(told(due), "2026-06-01 12:00 at 10:00");
    due = next_due(berlin, at("lunch"), due->at);
    EXPECT_EQ(told(due), "2026-06-03 12:00 at 10:00");
    due = next_due(berlin, at("lunch"), due->at);
    EXPECT_EQ(told(due), "2026-06-05 11:30 at 09:30");
    EXPECT_EQ(told(next_due(berlin, at("lunch", "fri"), due->at)), "2026-06-12 11:30 at 09:30");
    EXPECT_EQ(told(next_due(berlin, at("lunch", "tue"), due->at)), "never");
}

TEST(Timetable, LooksBackForAnHourNotForADay)
{
    const Schedule york = in("America/New_York");
    const Timetable table = at("02:00");
    const Time due = day("2026-11-10") + 7 * hour;

    EXPECT_FALSE(look(york, table, due - 10, due - 1, hour).due);
    EXPECT_EQ(look(york, table, due - 10, due, hour).due->at, due);
    EXPECT_FALSE(look(york, table, due, due + 1, hour).due);
    EXPECT_EQ(look(york, table, due - 10, due + hour, hour).due->at, due);

    const Look late = look(york, table, due - 10, due + hour + 1, hour);
    EXPECT_FALSE(late.due);
    EXPECT_EQ(late.skipped->at, due);

    const Look weeks_later = look(york, table, due - 10, due + 14 * day_length, hour);
    EXPECT_EQ(weeks_later.due->at, due + 14 * day_length);
    EXPECT_FALSE(weeks_later.skipped);
}

TEST(Timetable, CatchesUpWithTheLastOfSeveral)
{
    const Schedule york = in("America/New_York");
    const Time noon = day("2026-11-10") + 17 * hour;
    EXPECT_EQ(look(york, every("10m"), noon - 9 * hour, noon + 5 * minute, hour).due->at, noon);
}

TEST(Timetable, RefusesWhatIsNoTime)
{
    Timetable table;
    EXPECT_EQ(complaint(table.add_at("24:00", "")), "a time is like 02:00, to 23:59: \"24:00\"");
    EXPECT_EQ(complaint(table.add_at("7:00", "")), "a time is like 02:00, to 23:59: \"7:00\"");
    EXPECT_EQ(complaint(table.add_at("0700", "")), "a time is like 02:00, to 23:59: \"0700\"");
    EXPECT_EQ(complaint(table.add_at("07:00", "monday")), "days are like mon-fri, or sat,sun, or daily: \"monday\"");
    EXPECT_NE(complaint(table.add_at("off_hours", "")).find("has no start"), std::string::npos);
    for (const auto *interval : {"0", "59s", "7h", "25h", "2d", "x", "-1h"}) {
        EXPECT_NE(complaint(table.add_every(interval)).find("divides a day"), std::string::npos) << interval;
    }
    EXPECT_TRUE(table.empty());
    EXPECT_EQ(complaint(at("recess").misfit(in("UTC"))), "schedule \"school\" has no phase \"recess\"");
    EXPECT_FALSE(at("lunch").misfit(in("UTC")));
}

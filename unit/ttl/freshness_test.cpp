#include "ttl/freshness.h"

#include "core/text.h"

#include <gtest/gtest.h>

#include <chrono>

using namespace cdn;
using namespace cdn::ttl;

namespace {

constexpr Time hour = 3600;

Time utc(int year, unsigned month, unsigned day, int hours = 0, int minutes = 0)
{
    const std::chrono::sys_days date{std::chrono::year(year) / month / day};
    return date.time_since_epoch().count() * ttl::day + hours * hour + minutes * 60;
}

Profile profile(std::initializer_list<std::string_view> lines)
{
    Profile p;
    for (const auto line : lines) {
        const auto words = split(line, ' ');
        const auto error = p.set(words);
        EXPECT_FALSE(error) << line;
    }
    return p;
}

Schedule school(std::string_view zone)
{
    Schedule schedule("school");
    EXPECT_FALSE(schedule.set_timezone(zone));
    EXPECT_FALSE(schedule.add_phase("pre_school", "mon-fri", "07:00-08:00"));
    EXPECT_FALSE(schedule.add_phase("school_hours", "mon-fri", "08:00-18:00"));
    EXPECT_FALSE(schedule.add_phase("after_school", "mon-fri", "19:00-22:00"));
    EXPECT_FALSE(schedule.add_phase("night", "daily", "23:00-03:00"));
    EXPECT_FALSE(schedule.add_term("fall", "2027-08-16", "2027-12-17"));
    EXPECT_FALSE(schedule.add_term("spring", "2028-01-10", "2028-05-26"));
    EXPECT_FALSE(schedule.add_term("summer", "2028-05-27", "2028-08-13", 0.8));
    EXPECT_FALSE(schedule.add_holiday("2027-11-25", "2027-11-26"));
    return schedule;
}

// A working day in London's winter: local time is UTC.
const Time monday = utc(2027, 1, 11);

struct Fixture : testing::Test {
    const Schedule london = school("Europe/London");
    Profile        own;
    Policy         policy;
    Answer         answer;

    void use(std::initializer_list<std::string_view> lines, bool with_schedule = true)
    {
        own = profile(lines);
        policy.profile = &own;
        policy.schedule = with_schedule ? &london : nullptr;
    }

    Lifetime at(Time now, double random = 0) const { return lifetime(policy, answer, now, random); }

    void origin(std::string_view cache_control)
    {
        answer.control = parse_cache_control(cache_control);
    }
};

using Freshness = Fixture;

}  // namespace

TEST_F(Freshness, IsTheProfilesOverTheOrigins)
{
    use({"ttl 1h", "stale_while_revalidate 5m"});
    origin("max-age=10");
    const Lifetime l = at(monday);
    EXPECT_EQ(l.verdict, Verdict::keep);
    EXPECT_TRUE(l.by_profile);
    EXPECT_EQ(l.ttl, hour);
    EXPECT_EQ(l.stale_while_revalidate, 300);
    EXPECT_EQ(l.stale_if_error, 0);

    answer.expires_in = -1;
    EXPECT_EQ(at(monday).ttl, hour);
    answer.age = 600;
    EXPECT_EQ(at(monday).ttl, hour - 600);
    answer.age = hour;
    EXPECT_EQ(at(monday).verdict, Verdict::refuse);
}

TEST_F(Freshness, DecidesForWholeResults)
{
    use({"ttl 1h"});
    for (const int status : {200, 203, 204}) {
        answer.status = status;
        EXPECT_EQ(at(monday).ttl, 3600) << status;
    }
    for (const int status : {201, 202, 206, 226, 299}) {
        answer.status = status;
        EXPECT_EQ(at(monday).verdict, Verdict::as_configured) << status;
    }
    answer.status = 206;
    answer.is_slice = true;
    EXPECT_EQ(at(monday).ttl, 3600);
}

TEST_F(Freshness, LeavesTheOriginItsRefusals)
{
    use({"ttl 1h"});
    for (const auto *value : {"no-store", "private", "no-cache", "max-age=0", "s-maxage=0",
                              "s-maxage=0, max-age=60", "public, no-store", "max-age=oops"}) {
        origin(value);
        EXPECT_EQ(at(monday).verdict, Verdict::refuse) << value;
    }

    origin("max-age=0, s-maxage=60");
    EXPECT_EQ(at(monday).verdict, Verdict::keep);
    EXPECT_FALSE(at(monday).by_profile);
    EXPECT_EQ(at(monday).ttl, 60);

    origin("max-age=60");
    answer.accel_expires = true;
    EXPECT_EQ(at(monday).verdict, Verdict::as_nginx_says);
    origin("private");
    EXPECT_EQ(at(monday).verdict, Verdict::as_nginx_says);
    answer.accel_expires = false;
    answer.sets_cookie = true;
    origin("public, max-age=60");
    EXPECT_EQ(at(monday).verdict, Verdict::refuse);
}

TEST_F(Freshness, KeepsAnswersToAuthorizationOnlyWhenPublic)
{
    use({"ttl 1h"});
    policy.authorized = true;
    origin("max-age=60");
    EXPECT_EQ(at(monday).verdict, Verdict::refuse);
    origin("");
    EXPECT_EQ(at(monday).verdict, Verdict::refuse);
    origin("public");
    EXPECT_EQ(at(monday).ttl, hour);
    origin("s-maxage=60");                             // RFC 9111 section 3.5
    EXPECT_EQ(at(monday).ttl, 60);
    origin("");
    policy.per_user = true;
    EXPECT_EQ(at(monday).ttl, hour);
}

TEST_F(Freshness, OfPrivateThingsIsForOneUserOnly)
{
    use({"ttl 1h", "visibility private"});
    EXPECT_TRUE(never_stored(policy));
    EXPECT_EQ(at(monday).verdict, Verdict::refuse);
    EXPECT_EQ(at(monday).ttl, hour);                   // the client's own copy

    policy.per_user = true;
    EXPECT_FALSE(never_stored(policy));
    EXPECT_EQ(at(monday).verdict, Verdict::keep);

    use({"ttl 0"});
    EXPECT_TRUE(never_stored(policy));
    EXPECT_EQ(at(monday).verdict, Verdict::refuse);
}

TEST_F(Freshness, OfErrorsIsTheConfigurations)
{
    use({"ttl 1h"});
    answer.status = 404;
    EXPECT_EQ(at(monday).verdict, Verdict::as_configured);
    origin("max-age=600");
    EXPECT_EQ(at(monday).verdict, Verdict::as_configured);
    origin("no-store");
    EXPECT_EQ(at(monday).verdict, Verdict::refuse);

    answer.status = 301;
    origin("");
    EXPECT_EQ(at(monday).verdict, Verdict::as_configured);
    origin("max-age=600");
    EXPECT_EQ(at(monday).ttl, 600);
    EXPECT_FALSE(at(monday).by_profile);
}

TEST_F(Freshness, IsTheOriginsWithinBoundsWithoutAProfilesOwn)
{
    use({"min_ttl 1m", "max_ttl 1h", "stale_if_error 1d"});
    EXPECT_EQ(at(monday).verdict, Verdict::as_configured);
    origin("max-age=600, s-maxage=300, stale-while-revalidate=20");
    EXPECT_EQ(at(monday).ttl, 300);
    EXPECT_EQ(at(monday).stale_while_revalidate, 20);
    EXPECT_EQ(at(monday).stale_if_error, day);
    answer.age = 100;
    EXPECT_EQ(at(monday).ttl, 200);
    answer.age = 0;
    origin("max-age=5");
    EXPECT_EQ(at(monday).ttl, 60);
    origin("max-age=7200");
    EXPECT_EQ(at(monday).ttl, hour);
    origin("max-age=0");
    EXPECT_EQ(at(monday).verdict, Verdict::refuse);
    origin("");
    answer.expires_in = 700;
    EXPECT_EQ(at(monday).ttl, 700);
    answer.expires_in = 0;
    EXPECT_EQ(at(monday).verdict, Verdict::refuse);
    answer.status = 404;
    origin("max-age=90");
    EXPECT_EQ(at(monday).ttl, 90);
}

TEST_F(Freshness, GrantsNothingStaleUnderMustRevalidate)
{
    use({"ttl 1h", "stale_while_revalidate 5m", "stale_if_error 1d"});
    origin("must-revalidate");
    EXPECT_EQ(at(monday).stale_while_revalidate, 0);
    EXPECT_EQ(at(monday).stale_if_error, 0);
    use({"ttl 1h", "must_revalidate on"});
    origin("stale-while-revalidate=60");
    EXPECT_EQ(at(monday).stale_while_revalidate, 0);
}

TEST_F(Freshness, KnowsRolesAndContent)
{
    use({"ttl 1h", "role student ttl=10m"});
    policy.role = "student";
    EXPECT_EQ(at(monday).ttl, 600);
    policy.role = "teacher";
    EXPECT_EQ(at(monday).ttl, hour);

    answer.has_last_modified = true;
    EXPECT_EQ(at(monday).ttl, hour);
    policy.by_content = true;
    EXPECT_EQ(at(monday).ttl, 2 * hour);
    answer.is_image = true;
    EXPECT_EQ(at(monday).ttl, day);
    use({"ttl 1y", "stale_while_revalidate 1d"});
    EXPECT_EQ(at(monday).ttl, 399 * day);
}

TEST_F(Freshness, JitterOnlyShortens)
{
    use({"ttl 1000", "jitter 20%"});
    EXPECT_EQ(at(monday, 0).ttl, 1000);
    EXPECT_EQ(at(monday, 0.5).ttl, 900);
    EXPECT_EQ(at(monday, 0.999).ttl, 801);
}

TEST_F(Freshness, FollowsThePhase)
{
    use({"ttl 1h", "during school_hours factor=0.5", "during after_school ttl=10m", "during night factor=2"});
    EXPECT_EQ(at(monday + 4 * hour).ttl, hour);
    EXPECT_EQ(at(monday + 9 * hour).ttl, hour / 2);
    EXPECT_EQ(at(monday + 19 * hour).ttl, 600);
    EXPECT_EQ(at(monday + 23 * hour).ttl, 2 * hour);
}

TEST_F(Freshness, EndsWhereAComingPhaseAllowsNoMore)
{
    use({"ttl 1h", "during school_hours factor=0.5"});
    EXPECT_EQ(at(monday + 7 * hour - 60).ttl, hour);              // off before the bell
    EXPECT_EQ(at(monday + 7 * hour + 60).ttl, hour - 60);         // at the bell, 59 minutes old
    EXPECT_EQ(at(monday + 7 * hour + 30 * 60).ttl, hour / 2);
    EXPECT_EQ(at(monday + 7 * hour + 59 * 60).ttl, hour / 2);
    EXPECT_EQ(at(monday + 18 * hour).ttl, hour);
    answer.age = 600;
    EXPECT_EQ(at(monday + 7 * hour + 59 * 60).ttl, hour / 2 - 600);
}

TEST_F(Freshness, HoldsThroughAPhase)
{
    use({"ttl 12h", "during school_hours hold"});
    EXPECT_EQ(at(monday - 5 * hour).ttl, 12 * hour);              // 07:00
    EXPECT_EQ(at(monday - 4 * hour).ttl, 22 * hour);              // 08:00 -> 18:00
    EXPECT_EQ(at(monday + 5 * hour, 0.5).ttl, 13 * hour + 1800);  // 17:00 -> 18:30
    EXPECT_EQ(at(monday + 6 * hour).ttl, 12 * hour);              // 18:00
    EXPECT_EQ(at(monday + 4 * day + 20 * hour).ttl, 12 * hour);   // Saturday

    // what follows at once and is held too
    use({"ttl 8h", "during pre_school hold", "during school_hours hold"});
    EXPECT_EQ(at(monday - hour, 0.25).ttl, 19 * hour + 900);
}

TEST_F(Freshness, CutsShortWhatIsAlreadyStored)
{
    use({"ttl 1h", "during school_hours factor=0.5"});
    const auto cut = [&](Time stored, Time now) {
        return cut_short(policy, answer, london.at(now), stored, now);
    };
    EXPECT_FALSE(cut(monday + 7 * hour, monday + 7 * hour + 50 * 60));
    EXPECT_TRUE(cut(monday + 7 * hour + 10 * 60, monday + 8 * hour));
    EXPECT_FALSE(cut(monday + 7 * hour + 40 * 60, monday + 8 * hour));
    EXPECT_TRUE(cut(monday + 7 * hour + 40 * 60, monday + 8 * hour + 10 * 60));
    EXPECT_FALSE(cut(monday + 17 * hour, monday + 18 * hour));
    answer.accel_expires = true;
    EXPECT_FALSE(cut(monday, monday + 9 * hour));
    answer.accel_expires = false;
    use({"ttl 1h", "during school_hours factor=2"});
    EXPECT_FALSE(cut(monday, monday + 9 * hour));
    use({"ttl 1h"});
    EXPECT_FALSE(cut(monday, monday + 9 * hour));
}

TEST_F(Freshness, TellsAClientTheRest)
{
    use({"ttl 1h", "browser_ttl 5m", "stale_while_revalidate 1d", "immutable on"});
    Lifetime rest;
    rest.ttl = 1000;
    rest.stale_while_revalidate = 86400;
    const auto c = client_control(own, {}, 50, rest);
    EXPECT_EQ(c.fresh, 300);
    EXPECT_EQ(c.age, 50);
    EXPECT_EQ(c.stale_while_revalidate, 300);
    EXPECT_TRUE(c.immutable);
    rest.ttl = 100;
    EXPECT_EQ(client_control(own, {}, 50, rest).fresh, 100);
    rest.ttl = -5;
    EXPECT_EQ(client_control(own, {}, 50, rest).fresh, 0);
    EXPECT_TRUE(client_control(own, parse_cache_control("must-revalidate"), 0, rest).must_revalidate);
}

// Whole years: both clock changes, a leap day, phases over midnight, zones with
// half hours.

struct Case {
    const char                            *name;
    std::initializer_list<std::string_view> lines;
};

const Case cases[] = {
    {"plain", {"ttl 3h", "jitter 5%"}},
    {"held", {"ttl 20h", "stale_while_revalidate 1d", "jitter 5%", "during school_hours hold"}},
    {"held twice", {"ttl 6h", "during pre_school hold", "during school_hours hold", "during night hold"}},
    {"shorter", {"ttl 5h", "during school_hours factor=0.5", "during night ttl=20m", "during summer factor=0.6"}},
    {"mixed", {"ttl 30d", "jitter 10%", "during fall factor=1.3", "during night factor=0.7", "during school_hours hold"}},
    {"year", {"ttl 1y", "stale_if_error 30d", "jitter 5%", "during spring factor=3", "during off_hours hold"}},
    {"origin", {"max_ttl 2h", "during after_school factor=0.1", "during school_hours factor=3"}},
    {"popular", {"ttl 10h", "popularity on", "max_ttl 5d", "during school_hours factor=0.5", "during night ttl=20m"}},
    {"popular and held", {"ttl 10h", "popularity on", "jitter 5%", "stale_if_error 1d", "during school_hours hold"}},
};

TEST(FreshnessOverYears, KeepsItsPromises)
{
    for (const auto *zone : {"America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo",
                             "Asia/Kolkata", "Australia/Lord_Howe"}) {
        const Schedule schedule = school(zone);
        for (const Case &c : cases) {
            const Profile p = profile(c.lines);
            Policy policy;
            policy.profile = &p;
            policy.schedule = &schedule;
            Answer answer;
            if (!p.ttl) {
                answer.control = parse_cache_control("max-age=86400");
            }

            // an odd step meets all hours of the day and all days of the week
            for (Time now = utc(2027, 7, 1); now < utc(2028, 12, 1); now += 76343) {
                const double random = static_cast<double>(now % 97) / 97;
                policy.rank = static_cast<double>(now % 89 + 1) / 89;
                const Lifetime l = lifetime(policy, answer, now, random);
                const auto where = [&] { return std::string(zone) + ' ' + c.name + ' ' + std::to_string(now); };

                if (l.verdict != Verdict::keep) {
                    ASSERT_EQ(l.verdict, Verdict::refuse) << where();
                    ASSERT_TRUE(schedule.at(now).phase == "night" || p.ttl) << where();
                    continue;
                }
                ASSERT_GT(l.ttl, 0) << where();
                ASSERT_LE(l.ttl + std::max(l.stale_while_revalidate, l.stale_if_error), policy.retention) << where();

                // never within a held phase
                const Moment end = schedule.at(now + l.ttl);
                for (const During &rule : p.during) {
                    ASSERT_FALSE(rule.hold && rule.name == end.phase) << where();
                }

                // more age never makes it longer, more jitter neither, more visitors never
                // shorter; a hold may
                const bool holds = std::any_of(p.during.begin(), p.during.end(),
                                               [](const During &d) { return d.hold; });
                Policy hotter = policy;
                hotter.rank = *policy.rank / 2;
                Answer older = answer;
                older.age = 900;
                if (!holds) {
                    ASSERT_LE(lifetime(policy, older, now, random).ttl, l.ttl) << where();
                    ASSERT_GE(lifetime(policy, answer, now, 0).ttl, l.ttl) << where();
                    ASSERT_GE(lifetime(hotter, answer, now, random).ttl, l.ttl) << where();
                }

                // what is told at the start is what a look at any later time finds
                if (!holds && p.jitter == 0) {
                    for (Time t = now; t < now + l.ttl; t += std::max<Time>(l.ttl / 40, 1)) {
                        ASSERT_FALSE(cut_short(policy, answer, schedule.at(t), now, t)) << where() << ' ' << t;
                    }
                }
            }
        }
    }
}

TEST(FreshnessOverYears, LaterStoredExpiresLater)
{
    // with rules that only shorten, and the same for all
    const Profile p = profile({"ttl 5h", "during school_hours factor=0.5", "during night ttl=20m"});
    for (const auto *zone : {"America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"}) {
        const Schedule schedule = school(zone);
        Policy policy;
        policy.profile = &p;
        policy.schedule = &schedule;
        for (const Time start : {utc(2028, 3, 10), utc(2028, 3, 24), utc(2028, 10, 27), utc(2028, 11, 3), utc(2028, 2, 28)}) {
            Time before = 0;
            for (Time now = start; now < start + 5 * day; now += 97) {
                const Time expiry = now + lifetime(policy, {}, now, 0).ttl;
                ASSERT_GE(expiry, before) << zone << ' ' << now;
                before = expiry;
            }
        }
    }
}

// ---- popularity

TEST_F(Freshness, GoesByRankWhereTheProfileHasPopularity)
{
    use({"ttl 2h", "popularity on"}, false);
    EXPECT_EQ(at(monday).ttl, 2 * hour) << "until ranks are known";

    policy.rank = 0.1;
    EXPECT_EQ(at(monday).ttl, 7 * ttl::day);
    EXPECT_TRUE(at(monday).by_profile);
    policy.rank = 0.3;
    EXPECT_EQ(at(monday).ttl, 3 * ttl::day);
    policy.rank = 1;
    EXPECT_EQ(at(monday).ttl, hour);

    own.popularity = false;
    EXPECT_EQ(at(monday).ttl, 2 * hour);
}

TEST_F(Freshness, WithPopularityStillObeysTheOriginAndTheRole)
{
    use({"ttl 2h", "popularity on", "role student ttl=3h"}, false);
    policy.rank = 0.1;
    policy.role = "student";
    EXPECT_EQ(at(monday).ttl, 3 * hour);
    policy.role = "teacher";
    EXPECT_EQ(at(monday).ttl, 7 * ttl::day);
    origin("no-store");
    EXPECT_EQ(at(monday).verdict, Verdict::refuse);
}

TEST_F(Freshness, RulesAndJitterApplyToWhatPopularityGives)
{
    use({"ttl 2h", "popularity on", "during school_hours hold", "during night factor=0.5"});
    policy.rank = 1;
    const Time before_school = monday + 7 * hour + 1800;
    EXPECT_EQ(at(before_school).ttl, 10 * hour + 1800) << "held from 08:30 to the end of school";
    EXPECT_EQ(at(monday + hour).ttl, 1800);

    use({"ttl 2h", "popularity on", "jitter 10%"}, false);
    EXPECT_EQ(at(monday, 0.5).ttl, hour - 180);

    policy.rank = 0.01;
    policy.retention = 5 * ttl::day;
    EXPECT_EQ(at(monday).ttl, 5 * ttl::day) << "whatever is popular, a purge is not forgotten before";
}

TEST_F(Freshness, ARuleThatShortensCutsByTheRankOfNow)
{
    use({"ttl 2h", "popularity on", "during night factor=0.5"});
    policy.rank = 1;
    const Time night = monday + hour;
    const Moment holds = london.at(night);
    EXPECT_TRUE(cut_short(policy, answer, holds, night - 1800, night));
    policy.rank = 0.5;
    EXPECT_FALSE(cut_short(policy, answer, holds, night - 1800, night));
}

#include "ttl/profile.h"

#include "core/text.h"

#include <gtest/gtest.h>

using namespace cdn;
using namespace cdn::ttl;

namespace {

std::string set(Profile &profile, std::string_view line)
{
    const auto words = split(line, ' ');
    const auto error = profile.set(words);
    return error ? error->message : "";
}

}  // namespace

TEST(ParseTime, ReadsNginxTimes)
{
    EXPECT_EQ(parse_time("90"), 90);
    EXPECT_EQ(parse_time("0"), 0);
    EXPECT_EQ(parse_time("5m"), 300);
    EXPECT_EQ(parse_time("1d12h"), 36 * 3600);
    EXPECT_EQ(parse_time("1y"), 365 * day);
    EXPECT_EQ(parse_time("1h30"), 3630);
    EXPECT_EQ(parse_time("1M"), 30 * day);
    EXPECT_EQ(parse_time("100y"), 36500 * day);
    for (const auto *text : {"", "d", "-1", "1x", "1m1h", "1s1", "1 d", "1.5h", "101y", "99999999999999999999"}) {
        EXPECT_EQ(parse_time(text), std::nullopt) << text;
    }
}

TEST(Profile, WithPopularityNeedsATtlAndKeepsSevenDaysAtMost)
{
    Profile p;
    EXPECT_EQ(set(p, "popularity maybe"), "\"popularity\" is on or off: \"maybe\"");
    EXPECT_EQ(set(p, "popularity on"), "");
    ASSERT_TRUE(p.contradiction());
    EXPECT_EQ(set(p, "ttl 1h"), "");
    EXPECT_FALSE(p.contradiction());

    set(p, "stale_if_error 1d");
    EXPECT_EQ(p.longest(), 8 * day);
    set(p, "max_ttl 2d");
    EXPECT_EQ(p.longest(), 3 * day);
    set(p, "ttl 5d");
    EXPECT_EQ(p.longest(), 6 * day);
}

TEST(Profile, BuiltInOnesHaveTheirValues)
{
    const Profiles profiles = built_in_profiles();
    const auto &of = [&](std::string_view name) -> const Profile & { return profiles.find(name)->second; };

    ASSERT_EQ(profiles.size(), 13U);
    EXPECT_EQ(of("educational_content").ttl, 7 * day);
    EXPECT_EQ(of("educational_content").stale_while_revalidate, day);
    EXPECT_EQ(of("educational_content").roles.at("student"), 2 * day);
    EXPECT_EQ(of("educational_content").vary, (std::vector<std::string>{"Accept", "Accept-Encoding"}));
    EXPECT_EQ(of("educational_content").tags, std::vector<std::string>{"edu-content"});
    EXPECT_TRUE(of("educational_content").during[0].hold);
    EXPECT_EQ(of("student_submission").visibility, Visibility::one_user);
    EXPECT_EQ(of("student_submission").ttl, 2 * day);
    EXPECT_EQ(of("student_submission").vary, std::vector<std::string>{"Authorization"});
    EXPECT_EQ(of("media_resource").ttl, 30 * day);
    EXPECT_EQ(of("media_resource").stale_while_revalidate, 7 * day);
    EXPECT_EQ(of("avatar").tags, std::vector<std::string>{"avatars"});
    EXPECT_DOUBLE_EQ(of("temporary").during[0].factor, 0.5);
    EXPECT_TRUE(of("static_assets").immutable);
    EXPECT_EQ(of("static_assets").ttl, 365 * day);
    EXPECT_EQ(of("api_responses").stale_while_revalidate, 60);
    EXPECT_TRUE(of("user_content").must_revalidate);
    EXPECT_EQ(of("dynamic_content").visibility, Visibility::one_user);
    EXPECT_EQ(of("default").ttl, day);
    EXPECT_EQ(of("image").ttl, 7 * day);
    EXPECT_EQ(of("document").ttl, 2 * day);
    EXPECT_EQ(of("origin").ttl, std::nullopt);

    for (const auto &[name, profile] : profiles) {
        EXPECT_FALSE(profile.contradiction()) << name;
        EXPECT_DOUBLE_EQ(profile.jitter, profile.ttl.value_or(0) >= 3600 ? 0.05 : 0) << name;
    }
}

TEST(Profile, ReadsItsLines)
{
    Profile profile;
    for (const auto *line : {"ttl 1h", "min_ttl 5m", "max_ttl 1d", "stale_while_revalidate 10m",
                             "stale_if_error 1d", "visibility private", "vary Accept X-Class", "vary Cookie",
                             "tag a b", "browser_ttl 1m", "jitter 10%", "immutable on", "must_revalidate off",
                             "role teacher ttl=5m", "during fall factor=1.3", "during lunch ttl=1m hold"}) {
        EXPECT_EQ(set(profile, line), "") << line;
    }
    EXPECT_EQ(profile.vary.size(), 3U);
    EXPECT_EQ(profile.roles.at("teacher"), 300);
    EXPECT_EQ(profile.during[1].ttl, 60);
    EXPECT_TRUE(profile.during[1].hold);
    EXPECT_DOUBLE_EQ(profile.jitter, 0.1);
    EXPECT_EQ(profile.longest(), day + day);
}

TEST(Profile, RefusesWhatCannotBeMeant)
{
    Profile profile;
    for (const auto *line : {"ttl", "ttl soon", "ttl 1h 2h", "ttl -1", "visibility secret", "vary *", "vary a,b",
                             "jitter 5", "jitter 101%", "jitter -1%", "immutable maybe", "role teacher",
                             "role teacher ttl", "role teacher time=5m", "role teacher ttl=x", "during fall",
                             "during fall factor=0", "during fall factor=-1", "during fall factor=x",
                             "during fall sleep", "lifetime 1h"}) {
        EXPECT_NE(set(profile, line), "") << line;
    }
    EXPECT_EQ(set(profile, "ttl soon"), "ttl must be a time like 30m or 7d: \"soon\"");
}

TEST(Profile, SeesItsContradictions)
{
    Profile bounds;
    set(bounds, "min_ttl 2h");
    set(bounds, "max_ttl 1h");
    EXPECT_EQ(bounds.contradiction()->message, "\"min_ttl\" is over \"max_ttl\"");

    Profile hold;
    set(hold, "during school_hours hold");
    EXPECT_EQ(hold.contradiction()->message,
              "\"during school_hours hold\" has nothing to hold: set a \"ttl\"");
    set(hold, "ttl 1h");
    EXPECT_FALSE(hold.contradiction());
}

TEST(ProfileForPath, GoesByExtensionThenByPlace)
{
    EXPECT_EQ(profile_for_path("/a/site.css"), "static_assets");
    EXPECT_EQ(profile_for_path("/api/logo.PNG"), "static_assets");
    EXPECT_EQ(profile_for_path("/fonts/a.woff2"), "static_assets");
    EXPECT_EQ(profile_for_path("/api/v1/pupils"), "api_responses");
    EXPECT_EQ(profile_for_path("/v1/api/pupils"), "dynamic_content");
    EXPECT_EQ(profile_for_path("/uploads/a.pdf"), "user_content");
    EXPECT_EQ(profile_for_path("/x/avatars/7"), "user_content");
    EXPECT_EQ(profile_for_path("/uploads"), "dynamic_content");
    EXPECT_EQ(profile_for_path("/css"), "dynamic_content");
    EXPECT_EQ(profile_for_path("/a.css/page"), "dynamic_content");
    EXPECT_EQ(profile_for_path(""), "dynamic_content");
}

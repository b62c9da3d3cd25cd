#include "core/redis.h"

#include <gtest/gtest.h>

namespace cdn {
namespace {

TEST(RedisUrl, NamesAHostAPortAndADatabase)
{
    RedisSettings settings;
    ASSERT_FALSE(add_redis_url(settings, "redis://user:p%40ss@example.com:6380/2"));
    EXPECT_EQ(settings.servers[0].host, "example.com");
    EXPECT_EQ(settings.servers[0].port, 6380);
    EXPECT_EQ(settings.servers[0].shown, "example.com:6380");
    EXPECT_EQ(settings.user, "user");
    EXPECT_EQ(settings.password, "p@ss");
    EXPECT_EQ(settings.database, 2);

    ASSERT_FALSE(add_redis_url(settings, "redis://[::1]"));
    EXPECT_EQ(settings.servers[1].host, "::1");
    EXPECT_EQ(settings.servers[1].port, 6379);
    ASSERT_FALSE(add_redis_url(settings, "redis://[::1]:7000/"));
    EXPECT_EQ(settings.servers[2].port, 7000);
    ASSERT_FALSE(add_redis_url(settings, "unix:/run/redis.sock"));
    EXPECT_EQ(settings.servers[3].host, "/run/redis.sock");
    EXPECT_EQ(settings.servers[3].port, 0);
}

TEST(RedisUrl, IsRefusedWithoutItsPassword)
{
    const std::string long_path = "unix:/" + std::string(107, 's');
    for (const char *url : {long_path.c_str(), "redis://", "redis://:secret@", "redis://h:0", "redis://h:65536", "redis://h:x", "redis://[::1", "redis://[::1]x",
                            "redis://h/x", "redis://:%zz@h", "rediss://:secret@h", "unix:relative", "http://h", ""})
    {
        RedisSettings settings;
        const auto error = add_redis_url(settings, url);
        ASSERT_TRUE(error) << url;
        EXPECT_EQ(error->message.find("secret"), std::string::npos) << error->message;
    }
}

}  // namespace
}  // namespace cdn

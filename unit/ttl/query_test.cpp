#include "ttl/query.h"

#include <gtest/gtest.h>

#include <vector>

using namespace cdn::ttl;

TEST(KeptQuery, KeepsTheNamedArgumentsSorted)
{
    const std::vector<std::string> names = {"h", "w"};
    EXPECT_EQ(kept_query("w=2&utm_source=x&h=1", names), "h=1&w=2");
    EXPECT_EQ(kept_query("w=2&h=1&w=1", names), "h=1&w=2&w=1");
    EXPECT_EQ(kept_query("w&h=&x", names), "h=&w");
    EXPECT_EQ(kept_query("W=1&wh=2&&=3", names), "");
    EXPECT_EQ(kept_query("w=a%26b+c", names), "w=a%26b+c");
    EXPECT_EQ(kept_query("", names), "");
    EXPECT_EQ(kept_query("w=1", {}), "");
    EXPECT_EQ(kept_query("%77=2&h%00=3&%68=1&%=4", names), "%68=1&%77=2");
}

#include "ttl/cache_status.h"

#include <gtest/gtest.h>

using namespace cdn::ttl;

TEST(CacheStatus, SaysWhatHappened)
{
    CacheStatus hit;
    hit.ttl = 376;
    EXPECT_EQ(print_cache_status(hit), "ngx_cdn; hit; ttl=376");
    hit.ttl = -412;
    EXPECT_EQ(print_cache_status(hit), "ngx_cdn; hit; ttl=-412");

    CacheStatus miss;
    miss.forwarded = "miss";
    miss.stored = true;
    miss.collapsed = true;
    miss.forward_status = 200;
    EXPECT_EQ(print_cache_status(miss), "ngx_cdn; fwd=miss; fwd-status=200; stored; collapsed");
    EXPECT_EQ(print_cache_key("a\"b\\c\xc3\xa4\n"), "; key=\"a\\\"b\\\\c%C3%A4%0A\"");
}

#include "cli/warm_totals.h"

#include "cli/command.h"
#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace cdn::cli {
namespace {

Response with(const std::string &name, const std::string &value)
{
    Response response;
    response.status = 200;
    response.headers[name] = value;
    return response;
}

TEST(CacheAnswer, IsThatOfTheCacheNearestToTheClient)
{
    EXPECT_EQ(cache_answer(with("cache-status", "ngx_cdn; hit; ttl=30")), CacheAnswer::hit);
    EXPECT_EQ(cache_answer(with("cache-status", "ngx_cdn; fwd=miss; stored")), CacheAnswer::miss);
    EXPECT_EQ(cache_answer(with("cache-status", "shield; hit, ngx_cdn; fwd=miss")), CacheAnswer::miss);
    EXPECT_EQ(cache_answer(with("cache-status", "ngx_cdn")), CacheAnswer::unknown);
    EXPECT_EQ(cache_answer(with("x-cache", "HIT from a")), CacheAnswer::hit);
    EXPECT_EQ(cache_answer(with("x-cache-status", "EXPIRED")), CacheAnswer::miss);
    EXPECT_EQ(cache_answer(with("x-cache", "")), CacheAnswer::unknown);
}

TEST(Totals, CountEachOnce)
{
    WarmTotals totals;
    totals.add(with("x-cache", "HIT"));
    totals.add(with("x-cache", "MISS"));
    totals.add(with("server", "a"));
    Response broken;
    broken.error = "Timeout was reached";
    totals.add(broken);
    Response missing;
    missing.status = 404;
    missing.bytes = 10;
    totals.add(missing);

    EXPECT_EQ(totals.succeeded, 3U);
    EXPECT_EQ(totals.failed, 2U);
    EXPECT_EQ(totals.hits, 1U);
    EXPECT_EQ(totals.misses, 1U);
    EXPECT_EQ(totals.bytes, 10U);
    EXPECT_EQ(failure_of(missing), "404");
    EXPECT_EQ(failure_of(with("a", "b")), "");
    EXPECT_EQ(print_totals(totals), "3 fetched, 2 failed; 10 B in 0s\n1 are new in the cache, 1 were there, of 1 it is not known\n");
}

TEST(Progress, FitsEveryWidth)
{
    WarmTotals totals;
    totals.succeeded = 400;
    totals.failed = 12;
    for (int width = 0; width <= 200; width++) {
        for (const bool utf8 : {false, true}) {
            EXPECT_LE(columns(progress_line(totals, 1000, 20, width, utf8)), width);
        }
    }
    EXPECT_EQ(progress_line(totals, 1000, 20, 46, false), "41% 412/1000, 12 failed  21/s, 28s left");
    EXPECT_NE(progress_line(totals, 1000, 20, 80, false).find("[#"), std::string::npos);
}

TEST(Progress, NeedsNoTotals)
{
    EXPECT_EQ(progress_line({}, 0, 0, 20, false), "100% 0/0  0.0/s");
    EXPECT_EQ(progress_line({}, 10, 0, 20, false), "0% 0/10  0.0/s");
}

TEST(WarmUrl, IsAPathOrAUrl)
{
    EXPECT_EQ(warm_url("/a?b=1#c", "h").target, "/a?b=1");
    EXPECT_EQ(warm_url("/a", "h").host, "h");
    EXPECT_FALSE(warm_url("/a", "h").absolute);

    const auto url = warm_url("https://example.com:8443/a", "h");
    EXPECT_EQ(url.host, "example.com:8443");
    EXPECT_EQ(url.target, "/a");
    EXPECT_TRUE(url.https);
    EXPECT_EQ(warm_url("http://example.com", "").target, "/");
    EXPECT_EQ(warm_url("http://example.com?x", "").target, "/?x");

    for (const char *entry : {"a", "//example.com/a", "http://", "http:///a", "ftp://a/", "/a b", "/a\nb", "/a\033", "http://u:p@a/"}) {
        EXPECT_THROW(warm_url(entry, "h"), Failure) << entry;
    }
}

}  // namespace
}  // namespace cdn::cli

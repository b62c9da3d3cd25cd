#include "status/window.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

using namespace cdn::status;

namespace {

constexpr std::int64_t start = 1'800'000'000;          // begins a minute and an hour

class WindowTest : public testing::Test {
protected:
    void serve(std::uint64_t requests, std::uint64_t hits = 0)
    {
        for (std::uint64_t i = 0; i < requests; i++) {
            Served served;
            served.has_hit_ratio = true;
            served.hit = i < hits;
            windows.add(served);
        }
    }

    std::vector<std::uint64_t> memory = std::vector<std::uint64_t>(Windows::memory_size() / 8 + 8);
    Windows windows{reinterpret_cast<void *>((reinterpret_cast<std::uintptr_t>(memory.data()) + 63) / 64 * 64), 0};
};

TEST_F(WindowTest, IsEmptyBeforeAll)
{
    EXPECT_EQ(windows.last_seconds(start, 300).tally, Tally{});
    EXPECT_EQ(windows.last_seconds(start, 300).seconds, 0);
    EXPECT_EQ(windows.last_minutes(start, 1440, 1440).seconds, 0);
    EXPECT_EQ(windows.seconds(start, 300).size(), 300U);
    EXPECT_FALSE(windows.total().hit_ratio());
}

TEST_F(WindowTest, HoldsWhatIsNotOverYet)
{
    EXPECT_TRUE(windows.tick(start));
    EXPECT_FALSE(windows.tick(start));
    serve(3, 2);
    const Span span = windows.last_seconds(start + 0.5, 300);
    EXPECT_EQ(span.tally.requests, 3U);
    EXPECT_DOUBLE_EQ(*span.tally.hit_ratio(), 2.0 / 3);
    EXPECT_DOUBLE_EQ(span.seconds, 0.5);
    EXPECT_DOUBLE_EQ(span.per_second(span.tally.requests), 3);
}

TEST_F(WindowTest, LosesWhatIsOlder)
{
    windows.tick(start);
    serve(7);
    windows.tick(start + 1);
    serve(5);
    windows.tick(start + 2);

    EXPECT_EQ(windows.last_seconds(start + 300, 300).tally.requests, 12U);
    EXPECT_EQ(windows.last_seconds(start + 301, 300).tally.requests, 5U);
    EXPECT_EQ(windows.last_seconds(start + 302, 300).tally.requests, 0U);
    EXPECT_EQ(windows.last_seconds(start + 302, 300).seconds, 300);
}

TEST_F(WindowTest, GivesASilenceToItsEnd)
{
    windows.tick(start);
    serve(1);
    windows.tick(start + 1);
    serve(10);
    windows.tick(start + 100);

    const auto seconds = windows.seconds(start + 100, 300);
    EXPECT_EQ(seconds[299].tally.requests, 0U);        // the second of now
    EXPECT_EQ(seconds[298].tally.requests, 10U);
    EXPECT_EQ(seconds[297].tally.requests, 0U);
    EXPECT_EQ(seconds[199].tally.requests, 1U);
}

TEST_F(WindowTest, OutlivesALongSleep)
{
    windows.tick(start);
    serve(4);
    windows.tick(start + 10'000'000);
    serve(2);
    EXPECT_EQ(windows.last_seconds(start + 10'000'000, 300).tally.requests, 6U);
    EXPECT_EQ(windows.last_seconds(start + 10'000'001, 300).tally.requests, 6U);
    windows.tick(start + 10'000'301);
    EXPECT_EQ(windows.last_seconds(start + 10'000'601, 300).tally.requests, 0U);
}

TEST_F(WindowTest, ComparesHours)
{
    windows.tick(start);
    serve(100);
    windows.tick(start + 3600);
    serve(50);
    windows.tick(start + 7200);

    EXPECT_EQ(windows.last_minutes(start + 7200, 60).tally.requests, 50U);
    EXPECT_EQ(windows.last_minutes(start + 7200, 60, 60).tally.requests, 100U);
    EXPECT_EQ(windows.last_minutes(start + 7200, 60, 60).seconds, 3600);
    EXPECT_EQ(windows.last_minutes(start + 7200, 60, 120).seconds, 0);
    EXPECT_EQ(windows.last_minutes(start + 7200, 1440).tally.requests, 150U);
}

TEST_F(WindowTest, AddsUpToTheTotal)
{
    std::uint64_t served = 0;
    for (std::int64_t second = 0; second < 2 * 86400; second += 7) {
        windows.tick(start + second);
        serve(1 + second % 3);
        served += 1 + second % 3;
    }

    const double now = start + 2 * 86400 - 1;
    std::uint64_t sum = 0;
    for (const Span &span : windows.minutes(now, 288, 10)) {
        sum += span.tally.requests;
    }
    EXPECT_EQ(sum, served);
    EXPECT_EQ(windows.total().requests, served);

    const auto seconds = windows.seconds(now, 300);
    std::uint64_t recent = 0;
    for (const Span &span : seconds) {
        recent += span.tally.requests;
    }
    EXPECT_EQ(recent, windows.last_seconds(now, 299).tally.requests);
}

TEST_F(WindowTest, LosesNothingToWorkersWhileItTicks)
{
    windows.tick(start);
    std::atomic<bool> done = false;
    std::thread ticker([&] {
        for (std::int64_t second = 1; !done; second++) {
            windows.tick(start + second);
        }
    });
    std::vector<std::thread> workers;
    void *shared = reinterpret_cast<void *>((reinterpret_cast<std::uintptr_t>(memory.data()) + 63) / 64 * 64);
    for (unsigned worker = 0; worker < 3; worker++) {
        workers.emplace_back([=] {
            Windows own(shared, worker % 2);
            for (int i = 0; i < 20'000; i++) {
                Served served;
                served.ms = 3;
                own.add(served);
            }
        });
    }
    for (auto &worker : workers) {
        worker.join();
    }
    done = true;
    ticker.join();

    EXPECT_EQ(windows.total().requests, 60'000U);
    EXPECT_EQ(windows.total().latency[2], 60'000U);
}

TEST_F(WindowTest, RemembersTheSlowestOnce)
{
    for (const std::uint64_t ms : {5, 7000, 6000}) {
        Served served;
        served.ms = ms;
        windows.add(served);
    }
    EXPECT_EQ(windows.take_slowest(), 7000U);
    EXPECT_EQ(windows.take_slowest(), 0U);
}

TEST_F(WindowTest, PutsABoundIntoItsOwnBucket)
{
    for (const std::uint64_t ms : {0, 1, 100, 101, 60'000, 60'001}) {
        Served served;
        served.ms = ms;
        windows.add(served);
    }

    const Tally total = windows.total();
    EXPECT_EQ(total.latency[0], 2U);
    EXPECT_EQ(total.latency[11], 1U);                  // up to 100 ms
    EXPECT_EQ(total.latency[12], 1U);
    EXPECT_EQ(total.latency[27], 1U);
    EXPECT_EQ(total.latency[28], 1U);
    EXPECT_EQ(total.duration_ms, 120'203U);
}

TEST_F(WindowTest, CountsEachSideOfARequest)
{
    Served served;
    served.has_hit_ratio = true;
    served.error = true;
    served.origin = true;
    served.sent = 10;
    served.received = 4;
    served.reason = Reason::error;
    windows.add(served);
    windows.add_transform();

    const Tally total = windows.total();
    EXPECT_EQ(total.requests, 1U);
    EXPECT_EQ(total.with_cache, 1U);
    EXPECT_EQ(total.hits, 0U);
    EXPECT_EQ(total.errors, 1U);
    EXPECT_EQ(total.origin, 1U);
    EXPECT_EQ(total.bytes_saved(), 6U);
    EXPECT_EQ(total.transforms, 1U);
    EXPECT_EQ(total.reasons[static_cast<std::size_t>(Reason::error)], 1U);
}

TEST(Tally, SavesNothingWhereOriginsSendMore)
{
    Tally tally;
    tally.sent = 5;
    tally.received = 6;
    EXPECT_EQ(tally.bytes_saved(), 0U);
}

}  // namespace

// A school day's requests, replayed through a model of nginx's cache: what each way
// to decide lifetimes makes of it.  The lifetimes are the module's own: its src/ttl
// and src/status/ranking decide them.
//
//     replay SEED OBJECTS REQUESTS DAYS CACHE_BYTES [TRACE]
//
// Requests come by Zipf's law (exponent 0.9), REQUESTS of them on a working day, three
// times as many a minute from 08:00 to 18:00 in New York as at night, rising and falling
// for an hour; on Saturday and Sunday as at night.  Sizes are lognormal (median 20 kB,
// sigma 1.5).  Every midnight one in fifty objects trades places with another: what is
// popular changes.  At the origin one object in fifty changes every hour, one in ten every
// day, the others every month, each at its own minute.
//
// DAYS of history go before the day that is measured, Tuesday, 10 November 2026, and the cache
// is empty before them: some weeks of them, or lifetimes of a week show what became of the first day.  It holds CACHE_BYTES and drops what was not asked for longest, as
// proxy_cache_path does with max_size: whole blocks of 4 KiB, header and key included.
// Nobody purges.  An expired object is fetched; nothing is served stale.
//
// Prints a line for each way, tab-separated: name, requests, hits, requests in the busiest
// minute, fetches in the worst minute of school hours, fetches in school hours and bytes
// fetched, all of the measured day; then of the week that it ends, since lifetimes of a week
// make the few hottest objects old on one day and young on another: requests, seconds of age
// of all that was served, responses that were no longer the origin's.
//
// With TRACE, a file: it gets a line "SECONDS OBJECT BYTES" for each request, history included.

#include "core/hash.h"
#include "core/text.h"
#include "status/ranking.h"
#include "ttl/freshness.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

using namespace cdn;
using ttl::Seconds;
using ttl::Time;

namespace {

constexpr Time hour = 3600;
constexpr Time new_york_is_behind = 5 * hour;          // in November

struct Given {
    std::uint64_t seed;
    std::size_t   objects;
    std::int64_t  requests;
    std::int64_t  days;
    std::int64_t  cache_bytes;
};

// ---- what there is

struct Object {
    std::int64_t bytes;
    Seconds      changes_every;
    Seconds      changes_at;

    Time version(Time t) const { return (t + changes_at) / changes_every; }
};

std::vector<Object> make_objects(std::size_t count, std::mt19937_64 &random)
{
    std::lognormal_distribution<double> size(std::log(20'000), 1.5);
    std::uniform_int_distribution<int> percent(0, 99);

    std::vector<Object> out(count);
    for (Object &object : out) {
        object.bytes = static_cast<std::int64_t>(std::clamp(size(random), 100.0, 5e7));
        const int kind = percent(random);
        object.changes_every = kind < 2 ? hour : kind < 12 ? ttl::day : 30 * ttl::day;
        object.changes_at = std::uniform_int_distribution<Seconds>(0, object.changes_every - 1)(random);
    }
    return out;
}

// Objects by how much they are asked for.
class Crowd {
public:
    explicit Crowd(std::size_t objects) : objects_(objects), sums_(objects)
    {
        double sum = 0;
        for (std::size_t i = 0; i < objects; i++) {
            objects_[i] = i;
            sums_[i] = sum += std::pow(static_cast<double>(i + 1), -0.9);
        }
    }

    std::size_t pick(std::mt19937_64 &random) const
    {
        const double at = std::generate_canonical<double, 53>(random) * sums_.back();
        const auto place = std::lower_bound(sums_.begin(), sums_.end() - 1, at) - sums_.begin();
        return objects_[static_cast<std::size_t>(place)];
    }

    void change(std::mt19937_64 &random)
    {
        std::uniform_int_distribution<std::size_t> any(0, objects_.size() - 1);
        for (std::size_t i = 0; i < objects_.size() / 100; i++) {
            std::swap(objects_[any(random)], objects_[any(random)]);
        }
    }

private:
    std::vector<std::size_t> objects_;                 // most popular first
    std::vector<double>      sums_;
};

// Requests a minute, of those at night.
double traffic(std::int64_t day, int minute)
{
    const auto weekday = (day + 3) % 7;                // 1970 began on a Thursday; 0: Monday
    const double hours = minute / 60.0;
    const double school = std::min(std::clamp(hours - 7, 0.0, 1.0), std::clamp(19 - hours, 0.0, 1.0));
    return weekday < 5 ? 1 + 2 * school : 1;
}

// ---- nginx's cache

class Cache {
public:
    struct Entry {
        Time        stored = 0;
        Time        expires = 0;                       // 0: not there
        std::size_t older = 0;
        std::size_t newer = 0;
    };

    Cache(const std::vector<Object> &objects, std::int64_t most)
        : objects_(objects), entries_(objects.size() + 1), most_(most)
    {
        end().older = end().newer = objects.size();
    }

    const Entry *find(std::size_t object)
    {
        if (entries_[object].expires == 0) {
            return nullptr;
        }
        unlink(object);
        link(object);
        return &entries_[object];
    }

    void store(std::size_t object, Time now, Seconds lifetime)
    {
        Entry &entry = entries_[object];
        if (entry.expires == 0) {
            link(object);
            used_ += blocks(object);
        }
        entry.stored = now;
        entry.expires = now + lifetime;

        while (used_ > most_) {
            const std::size_t oldest = end().newer;
            unlink(oldest);
            entries_[oldest].expires = 0;
            used_ -= blocks(oldest);
        }
    }

private:
    Entry &end() { return entries_.back(); }

    std::int64_t blocks(std::size_t object) const
    {
        constexpr std::int64_t header = 500;
        constexpr std::int64_t block = 4096;
        return (objects_[object].bytes + header + block - 1) / block * block;
    }

    void unlink(std::size_t object)
    {
        const Entry &entry = entries_[object];
        entries_[entry.older].newer = entry.newer;
        entries_[entry.newer].older = entry.older;
    }

    void link(std::size_t object)                      // as the newest
    {
        Entry &entry = entries_[object];
        entry.newer = entries_.size() - 1;
        entry.older = end().older;
        entries_[entry.older].newer = object;
        end().older = object;
    }

    const std::vector<Object> &objects_;
    std::vector<Entry>         entries_;               // the last one closes the ring
    std::int64_t               used_ = 0;
    std::int64_t               most_;
};

// ---- ways to decide

struct Way {
    std::string  name;
    Seconds      valid = 0;                            // proxy_cache_valid; 0: the profile
    ttl::Profile profile;
    bool         ranked = false;
};

Way by_profile(std::string name, std::initializer_list<std::string_view> lines)
{
    Way way;
    way.name = std::move(name);
    for (const auto line : lines) {
        const auto words = split(line, ' ');
        if (way.profile.set(words)) {
            std::abort();
        }
    }
    way.ranked = way.profile.popularity;
    return way;
}

std::vector<Way> all_ways()
{
    return {
        {"proxy_cache_valid 1h", hour, {}, false},
        {"proxy_cache_valid 1d", ttl::day, {}, false},
        by_profile("ttl 7d", {"ttl 7d", "jitter 5%"}),
        by_profile("ttl 7d, hold", {"ttl 7d", "jitter 5%", "during school_hours hold"}),
        by_profile("popularity", {"ttl 7d", "jitter 5%", "popularity on"}),
        by_profile("popularity, hold", {"ttl 7d", "jitter 5%", "popularity on", "during school_hours hold"}),
        by_profile("the same, min_ttl 1d", {"ttl 7d", "jitter 5%", "popularity on", "during school_hours hold",
                                            "min_ttl 1d"}),
    };
}

ttl::Schedule new_york()
{
    ttl::Schedule schedule("us_east");
    if (schedule.set_timezone("America/New_York")
        || schedule.add_phase("school_hours", "mon-fri", "08:00-18:00"))
    {
        std::abort();
    }
    return schedule;
}

struct Tally {
    std::int64_t requests = 0;
    std::int64_t hits = 0;
    std::int64_t school_fetches = 0;
    std::int64_t bytes = 0;
    std::int64_t week_requests = 0;
    std::int64_t week_age = 0;
    std::int64_t week_outdated = 0;
    std::vector<std::int64_t> minute_requests = std::vector<std::int64_t>(1440);
    std::vector<std::int64_t> minute_fetches = std::vector<std::int64_t>(1440);
};

// One way, its cache, and what came of it.
struct Contestant {
    Way              way;
    Cache            cache;
    std::mt19937_64  random;
    Tally            tally;

    Seconds lifetime(const ttl::Schedule &schedule, std::optional<double> rank, Time now)
    {
        if (way.valid != 0) {
            return way.valid;
        }
        ttl::Policy policy;
        policy.profile = &way.profile;
        policy.schedule = &schedule;
        policy.rank = rank;
        return ttl::lifetime(policy, {}, now, std::generate_canonical<double, 53>(random)).ttl;
    }

    // `minute` of the measured day, -1: of another
    void request(std::size_t id, const Object &object, Time now, int minute, bool in_week,
                 const ttl::Schedule &schedule, std::optional<double> rank)
    {
        const Cache::Entry *entry = cache.find(id);
        const bool hit = entry != nullptr && now <= entry->expires;

        if (minute >= 0) {
            tally.requests++;
            tally.minute_requests[static_cast<std::size_t>(minute)]++;
            if (hit) {
                tally.hits++;
            } else {
                tally.minute_fetches[static_cast<std::size_t>(minute)]++;
                tally.school_fetches += minute >= 8 * 60 && minute < 18 * 60 ? 1 : 0;
                tally.bytes += object.bytes;
            }
        }
        if (in_week) {
            tally.week_requests++;
            if (hit) {
                tally.week_age += now - entry->stored;
                tally.week_outdated += object.version(entry->stored) != object.version(now) ? 1 : 0;
            }
        }
        if (!hit) {
            cache.store(id, now, lifetime(schedule, rank, now));
        }
    }

    void print() const
    {
        const auto &fetches = tally.minute_fetches;
        std::printf("%s\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\n", way.name.c_str(),
                    static_cast<long long>(tally.requests), static_cast<long long>(tally.hits),
                    static_cast<long long>(*std::max_element(tally.minute_requests.begin(),
                                                             tally.minute_requests.end())),
                    static_cast<long long>(*std::max_element(fetches.begin() + 8 * 60,
                                                             fetches.begin() + 18 * 60)),
                    static_cast<long long>(tally.school_fetches), static_cast<long long>(tally.bytes),
                    static_cast<long long>(tally.week_requests), static_cast<long long>(tally.week_age),
                    static_cast<long long>(tally.week_outdated));
    }
};

void replay(const Given &given, std::FILE *trace)
{
    const std::chrono::sys_days tuesday{std::chrono::year(2026) / 11 / 10};
    const std::int64_t measured = tuesday.time_since_epoch().count();
    const double a_minute = static_cast<double>(given.requests) / (1440 + 2 * 660);

    std::mt19937_64 random(given.seed);
    const auto objects = make_objects(given.objects, random);
    Crowd crowd(given.objects);
    const ttl::Schedule schedule = new_york();

    std::vector<std::uint64_t> memory(status::Ranking::memory_size() / 8 + 1);
    status::Ranking ranking(memory.data());

    std::vector<Contestant> contestants;
    for (Way &way : all_ways()) {
        contestants.push_back({std::move(way), Cache(objects, given.cache_bytes),
                               std::mt19937_64(given.seed), {}});
    }

    double due = 0;
    for (std::int64_t day = measured - given.days; day <= measured; day++) {
        crowd.change(random);
        for (int minute = 0; minute < 1440; minute++) {
            due += a_minute * traffic(day, minute);
            const auto count = static_cast<std::int64_t>(due);
            due -= static_cast<double>(count);

            const Time start = day * ttl::day + minute * 60 + new_york_is_behind;
            ranking.tick(start);
            for (std::int64_t i = 0; i < count; i++) {
                const std::size_t id = crowd.pick(random);
                const Time now = start + i * 60 / count;
                if (trace != nullptr) {
                    std::fprintf(trace, "%lld %zu %lld\n", static_cast<long long>(now), id,
                                 static_cast<long long>(objects[id].bytes));
                }

                const std::uint64_t key = mix(id + 1);
                ranking.add(key);
                const auto rank = ranking.rank(key);
                for (Contestant &contestant : contestants) {
                    contestant.request(id, objects[id], now, day == measured ? minute : -1, day > measured - 7,
                                       schedule, contestant.way.ranked ? rank : std::nullopt);
                }
            }
        }
    }

    for (const Contestant &contestant : contestants) {
        contestant.print();
    }
}

}  // namespace

int main(int argc, char **argv)
{
    std::int64_t numbers[5];
    bool good = argc == 6 || argc == 7;
    for (int i = 0; good && i < 5; i++) {
        const auto number = parse_digits(argv[i + 1]);
        good = number.has_value() && (i == 0 || *number > 0);
        numbers[i] = number.value_or(0);
    }
    if (!good) {
        std::fprintf(stderr, "usage: replay SEED OBJECTS REQUESTS DAYS CACHE_BYTES [TRACE]\n");
        return 2;
    }

    std::FILE *trace = argc == 7 ? std::fopen(argv[6], "w") : nullptr;
    if (argc == 7 && trace == nullptr) {
        std::perror(argv[6]);
        return 1;
    }
    replay({static_cast<std::uint64_t>(numbers[0]), static_cast<std::size_t>(numbers[1]), numbers[2],
            numbers[3], numbers[4]}, trace);
    return trace != nullptr && std::fclose(trace) != 0 ? 1 : 0;
}

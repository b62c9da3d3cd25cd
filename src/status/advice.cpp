#include "status/advice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace cdn::status {

namespace {

constexpr std::uint64_t enough = 100;                  // requests, to say anything at all
constexpr double        profile_hit_ratio = 0.90;
constexpr double        region_hit_ratio = 0.92;
constexpr double        slow_mean_ms = 50;
constexpr double        many_errors = 0.01;
constexpr double        enough_of_a_day = 6 * 3600;    // seconds, to speak of its hours
constexpr std::size_t   enough_objects = 50;           // to speak of a tenth of them

std::string percent(double share)
{
    return std::to_string(std::lround(share * 100)) + " %";
}

std::string percent_of(std::uint64_t part, std::uint64_t whole)
{
    return percent(static_cast<double>(part) / static_cast<double>(std::max<std::uint64_t>(whole, 1)));
}

std::string two_digits(std::size_t hour)
{
    return (hour < 10 ? "0" : "") + std::to_string(hour);
}

std::string ms(double value)
{
    return std::to_string(std::lround(value)) + " ms";
}

// The hour of the clock around which, an hour to either side, at least half of all
// expiries lie, provided that they are not simply spread over the day.
std::optional<std::size_t> rush_hour(const GroupDay &group, std::uint64_t &within)
{
    const std::uint64_t all =
        std::accumulate(group.expired.begin(), group.expired.end(), std::uint64_t{0});
    std::optional<std::size_t> best;
    within = 0;
    for (std::size_t hour = 0; hour < 24; hour++) {
        const std::uint64_t around = group.expired[(hour + 23) % 24] + group.expired[hour];
        if (around > within) {
            within = around;
            best = hour;
        }
    }

    return all > 0 && within * 2 >= all ? best : std::nullopt;
}

Recommendation about_profile(const GroupDay &group, double watched_seconds)
{
    const Group &profile = group.total;
    const std::string who = profile.name;
    const std::string where = who == "none" ? "cdn_ttl NAME; cdn_ttl_profile NAME" : "cdn_ttl_profile " + who;
    const std::uint64_t misses =
        std::accumulate(profile.reasons.begin(), profile.reasons.end(), std::uint64_t{0})
        - profile.reasons[static_cast<std::size_t>(Reason::bypass)];
    const auto count = [&](Reason reason) { return profile.reasons[static_cast<std::size_t>(reason)]; };

    Reason main = Reason::cold;
    for (const Reason reason : {Reason::expired, Reason::purged, Reason::uncacheable, Reason::error}) {
        main = count(reason) > count(main) ? reason : main;
    }

    Recommendation out;
    out.text = (who == "none" ? "Requests without a profile hit " : '"' + who + "\" hits ")
               + percent(*profile.hit_ratio()) + ": ";
    out.reason = percent_of(count(main), misses) + " of its misses are `" + std::string(name(main)) + '`';

    switch (main) {
    case Reason::expired: {
        std::uint64_t within = 0;
        if (const auto hour = rush_hour(group, within); hour && watched_seconds >= enough_of_a_day) {
            out.text += "let what expires then live on through the rush";
            out.reason += ", " + percent_of(within, count(main)) + " of those within an hour of "
                          + two_digits(*hour) + ":00";
            out.directive = where + " { during PHASE hold; }";
        } else {
            out.text += "keep it longer, and refresh it in the background";
            out.directive = where + " { ttl TIME; stale_while_revalidate TIME; }";
        }
        break;
    }
    case Reason::purged:
        out.text += "purge by narrower tags, or softly, so that stale copies are served meanwhile";
        out.directive = "cdn_purge_event";
        break;
    case Reason::uncacheable:
        out.text += "the origin forbids to store it; if it may be stored, give it a profile that says so";
        out.directive = "cdn_ttl";
        break;
    case Reason::error:
        out.text += "the origin fails; serve what is stale meanwhile";
        out.directive = where + " { stale_if_error TIME; }";
        break;
    default:
        out.text += "many are asked for once, or dropped too soon; keep only the query arguments that "
                    "matter, and give the cache room";
        out.directive = "cdn_cache_query, proxy_cache_path max_size= inactive=";
        break;
    }

    return out;
}

Recommendation about_regions(const std::vector<const GroupDay *> &regions, const Tally &all)
{
    std::string names;
    for (const GroupDay *region : regions) {
        names += (names.empty() ? "" : ", ") + std::string(region->total.name) + " ("
                 + percent(*region->total.hit_ratio()) + ")";
    }

    return {"Few hits in " + names + ": keep objects longer than the pauses between their visitors",
            "a region should hit " + percent(region_hit_ratio) + " at least; all together hit "
                + percent(all.hit_ratio().value_or(0)),
            "proxy_cache_path inactive= max_size="};
}

Recommendation about_latency(const Tally &all)
{
    const double share = all.origin_share().value_or(0);
    Recommendation out;
    out.text = "Responses take " + ms(*all.mean_ms()) + " on average: ";
    out.reason = percent(share) + " of requests wait for an origin";

    if (all.transforms * 4 > all.origin) {
        out.text += "pictures are made while visitors wait; give transformations more threads";
        out.reason += ", and " + std::to_string(all.transforms) + " pictures were made";
        out.directive = "thread_pool cdn_image threads=";
    } else if (share > 0.05) {
        out.text += "serve stale copies while they are refreshed";
        out.directive = "cdn_ttl_profile NAME { stale_while_revalidate TIME; }";
    } else {
        out.text += "those few are slow; look at what they are, and at slow clients";
        out.directive = "log_format with $request_time $upstream_response_time $cdn_cache_reason";
    }

    return out;
}

Recommendation about_errors(const Tally &all)
{
    const std::uint64_t origin = all.reasons[static_cast<std::size_t>(Reason::error)];
    return {percent(*all.error_rate()) + " of requests end in a server error: try another origin, and "
                "serve stale copies meanwhile",
            std::to_string(all.errors) + " responses of 5xx, " + std::to_string(origin)
                + " of them for want of an origin",
            "proxy_next_upstream, cdn_ttl_profile NAME { stale_if_error TIME; }"};
}

// What is fetched beforehand is a hit only if it may be stored, and if the origin gives it.
bool warming_helps(const Tally &all)
{
    const auto count = [&](Reason reason) { return all.reasons[static_cast<std::size_t>(reason)]; };
    const std::uint64_t stored = count(Reason::cold) + count(Reason::expired) + count(Reason::purged);
    return stored > 0 && stored >= count(Reason::uncacheable) + count(Reason::error);
}

// The tenth of all objects that is asked for most, where its misses are worth it.
std::optional<Recommendation> about_popular(const Day &day)
{
    if (day.objects.size() < enough_objects || !warming_helps(day.span.tally)) {
        return std::nullopt;
    }

    std::map<std::string_view, std::uint64_t> missed;
    for (const PopularObject &object : day.misses) {
        missed[object.name] = object.count - object.error;
    }

    const std::size_t tenth = day.objects.size() / 10;
    std::uint64_t all = 0;
    std::uint64_t top = 0;
    std::uint64_t top_missed = 0;
    for (std::size_t i = 0; i < day.objects.size(); i++) {
        const PopularObject &object = day.objects[i];
        const std::uint64_t count = object.count - object.error;
        all += count;
        if (i < tenth) {
            const auto found = missed.find(object.name);
            top += count;
            top_missed += found != missed.end() ? found->second : 0;
        }
    }

    if (all < enough || top * 2 < all || top_missed * 100 < top) {
        return std::nullopt;
    }

    return Recommendation{
        std::to_string(tenth) + " objects are worth warming: fetch them before the rush, at night or before "
            "school",
        "a tenth of all objects draws " + percent_of(top, all) + " of requests, and was missed "
            + std::to_string(top_missed) + " times",
        "cdn_warm NAME { schedule SCHEDULE; at TIME; top " + std::to_string(tenth) + "; }"};
}

}  // namespace

std::vector<Recommendation> advise(const Day &day)
{
    std::vector<Recommendation> out;
    const Tally &all = day.span.tally;

    if (all.requests >= enough && *all.error_rate() > many_errors) {
        out.push_back(about_errors(all));
    }

    // the one with the most misses first
    const auto poor = [&](Group::Kind kind, double wanted) {
        std::vector<const GroupDay *> found;
        for (const GroupDay &group : day.groups) {
            // without a region there is none to speak of
            const bool is_named = kind == Group::profile || std::string_view(group.total.name) != "none";
            if (group.total.kind == kind && is_named && group.total.with_cache >= enough
                && *group.total.hit_ratio() < wanted)
            {
                found.push_back(&group);
            }
        }
        std::stable_sort(found.begin(), found.end(), [](const GroupDay *a, const GroupDay *b) {
            return a->total.with_cache - a->total.hits > b->total.with_cache - b->total.hits;
        });
        return found;
    };
    for (const GroupDay *profile : poor(Group::profile, profile_hit_ratio)) {
        out.push_back(about_profile(*profile, day.span.seconds));
    }
    if (const auto regions = poor(Group::region, region_hit_ratio); !regions.empty()) {
        out.push_back(about_regions(regions, all));
    }

    if (all.requests >= enough && *all.mean_ms() > slow_mean_ms) {
        out.push_back(about_latency(all));
    }
    if (auto popular = about_popular(day)) {
        out.push_back(std::move(*popular));
    }

    return out;
}

}  // namespace cdn::status

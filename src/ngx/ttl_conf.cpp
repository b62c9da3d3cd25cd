#include "ngx/ttl_conf.h"

#include "ngx/background_update.h"
#include "ngx/bridge.h"
#include "ngx/conf.h"
#include "ngx/setters.h"
#include "ngx/upstreams.h"
#include "ngx/zone.h"

#include <algorithm>

namespace cdn {

namespace {

// In the words of a block: name, time zone, and when pre_school begins.
struct BuiltInSchedule {
    std::string_view name;
    std::string_view zone;
    std::string_view pre_school;
};
constexpr BuiltInSchedule built_in_schedules[] = {
    {"us_east", "America/New_York", "07:00-08:00"},
    {"us_west", "America/Los_Angeles", "07:00-08:00"},
    {"eu_central", "Europe/Berlin", "07:00-08:00"},
    {"asia_pacific", "Asia/Tokyo", "06:00-08:00"},
};
constexpr std::string_view built_in_phases[] = {"pre_school", "school_hours", "after_school",
                                                "maintenance", ttl::off_hours};

std::optional<Error> add_line(ttl::Schedule &schedule, const std::vector<std::string_view> &line)
{
    const auto key = line[0];
    const auto n = line.size() - 1;

    if (key == "timezone" && n == 1) {
        return schedule.set_timezone(line[1]);
    }
    if (key == "phase" && n == 3) {
        return schedule.add_phase(line[1], line[2], line[3]);
    }
    if (key == "holiday" && (n == 1 || n == 2)) {
        return schedule.add_holiday(line[1], line.back());
    }
    if (key == "term" && n == 3) {
        return schedule.add_term(line[1], line[2], line[3]);
    }
    if (key == "term" && n == 4 && line[4].starts_with("factor=")) {
        const auto factor = parse_decimal(line[4].substr(7));
        return factor ? schedule.add_term(line[1], line[2], line[3], *factor)
                      : bad_request("not a factor: \"" + printable(line[4]) + '"');
    }

    const bool known = key == "timezone" || key == "phase" || key == "holiday" || key == "term";
    return bad_request(known ? "\"timezone ZONE\", \"phase NAME DAYS HH:MM-HH:MM\", \"term NAME FROM TO "
                               "[factor=N]\" and \"holiday FROM [TO]\" are the lines of a schedule"
                             : "unknown directive \"" + printable(key) + '"');
}

bool has_variable(const ngx_http_complex_value_t &value)
{
    return value.lengths != nullptr;
}

ngx_http_complex_value_t *new_value(ngx_conf_t *cf, std::string_view text)
{
    auto *value = pool_new<ngx_http_complex_value_t>(cf->pool);
    return compile(cf, text, *value) ? value : nullptr;
}

// Names that "during" may use: somebody's phase or term.
bool is_known_time(const TtlMain &main, std::string_view name, bool phases_only)
{
    if (std::find(std::begin(built_in_phases), std::end(built_in_phases), name)
        != std::end(built_in_phases))
    {
        return true;
    }

    return std::any_of(main.schedules.begin(), main.schedules.end(), [&](const auto &entry) {
        const ttl::Schedule &schedule = entry.second->schedule();
        return schedule.has_phase(name) || (!phases_only && schedule.has_term(name));
    });
}

// Fixed names are looked up once, here.
bool resolve(ngx_conf_t *cf, TtlMain &main, ttl::Seconds retention, TtlRule &rule)
{
    if (!has_variable(rule.profile)) {
        const auto name = view(rule.profile.value);
        rule.fixed_profile = main.profile(name);
        if (rule.fixed_profile == nullptr) {
            complain(cf, "cdn_ttl", "unknown profile \"" + printable(name) + '"');
            return false;
        }
        if (rule.fixed_profile->longest() > retention) {
            complain(cf, "cdn_ttl",
                     "profile \"" + printable(name) + "\" keeps responses for "
                         + std::to_string(rule.fixed_profile->longest())
                         + " seconds with its stale windows, over the "
                         + std::to_string(retention) + " of \"cdn_purge_retention\": raise that");
            return false;
        }
    }

    if (rule.schedule != nullptr && !has_variable(*rule.schedule)) {
        const auto name = view(rule.schedule->value);
        rule.fixed_schedule = main.schedule(name);
        if (rule.fixed_schedule == nullptr) {
            complain(cf, "cdn_ttl", "unknown schedule \"" + printable(name) + '"');
            return false;
        }
    } else if (rule.schedule != nullptr) {
        for (const auto &built_in : built_in_schedules) {
            main.schedule(built_in.name);
        }
    }

    return true;
}

#if (NGX_HTTP_CACHE)

void take_over(ngx_conf_t *cf, TtlConf &conf)
{
    each_upstream_conf(cf, [&](ngx_http_upstream_conf_t &upstream) {
        if (upstream.cache != 1) {
            return;
        }
        conf.ignored.push_back({upstream.module.data, upstream.ignore_headers});
        upstream.ignore_headers |= NGX_HTTP_UPSTREAM_IGN_CACHE_CONTROL | NGX_HTTP_UPSTREAM_IGN_EXPIRES;

        const ttl::Profile *profile = conf.rule->fixed_profile;
        const bool refreshes = profile == nullptr || profile->stale_while_revalidate > 0 || !profile->ttl;
        if (refreshes && is_silent_on_background_update(cf, upstream)) {
            upstream.cache_background_update = 1;
        }
    });
}

#endif

}  // namespace

const ttl::Moment &LiveSchedule::at(ttl::Time now)
{
    if (now < looked_at_ || now >= moment_.until) {
        moment_ = schedule_.at(now);
        looked_at_ = now;
    }

    return moment_;
}

const ttl::Profile *TtlMain::profile(std::string_view name) const
{
    const auto found = profiles.find(name);
    return found != profiles.end() ? &found->second : nullptr;
}

LiveSchedule *TtlMain::schedule(std::string_view name)
{
    if (const auto found = schedules.find(name); found != schedules.end()) {
        return found->second.get();
    }

    for (const auto &built_in : built_in_schedules) {
        if (name != built_in.name) {
            continue;
        }
        ttl::Schedule schedule{std::string(name)};
        if (schedule.set_timezone(built_in.zone)) {
            return nullptr;                            // a system without that zone
        }
        schedule.add_phase("pre_school", "mon-fri", built_in.pre_school);
        schedule.add_phase("school_hours", "mon-fri", "08:00-18:00");
        schedule.add_phase("after_school", "mon-fri", "19:00-22:00");
        schedule.add_phase("maintenance", "daily", "02:00-03:00");
        return schedules.emplace(name, std::make_unique<LiveSchedule>(std::move(schedule)))
            .first->second.get();
    }

    return nullptr;
}

ttl::Seconds purge_retention(const MainConf &conf)
{
    return static_cast<ttl::Seconds>(conf.purge_retention / 1000);
}

// cdn_ttl PROFILE [schedule=NAME] [role=VALUE] [per_user=VALUE]
char *set_ttl(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->ttl.rule;
        if (slot != nullptr) {
            return const_cast<char *>("is duplicate");
        }

        const auto all = words(cf);
        auto *rule = pool_new<TtlRule>(cf->pool);
        rule->off = all[1] == "off";
        if (rule->off && all.size() > 2) {
            return complain(cf, "cdn_ttl", "\"off\" stands alone");
        }
        if (!compile(cf, all[1], rule->profile)) {
            return failed;
        }

        for (std::size_t i = 2; i < all.size(); i++) {
            const auto [key, value, has_value] = cut(all[i], '=');
            auto *option = key == "schedule"   ? &rule->schedule
                           : key == "role"     ? &rule->role
                           : key == "per_user" ? &rule->per_user
                                               : nullptr;
            if (option == nullptr || !has_value || value.empty()) {
                return complain(cf, "cdn_ttl", "takes schedule=, role= and per_user=, not \""
                                                   + printable(all[i]) + '"');
            }
            if (*option != nullptr) {
                return complain(cf, "cdn_ttl", '"' + std::string(key) + "=\" is duplicate");
            }
            *option = new_value(cf, value);
            if (*option == nullptr) {
                return failed;
            }
        }

        slot = rule;
        return NGX_CONF_OK;
    });
}

// cdn_ttl_profile NAME { }
char *set_ttl_profile(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        TtlMain &main = *static_cast<MainConf *>(data)->ttl;

        ttl::Profile profile;
        profile.name = words(cf)[1];
        const std::string subject = "cdn_ttl_profile " + printable(profile.name);

        if (profile.name == "off" || profile.name == ttl::origin_profile) {
            return complain(cf, subject, "has a meaning of its own and cannot be set");
        }
        if (std::find(main.own_profiles.begin(), main.own_profiles.end(), profile.name)
            != main.own_profiles.end())
        {
            return const_cast<char *>("is duplicate");
        }

        char *result = read_block(cf, subject, [&](const std::vector<std::string_view> &line) {
            return profile.set(line);
        });
        if (result != NGX_CONF_OK) {
            return result;
        }
        if (const auto error = profile.contradiction()) {
            return complain(cf, subject, error->message);
        }
        if (profile.popularity && !add_ranking_zone(cf)) {
            return failed;
        }

        main.own_profiles.push_back(profile.name);
        main.profiles.insert_or_assign(profile.name, std::move(profile));
        return NGX_CONF_OK;
    });
}

// cdn_schedule NAME { }
char *set_schedule(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        TtlMain &main = *static_cast<MainConf *>(data)->ttl;

        ttl::Schedule schedule{std::string(words(cf)[1])};
        const std::string subject = "cdn_schedule " + printable(schedule.name());
        if (main.schedules.contains(schedule.name())) {
            return const_cast<char *>("is duplicate");
        }

        char *result = read_block(cf, subject, [&](const std::vector<std::string_view> &line) {
            return add_line(schedule, line);
        });
        if (result != NGX_CONF_OK) {
            return result;
        }
        if (const auto error = schedule.incomplete()) {
            return complain(cf, subject, error->message);
        }

        const std::string name = schedule.name();
        main.schedules.emplace(name, std::make_unique<LiveSchedule>(std::move(schedule)));
        return NGX_CONF_OK;
    });
}

// cdn_cache_query off | NAME ...
char *set_cache_query(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &slot = static_cast<LocConf *>(data)->ttl.query;
        if (slot != nullptr) {
            return const_cast<char *>("is duplicate");
        }

        slot = pool_new<QueryNames>(cf->pool);
        const auto all = words(cf);
        slot->all = all.size() == 2 && all[1] == "off";
        for (const auto name : std::span(all).subspan(1)) {
            if (name.find_first_of("&=?# *$%") != name.npos || (name == "off" && all.size() > 2)) {
                return complain(cf, "cdn_cache_query",
                                "not the name of an argument: \"" + printable(name) + '"');
            }
            slot->names.emplace_back(name);
        }
        std::sort(slot->names.begin(), slot->names.end());
        return NGX_CONF_OK;
    });
}

// cdn_response_headers off | SET ...
char *set_response_headers(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        static constexpr std::pair<std::string_view, ngx_uint_t> sets[] = {
            {"off", headers_off}, {"hsts", headers_hsts}, {"security", headers_security},
            {"cors", headers_cors}, {"timing", headers_timing}};

        auto &slot = static_cast<LocConf *>(data)->ttl.headers;
        if (slot != 0) {
            return const_cast<char *>("is duplicate");
        }

        const auto all = words(cf);
        for (const auto word : std::span(all).subspan(1)) {
            const auto *set = std::find_if(std::begin(sets), std::end(sets),
                                           [&](const auto &s) { return s.first == word; });
            if (set == std::end(sets)) {
                return complain(cf, "cdn_response_headers",
                                "is off, or any of hsts security cors timing: \"" + printable(word) + '"');
            }
            slot |= set->second;
        }
        if ((slot & headers_off) != 0 && all.size() > 2) {
            return complain(cf, "cdn_response_headers", "\"off\" stands alone");
        }
        return NGX_CONF_OK;
    });
}

bool check_ttl(ngx_conf_t *cf, const TtlMain &main)
{
    for (const std::string &name : main.own_profiles) {
        const ttl::Profile &profile = *main.profile(name);
        for (const ttl::During &rule : profile.during) {
            if (is_known_time(main, rule.name, rule.hold)) {
                continue;
            }
            const bool is_term = rule.hold && is_known_time(main, rule.name, false);
            complain(cf, "cdn_ttl_profile " + printable(name),
                     "\"during " + printable(rule.name) + "\" "
                         + (is_term ? "is a term, and only phases can hold"
                            : rule.hold ? "has nothing to hold: no schedule has such a phase"
                                        : "names no phase and no term of any schedule"));
            return false;
        }
    }

    return true;
}

bool merge_ttl(ngx_conf_t *cf, const TtlConf &outer, TtlConf &conf, bool is_image)
{
    MainConf &main = main_conf(cf);

    if (conf.query != nullptr && is_image) {
        complain(cf, "cdn_cache_query",
                 "does not go with \"cdn_image\", which settles the query itself: remove one of them");
        return false;
    }
    if (conf.query == nullptr) {
        conf.query = outer.query;
    }
    if (conf.headers == 0) {
        conf.headers = outer.headers;
    }

    if (conf.rule == nullptr) {
        conf.rule = outer.rule;
    }
    if (!conf.in_force()) {
        return true;
    }
    if (!resolve(cf, *main.ttl, purge_retention(main), *conf.rule)) {
        return false;
    }

    main.ttl->in_use = true;
#if (NGX_HTTP_CACHE)
    take_over(cf, conf);
#endif
    return true;
}

}  // namespace cdn

// The directives of ttl: profiles and schedules by name, and what a location
// says of them.

#pragma once

#include "ngx/ngx.h"
#include "ttl/freshness.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cdn {

struct MainConf;

// A schedule, and what holds in it now: looked up anew only when it may change.
class LiveSchedule {
public:
    explicit LiveSchedule(ttl::Schedule schedule) : schedule_(std::move(schedule)) {}

    const ttl::Schedule &schedule() const { return schedule_; }
    const ttl::Moment &at(ttl::Time now);

private:
    ttl::Schedule schedule_;
    ttl::Moment   moment_;
    ttl::Time     looked_at_ = 0;
};

// Of http {}.
struct TtlMain {
    ttl::Profiles profiles = ttl::built_in_profiles();
    std::vector<std::string> own_profiles;             // of the configuration
    std::map<std::string, std::unique_ptr<LiveSchedule>, std::less<>> schedules;
    std::vector<std::string> unknown;                  // names in variables that this worker met
    bool          in_use = false;                      // any location has a cdn_ttl

    const ttl::Profile *profile(std::string_view name) const;

    // A built-in one is made when it is asked for.  nullptr: there is none.
    LiveSchedule *schedule(std::string_view name);
};

// cdn_ttl
struct TtlRule {
    bool                      off = false;
    ngx_http_complex_value_t  profile{};
    const ttl::Profile       *fixed_profile = nullptr; // no variable in it
    ngx_http_complex_value_t *schedule = nullptr;
    LiveSchedule             *fixed_schedule = nullptr;
    ngx_http_complex_value_t *role = nullptr;
    ngx_http_complex_value_t *per_user = nullptr;
};

enum ResponseHeaders : ngx_uint_t {
    headers_off = 1,
    headers_hsts = 2,
    headers_security = 4,
    headers_cors = 8,
    headers_timing = 16,
};

// cdn_cache_query
struct QueryNames {
    bool                     all = false;              // "off"
    std::vector<std::string> names;                    // sorted
};

struct TtlConf {
    TtlRule    *rule = nullptr;                        // cdn_ttl
    QueryNames *query = nullptr;
    ngx_uint_t  headers = 0;                           // cdn_response_headers

    bool in_force() const { return rule != nullptr && !rule->off; }

    // What the configuration lets nginx ignore of an upstream's headers; with a
    // rule, nginx ignores Cache-Control and Expires and the rule reads them.
    struct Ignored {
        const u_char *module;                          // of the upstream: "proxy" ...
        ngx_uint_t    mask;
    };
    std::vector<Ignored> ignored;
};

char *set_ttl(ngx_conf_t *cf, ngx_command_t *command, void *data) noexcept;
char *set_ttl_profile(ngx_conf_t *cf, ngx_command_t *command, void *data) noexcept;
char *set_schedule(ngx_conf_t *cf, ngx_command_t *command, void *data) noexcept;
char *set_cache_query(ngx_conf_t *cf, ngx_command_t *command, void *data) noexcept;
char *set_response_headers(ngx_conf_t *cf, ngx_command_t *command, void *data) noexcept;

// How long a purge is remembered: nothing may be kept for longer.
ttl::Seconds purge_retention(const MainConf &main);

// What only the whole of http {} shows; false: refused, and said why.
bool check_ttl(ngx_conf_t *cf, const TtlMain &main);
bool merge_ttl(ngx_conf_t *cf, const TtlConf &outer, TtlConf &conf, bool is_image);

}  // namespace cdn

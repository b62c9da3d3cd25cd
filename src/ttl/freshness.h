// How long a response lives: profile, role, schedule, and what the origin says.
//
// Nothing here reads a clock: `now` and `random`, from 0 up to 1, are arguments.

#pragma once

#include "ttl/cache_control.h"
#include "ttl/schedule.h"

namespace cdn::ttl {

// What the configuration and the request say.
struct Policy {
    const Profile   *profile = nullptr;
    const Schedule  *schedule = nullptr;               // may be none
    std::string_view role;
    bool             by_content = false;               // the profile is $cdn_ttl_auto's
    bool             per_user = false;                 // the cache key tells users apart
    bool             authorized = false;               // the request has Authorization
    std::optional<double> rank;                        // where it has "popularity"; see popularity.h
    Seconds          retention = 400 * day;            // a purge is remembered that long
};

// What the response says.
struct Answer {
    int                    status = 200;
    CacheControl           control;
    std::optional<Seconds> expires_in;                 // Expires - Date
    Seconds                age = 0;                    // it has already, elsewhere
    bool                   accel_expires = false;      // X-Accel-Expires, nginx's own
    bool                   sets_cookie = false;
    bool                   has_last_modified = false;
    bool                   is_image = false;
    bool                   is_slice = false;           // of nginx's "slice"
};

enum class Verdict {
    keep,                                              // for Lifetime::ttl
    refuse,                                            // not to be stored
    as_configured,                                     // as proxy_cache_valid says
    as_nginx_says,
};

struct Lifetime {
    Verdict verdict = Verdict::refuse;
    bool    by_profile = false;                        // and not by the origin's headers
    Seconds ttl = 0;                                   // from now; also what a client may use of
                                                       // a private response that is not stored
    Seconds stale_while_revalidate = 0;
    Seconds stale_if_error = 0;
};

// The profile's own lifetime counts, and not the origin's headers.
bool decided_by_profile(const Policy &policy, const Answer &answer);

Lifetime lifetime(const Policy &policy, const Answer &answer, Time now, double random);

// Nothing that comes back may be stored, whatever it says.
bool never_stored(const Policy &policy);

// Whether any rule that holds now shortens; if none does, nothing is cut short.
bool may_cut_short(const Profile &profile, const Moment &holds);

// A response stored at `stored` that "during" rules let live no longer now,
// although it was given more when it came.  `holds` is the schedule's state now.
bool cut_short(const Policy &policy, const Answer &answer, const Moment &holds, Time stored,
               Time now);

// What a client is told of a response that stays fresh for so long from now.
ClientControl client_control(const Profile &profile, const CacheControl &origin, Seconds age,
                             const Lifetime &rest);

}  // namespace cdn::ttl

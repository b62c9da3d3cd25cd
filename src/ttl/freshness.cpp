#include "ttl/freshness.h"

#include "ttl/popularity.h"

#include <algorithm>

namespace cdn::ttl {

namespace {

constexpr Seconds spread_after_hold = 3600;
constexpr int     farthest_look = 5000;                // spans of a schedule

Seconds scaled(Seconds time, double factor)
{
    constexpr double longest = 100.0 * 365 * day;
    return static_cast<Seconds>(std::min(static_cast<double>(time) * factor, longest));
}

std::optional<Seconds> own_ttl(const Policy &policy)
{
    const Profile &profile = *policy.profile;
    if (!policy.role.empty()) {
        const auto role = profile.roles.find(policy.role);
        if (role != profile.roles.end()) {
            return role->second;
        }
    }

    return profile.popularity && policy.rank ? tier_ttl(profile, tier(*policy.rank)) : profile.ttl;
}

// Complete and final: what is kept by default (RFC 9110, section 15.1) and successful.  A 206 is
// where it is a slice, which the cache's key names.
bool is_result(const Answer &answer)
{
    return answer.status == 200 || answer.status == 203 || answer.status == 204
           || (answer.status == 206 && answer.is_slice);
}

bool may_answer_authorized(const Policy &policy, bool allowed)
{
    return !policy.authorized || policy.per_user || allowed;
}

// Before the schedule has its say; nothing: the origin is silent.
std::optional<Seconds> base_ttl(const Policy &policy, const Answer &answer, bool by_profile)
{
    if (by_profile) {
        Seconds ttl = *own_ttl(policy);
        if (policy.by_content && answer.has_last_modified) {
            ttl *= 2;
        }
        if (policy.by_content && answer.is_image) {
            ttl = std::max(ttl, day);
        }
        return ttl;
    }

    std::optional<Seconds> ttl = answer.control.shared_lifetime();
    if (!ttl) {
        ttl = answer.expires_in;
    }
    if (ttl && *ttl > 0) {
        ttl = std::max(*ttl, policy.profile->min_ttl.value_or(0));
        ttl = std::min(*ttl, policy.profile->max_ttl.value_or(*ttl));
    }

    return ttl;
}

// Terms first, phases over them; each in the order of the file.
Seconds ruled(const Profile &profile, Seconds base, const Moment &holds)
{
    double factor = holds.factor;
    for (const std::string_view name : {holds.term, holds.phase}) {
        for (const During &rule : profile.during) {
            if (rule.name == name) {
                base = rule.ttl.value_or(base);
                factor *= rule.factor;
            }
        }
    }

    return scaled(base, factor);
}

// A profile that has a ttl leaves what the origin decides alone.
bool has_rules(const Policy &policy, bool by_profile)
{
    return policy.schedule != nullptr && (by_profile || !own_ttl(policy));
}

// No rule makes it shorter than this.
Seconds least_ruled(const Policy &policy, Seconds base)
{
    double factor = policy.schedule->least_factor();
    for (const During &rule : policy.profile->during) {
        base = std::min(base, rule.ttl.value_or(base));
        factor *= std::min(rule.factor, 1.0);
    }

    return scaled(base, factor);
}

bool holds_in(const Profile &profile, const Moment &moment)
{
    return std::any_of(profile.during.begin(), profile.during.end(), [&](const During &rule) {
        return rule.hold && rule.name == moment.phase;
    });
}

// The first moment at which the rules that hold then let a response of that age
// live no longer; rules that lengthen count only where it is stored.
Time ruled_expiry(const Policy &policy, Seconds base, Seconds age, Time now)
{
    const Profile &profile = *policy.profile;
    const Time end = now + ruled(profile, base, policy.schedule->at(now)) - age;
    const Seconds least = least_ruled(policy, base);
    if (least >= base) {
        return end;
    }

    Time t = std::max(now, now + least - age);
    for (int i = 0; t < end && i < farthest_look; i++) {
        const Moment moment = policy.schedule->at(t);
        const Seconds limit = ruled(profile, base, moment);
        const Time due = std::max(t, now + limit - age);
        if (limit < base && due < moment.until) {
            return std::min(due, end);
        }
        t = moment.until;
    }

    return std::min(t, end);
}

// The first moment outside held phases from t on, later than `farthest` if there
// is none before.
Time end_of_hold(const Policy &policy, Time t, Time farthest)
{
    while (t <= farthest) {
        const Moment moment = policy.schedule->at(t);
        if (!holds_in(*policy.profile, moment)) {
            break;
        }
        t = moment.until;
    }

    return t;
}

// An expiry that would fall into a held phase moves past it.
Time held(const Policy &policy, Time now, Time expiry, Time farthest, double random)
{
    if (!holds_in(*policy.profile, policy.schedule->at(expiry))) {
        return expiry;
    }

    const Time end = end_of_hold(policy, expiry, farthest);

    // the hour after, as far as nothing is held in it
    Time room = end;
    while (room < end + spread_after_hold) {
        const Moment moment = policy.schedule->at(room);
        if (holds_in(*policy.profile, moment)) {
            break;
        }
        room = std::min(moment.until, end + spread_after_hold);
    }
    const Time moved = end + static_cast<Seconds>(random * static_cast<double>(room - end));
    if (moved <= farthest) {
        return moved;
    }

    // too late: at the last free moment before
    Time last = now;
    for (Time t = now; t <= farthest;) {
        const Moment moment = policy.schedule->at(t);
        if (!holds_in(*policy.profile, moment)) {
            last = std::min(moment.until - 1, farthest);
        }
        t = moment.until;
    }
    return last;
}

// By the profile, else by the origin; never together past the retention.
void grant_stale(const Policy &policy, const CacheControl &said, Lifetime &life)
{
    const Profile &profile = *policy.profile;
    if (profile.must_revalidate || said.must_revalidate) {
        return;
    }

    const Seconds room = policy.retention - life.ttl;
    const auto window = [&](Seconds own, std::optional<Seconds> told) {
        return std::min(own > 0 ? own : told.value_or(0), room);
    };
    life.stale_while_revalidate =
        window(profile.stale_while_revalidate, said.stale_while_revalidate);
    life.stale_if_error = window(profile.stale_if_error, said.stale_if_error);
}

}  // namespace

bool decided_by_profile(const Policy &policy, const Answer &answer)
{
    const CacheControl &said = answer.control;

    return own_ttl(policy) && is_result(answer)
           && !said.forbids() && !said.says_zero() && !answer.accel_expires && !answer.sets_cookie
           && may_answer_authorized(policy, said.is_public);
}

bool never_stored(const Policy &policy)
{
    return (policy.profile->visibility == Visibility::one_user && !policy.per_user)
           || own_ttl(policy) == Seconds{0};
}

Lifetime lifetime(const Policy &policy, const Answer &answer, Time now, double random)
{
    const Profile &profile = *policy.profile;
    const CacheControl &said = answer.control;

    Lifetime out;
    out.by_profile = decided_by_profile(policy, answer);
    out.verdict = never_stored(policy) ? Verdict::refuse : Verdict::keep;

    if (!out.by_profile) {
        const bool allowed = said.is_public || said.must_revalidate || said.s_maxage;
        const bool forbids = said.forbids() && !answer.accel_expires;    // which is before all others
        if (forbids || answer.sets_cookie || !may_answer_authorized(policy, allowed)
            || out.verdict == Verdict::refuse)
        {
            return {};
        }
        if (answer.accel_expires) {
            out.verdict = Verdict::as_nginx_says;
            return out;
        }
        if (answer.status >= 400 && own_ttl(policy)) {
            out.verdict = Verdict::as_configured;
            return out;
        }
    }

    const auto base = base_ttl(policy, answer, out.by_profile);
    if (!base) {
        out.verdict = Verdict::as_configured;
        if (answer.status < 400) {
            grant_stale(policy, said, out);
        }
        return out;
    }

    // the stale windows may take half of the retention from the lifetime
    const Seconds windows = std::min(profile.stale_window(), policy.retention / 2);
    const Time farthest = now + policy.retention - windows;

    const bool rules = has_rules(policy, out.by_profile);
    const Time due = std::min(rules ? ruled_expiry(policy, *base, answer.age, now)
                                    : now + *base - answer.age, farthest);
    const Seconds shortened =
        due - now - static_cast<Seconds>(static_cast<double>(due - now) * profile.jitter * random);
    if (due <= now || shortened <= 0) {
        out.verdict = Verdict::refuse;
        return out;
    }

    out.ttl = rules ? held(policy, now, now + shortened, farthest, random) - now : shortened;
    if (out.ttl <= 0) {
        out.verdict = Verdict::refuse;
        out.ttl = 0;
        return out;
    }

    grant_stale(policy, said, out);
    return out;
}

bool may_cut_short(const Profile &profile, const Moment &holds)
{
    return holds.factor < 1
           || std::any_of(profile.during.begin(), profile.during.end(), [&](const During &rule) {
                  return (rule.ttl || rule.factor < 1)
                         && (rule.name == holds.phase || rule.name == holds.term);
              });
}

bool cut_short(const Policy &policy, const Answer &answer, const Moment &holds, Time stored,
               Time now)
{
    if (!may_cut_short(*policy.profile, holds)) {
        return false;
    }

    const bool by_profile = decided_by_profile(policy, answer);
    if (!has_rules(policy, by_profile)) {
        return false;
    }

    const auto base = answer.accel_expires ? std::nullopt : base_ttl(policy, answer, by_profile);
    if (!base || *base <= 0) {
        return false;
    }

    const Seconds limit = ruled(*policy.profile, *base, holds);
    return limit < *base && now - stored + answer.age >= limit
           && !holds_in(*policy.profile, holds);
}

ClientControl client_control(const Profile &profile, const CacheControl &origin, Seconds age,
                             const Lifetime &rest)
{
    const Seconds longest = profile.browser_ttl.value_or(std::max(
        {rest.ttl, rest.stale_while_revalidate, rest.stale_if_error, Seconds{0}}));

    ClientControl control;
    control.visibility = profile.visibility;
    control.age = age;
    control.fresh = std::clamp<Seconds>(rest.ttl, 0, longest);
    control.stale_while_revalidate = std::min(rest.stale_while_revalidate, longest);
    control.stale_if_error = std::min(rest.stale_if_error, longest);
    control.immutable = profile.immutable;
    control.must_revalidate = profile.must_revalidate || origin.must_revalidate;
    return control;
}

}  // namespace cdn::ttl

#include "ngx/ttl_choice.h"

#include "ngx/bridge.h"
#include "ngx/request_local.h"
#include "ngx/zone.h"

namespace cdn {

namespace {

constexpr std::size_t most_unknown_names = 64;

std::string_view evaluate(ngx_http_request_t *r, ngx_http_complex_value_t *value)
{
    ngx_str_t text{};
    if (value == nullptr || ngx_http_complex_value(r, value, &text) != NGX_OK) {
        return {};
    }

    return view(text);
}

// Says so once per worker and name.
void note_unknown(ngx_http_request_t *r, std::string_view what, std::string_view name)
{
    auto &known = main_conf(r).ttl->unknown;
    std::string entry = std::string(what) + ' ' + std::string(name);
    if (known.size() >= most_unknown_names
        || std::find(known.begin(), known.end(), entry) != known.end())
    {
        return;
    }

    known.push_back(std::move(entry));
    const std::string shown = std::string(what) + " \"" + printable(name) + '"';
    const ngx_str_t text = borrow(shown);
    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0, "cdn ttl: unknown %V", &text);
}

const ttl::Profile *choose_profile(ngx_http_request_t *r, TtlRule &rule, TtlNotes &notes)
{
    const TtlMain &main = *main_conf(r).ttl;
    if (rule.fixed_profile != nullptr) {
        return rule.fixed_profile;
    }

    notes.auto_was_read = false;
    const auto name = evaluate(r, &rule.profile);
    if (const ttl::Profile *profile = main.profile(name)) {
        return profile;
    }

    // a typo must never make private things public
    if (!name.empty() && name != "off") {
        note_unknown(r, "profile", name);
        auto z = zone(main_conf(r));
        if (z && !notes.unknown_is_counted) {
            notes.unknown_is_counted = true;
            z->counters.add(status::Metric::unknown_profile, {});
        }
    }
    return main.profile(ttl::origin_profile);
}

LiveSchedule *choose_schedule(ngx_http_request_t *r, TtlRule &rule)
{
    if (rule.schedule == nullptr || rule.fixed_schedule != nullptr) {
        return rule.fixed_schedule;
    }

    const auto name = evaluate(r, rule.schedule);
    LiveSchedule *schedule = main_conf(r).ttl->schedule(name);
    if (schedule == nullptr && !name.empty()) {
        note_unknown(r, "schedule", name);
    }

    return schedule;
}

TtlChoice choose(ngx_http_request_t *r, TtlNotes &notes)
{
    TtlRule &rule = *loc_conf(r).ttl.rule;

    TtlChoice choice;
    choice.policy.profile = choose_profile(r, rule, notes);
    choice.policy.by_content = notes.auto_was_read;
    choice.schedule = choose_schedule(r, rule);
    choice.policy.schedule = choice.schedule != nullptr ? &choice.schedule->schedule() : nullptr;
    choice.policy.role = evaluate(r, rule.role);
    choice.policy.per_user = !evaluate(r, rule.per_user).empty();
    choice.policy.authorized = r->headers_in.authorization != nullptr;
    choice.policy.retention = purge_retention(main_conf(r));
    return choice;
}

// For variables, which may be read before what they depend on is settled.
std::optional<TtlChoice> look(ngx_http_request_t *r)
{
    const TtlConf &conf = loc_conf(r).ttl;
    if (!conf.in_force()) {
        return std::nullopt;
    }

    TtlNotes &notes = local<TtlNotes>(r);
    return notes.rule == conf.rule ? notes.choice : choose(r, notes);
}

}  // namespace

const TtlChoice *settle_ttl(ngx_http_request_t *r)
{
    const TtlConf &conf = loc_conf(r).ttl;
    if (!conf.in_force()) {
        return nullptr;
    }

    TtlNotes &notes = local<TtlNotes>(r);
    if (notes.rule != conf.rule) {
        notes.choice = choose(r, notes);
        notes.rule = conf.rule;
    }
    return &notes.choice;
}

std::optional<std::string> decided_ttl(ngx_http_request_t *r)
{
    const TtlNotes *notes = find_local<TtlNotes>(r);
    return notes != nullptr && notes->decided ? std::optional(std::to_string(*notes->decided))
                                              : std::nullopt;
}

std::string_view ttl_profile_in(ngx_http_request_t *r, const TtlConf &conf)
{
    return choose_profile(r, *conf.rule, local<TtlNotes>(r))->name;
}

std::optional<std::string> ttl_profile(ngx_http_request_t *r)
{
    const auto choice = look(r);
    return choice ? std::optional(choice->policy.profile->name) : std::nullopt;
}

std::optional<std::string> schedule_phase(ngx_http_request_t *r)
{
    const auto choice = look(r);
    return choice && choice->schedule != nullptr
               ? std::optional(std::string(choice->schedule->at(ngx_time()).phase)) : std::nullopt;
}

std::optional<std::string> schedule_term(ngx_http_request_t *r)
{
    const auto choice = look(r);
    return choice && choice->schedule != nullptr
               ? std::optional(std::string(choice->schedule->at(ngx_time()).term)) : std::nullopt;
}

std::optional<std::string> ttl_auto(ngx_http_request_t *r)
{
    if (loc_conf(r).ttl.in_force()) {
        local<TtlNotes>(r).auto_was_read = true;
    }

    return std::string(ttl::profile_for_path(view(r->uri)));
}

}  // namespace cdn

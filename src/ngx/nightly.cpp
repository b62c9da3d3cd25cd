#include "ngx/nightly.h"

#include "core/hash.h"
#include "ngx/setters.h"

namespace cdn {

namespace {

constexpr std::size_t  longest_name = 40;              // an id has 64
constexpr ttl::Seconds patience = 3600;

std::optional<Error> add_line(NightlyRule &rule, const std::vector<std::string_view> &line)
{
    const auto key = line[0];
    const auto n = line.size() - 1;

    if (std::optional<Error> error; rule.take(line, error)) {
        return error;
    }
    if (key == "mode" && n == 1) {
        const auto mode = purge::parse_mode(line[1]);
        if (!mode) {
            return bad_request("the mode is soft or hard, not \"" + printable(line[1]) + '"');
        }
        rule.mode = *mode;
        return std::nullopt;
    }
    if (key == "purge" && n > 0) {
        for (const auto word : std::span(line).subspan(1)) {
            auto target = purge::parse_target_word(word);
            if (!target) {
                return target.error();
            }
            rule.targets.push_back(std::move(*target));
        }
        return std::nullopt;
    }

    return bad_request('"' + printable(key) + "\" is not a line of it, or has too few or too many words: "
                       "it has \"schedule NAME\", \"at HH:MM [DAYS]\" or \"at PHASE [DAYS]\", \"every TIME\", "
                       "\"purge TARGET ...\" and \"mode soft|hard\"");
}

std::optional<Error> incomplete(const NightlyRule &rule)
{
    if (rule.schedule_name.empty()) {
        return bad_request("needs a \"schedule\", like us_east");
    }
    if (rule.times.empty()) {
        return bad_request("needs a time: \"at 02:00\" or \"every 4h\"");
    }
    if (rule.targets.empty()) {
        return bad_request("needs something to purge: \"purge TARGET\"");
    }
    return std::nullopt;
}

std::string subject(const NightlyRule &rule)
{
    return rule.name.empty() ? "cdn_nightly" : "cdn_nightly " + printable(rule.name);
}

// "20261109T0200"
std::string compact(ttl::WallClock clock)
{
    std::string text = ttl::print_wall_clock(clock);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    text[text.find(' ')] = 'T';
    return text;
}

}  // namespace

// cdn_nightly [NAME] { }
char *set_nightly(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &main = *static_cast<MainConf *>(data);
        NightlyRule rule;

        const auto all = words(cf);
        if (all.size() > 1) {
            rule.name = all[1];
            rule.key = rule.name;
            if (!purge::is_name(rule.name) || rule.name.size() > longest_name) {
                return complain(cf, subject(rule), "a name has 1 to 40 of A-Z a-z 0-9 . _ -");
            }
            for (const NightlyRule &other : main.nightly->rules) {
                if (other.key == rule.key) {
                    return complain(cf, subject(rule), "is duplicate");
                }
            }
        }

        std::string text;
        char *result = read_block(cf, subject(rule), [&](const std::vector<std::string_view> &line) {
            for (const auto word : line) {
                text.append(word) += ' ';
            }
            return add_line(rule, line);
        });
        if (result != NGX_CONF_OK) {
            return result;
        }
        if (const auto error = incomplete(rule)) {
            return complain(cf, subject(rule), error->message);
        }
        if (rule.name.empty()) {
            // alike on edges that have the same block, wherever it stands
            char key[17];
            std::snprintf(key, sizeof(key), "%016llx", static_cast<unsigned long long>(hash(text)));
            rule.key = key;
            rule.name = rule.schedule_name;
        }

        main.nightly->rules.push_back(std::move(rule));
        main.purges = true;
        return NGX_CONF_OK;
    });
}

bool check_nightly(ngx_conf_t *cf, MainConf &main)
{
    for (NightlyRule &rule : main.nightly->rules) {
        if (const auto error = rule.find_schedule(main)) {
            complain(cf, subject(rule), error->message);
            return false;
        }

        auto targets = main.purge_expansion->expand(std::move(rule.targets));
        if (!targets) {
            complain(cf, subject(rule), targets.error().message);
            return false;
        }
        rule.targets = std::move(*targets);
    }

    return true;
}

std::vector<purge::Purge> nightly_purges(const MainConf &main, ttl::Time since, ttl::Time now, ngx_log_t *log)
{
    std::vector<purge::Purge> purges;

    for (const NightlyRule &rule : main.nightly->rules) {
        const auto [due, skipped] = ttl::look(*rule.schedule, rule.times, since, now, patience);
        if (skipped) {
            ngx_log_error(NGX_LOG_WARN, log, 0,
                          "cdn nightly: \"%s\" was due at %s in %s, over an hour ago: skipped until its next time",
                          rule.name.c_str(), ttl::print_wall_clock(skipped->clock).c_str(),
                          rule.schedule_name.c_str());
        }
        if (!due) {
            continue;
        }

        purge::Purge purge;
        purge.id = "nightly-" + rule.key + '-' + compact(due->clock);
        purge.targets = rule.targets;
        purge.mode = rule.mode;
        purge.reason = "due at " + ttl::print_wall_clock(due->clock) + " in " + rule.schedule_name;
        purge.source = "nightly";
        purge.who = "nightly " + rule.name;
        purge.node = view(main.node);
        purges.push_back(std::move(purge));
    }

    return purges;
}

}  // namespace cdn

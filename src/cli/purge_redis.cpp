#include "cli/command.h"
#include "cli/purge_place.h"
#include "cli/secret.h"
#include "core/json.h"
#include "core/redis.h"
#include "core/text.h"
#include "purge/fleet.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

namespace cdn::cli {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::int64_t unix_ms()
{
    return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// For receipts and logs: "ngx-cdn, alice on host".
std::string who()
{
    const passwd *user = getpwuid(getuid());
    char          host[256] = "";
    gethostname(host, sizeof(host) - 1);
    return ("ngx-cdn, " + std::string(user != nullptr ? user->pw_name : std::to_string(getuid())) + " on " + host).substr(0, 256);
}

RedisSettings settings_of(const PurgePlace &place)
{
    RedisSettings settings;
    const char   *from_environment = std::getenv("NGX_CDN_REDIS");
    for (const std::string &url : place.redis) {
        if (url.find('@') != url.npos && (from_environment == nullptr || url != from_environment)) {
            throw Failure(Exit::usage, "a password in --redis would be seen by whoever lists processes: use --password "
                                       "file:NAME, or put the URL into NGX_CDN_REDIS");
        }
        if (const auto error = add_redis_url(settings, url)) {
            throw Failure(Exit::usage, "--redis: " + error->message);
        }
    }
    if (!place.password.empty()) {
        settings.password = read_token("--password", place.password, "");
    }
    if (place.name_space.empty() || place.name_space.find_first_of("{}") != place.name_space.npos) {
        throw Failure(Exit::usage, "--namespace is a text without braces");
    }
    settings.sentinel = place.sentinel;
    settings.name_space = place.name_space;
    return settings;
}

class FleetRedis : public PurgeTaker {
public:
    explicit FleetRedis(const PurgePlace &place)
        : settings_(settings_of(place)), keys_(settings_.name_space), redis_(settings_, steady_clock::now() + milliseconds(place.patience_ms))
    {
        if (!redis_) {
            fail();
        }
        if (const auto nodes = run({"HLEN", keys_.nodes}); nodes->integer == 0) {
            throw Failure(Exit::refused, "no edge has ever used this Redis with the namespace \"" + printable(settings_.name_space) + '"');
        }
    }

    json submit(const json &body, const std::string &wait) override
    {
        if (body.contains("event")) {
            throw Failure(Exit::usage, "--event needs --to: events are configured at the edges");
        }
        const std::string text = print_json(body);
        const std::string query = wait.empty() ? "" : "wait=" + wait;
        purge::Call       call{.method = "POST", .query = query, .body = text};
        auto              understood = purge::understand(call, purge::Expansion(), unix_ms());
        if (!understood) {
            throw Failure(Exit::usage, understood.error().message);
        }

        const auto submit = std::get<purge::Submit>(std::move(understood->action));
        purge::Standing standing;
        standing.purge = submit.purge;
        purge::Purge &purge = standing.purge;
        std::random_device random;
        purge.id = purge::make_id(unix_ms(), random());
        purge.source = "ngx-cdn";
        purge.who = who();
        purge.node = "ngx-cdn";                        // of no edge's: each takes it as another one's

        if (purge.at_ms) {
            run(purge::schedule_command(keys_, purge.id, *purge.at_ms, purge::print_purge(purge)));
            standing.status = purge::Status::scheduled;
        } else {
            purge.time_ms = unix_ms();
            const auto taken = run(purge::publish_command(keys_, purge.id, purge::print_purge(purge)));
            if (taken->type == REDIS_REPLY_ARRAY && taken->elements == 2) {
                purge.time_ms = parse_digits(reply_text(taken->element[1])).value_or(purge.time_ms);
            }
            wait_for(standing, milliseconds(submit.wait_ms));
        }
        return json::parse(purge::accepted(purge::Dialect::native, standing).body);
    }

    json list(int limit) override
    {
        std::vector<purge::Standing> standings;
        for (const auto &[id, text] : reply_pairs(run({"HGETALL", keys_.to_come}).get())) {
            add(standings, text, 0);
        }
        const auto entries = run({"XREVRANGE", keys_.purges, "+", "-", "COUNT", std::to_string(limit)});
        for (std::size_t i = 0; i < entries->elements; i++) {
            add(standings, entries->element[i]);
        }
        standings.resize(std::min(standings.size(), static_cast<std::size_t>(limit)));
        return json::parse(purge::listed(standings).body);
    }

    json show(const std::string &id) override
    {
        purge::Standing standing = find(id);
        standing.edges = receipts(id).edges;
        return json::parse(purge::shown(standing).body);
    }

    json cancel(const std::string &id) override
    {
        purge::Standing standing = find(id);
        if (standing.status != purge::Status::scheduled || reply_text(run(purge::cancel_command(keys_, id)).get()).empty()) {
            throw Failure(Exit::refused, "the purge is not one to come any more: it is applied");
        }
        standing.cancelled = true;
        return json::parse(purge::cancelled(standing).body);
    }

private:
    [[noreturn]] void fail()
    {
        const std::string &problem = redis_.problem();
        const bool answered = problem.starts_with("WRONGPASS") || problem.starts_with("NO") || problem.starts_with("ERR")
                              || problem.starts_with("READONLY") || problem.starts_with("this ") || problem.starts_with("the ");
        throw Failure(answered && problem != "no answer" ? Exit::refused : Exit::unreachable, "Redis: " + printable(problem));
    }

    RedisReply run(const purge::RedisCommand &command)
    {
        RedisReply reply = redis_.run(command);
        if (!reply) {
            fail();
        }
        return reply;
    }

    purge::Receipts receipts(const std::string &id)
    {
        const auto applied = run({"HGETALL", keys_.receipts + id});
        const auto nodes = run({"HGETALL", keys_.nodes});
        const auto time = run({"TIME"});
        const bool told = time->type == REDIS_REPLY_ARRAY && time->elements == 2;
        const std::int64_t now = told ? parse_digits(reply_text(time->element[0])).value_or(0) * 1000 : unix_ms();
        return purge::read_receipts(reply_pairs(nodes.get()), reply_pairs(applied.get()), now);
    }

    void wait_for(purge::Standing &standing, milliseconds patience)
    {
        const auto until = steady_clock::now() + patience;
        while (patience.count() > 0) {
            const auto known = receipts(standing.purge.id);
            standing.edges = known.edges;
            standing.missing = known.missing;
            if (known.missing.empty() || steady_clock::now() >= until) {
                return;
            }
            std::this_thread::sleep_for(milliseconds(20));
        }
    }

    static void add(std::vector<purge::Standing> &standings, std::string_view text, std::int64_t time_ms)
    {
        if (auto purge = purge::parse_purge(text)) {
            purge::Standing &standing = standings.emplace_back();
            standing.purge = std::move(*purge);
            standing.purge.time_ms = time_ms;
            standing.status = time_ms > 0 ? purge::Status::applied : purge::Status::scheduled;
        }
    }

    static void add(std::vector<purge::Standing> &standings, const redisReply *item)
    {
        if (item->type != REDIS_REPLY_ARRAY || item->elements != 2) {
            return;
        }
        if (const auto entry = purge::parse_entry(reply_text(item->element[0]), reply_pairs(item->element[1]))) {
            add(standings, entry->purge, entry->time_ms);
        }
    }

    // Among those to come, and the stream's latest.
    purge::Standing find(const std::string &id)
    {
        std::vector<purge::Standing> standings;
        if (const auto to_come = run({"HGET", keys_.to_come, id}); to_come->type == REDIS_REPLY_STRING) {
            add(standings, reply_text(to_come.get()), 0);
        } else {
            const auto entries = run({"XREVRANGE", keys_.purges, "+", "-", "COUNT", "10000"});
            for (std::size_t i = 0; i < entries->elements; i++) {
                add(standings, entries->element[i]);
            }
        }
        const auto found = std::find_if(standings.begin(), standings.end(), [&](const purge::Standing &s) { return s.purge.id == id; });
        if (found == standings.end()) {
            throw Failure(Exit::refused, "no such purge: \"" + printable(id) + '"');
        }
        return std::move(*found);
    }

    RedisSettings    settings_;
    purge::FleetKeys keys_;
    BlockingRedis    redis_;
};

}  // namespace

std::unique_ptr<PurgeTaker> fleet_redis(const PurgePlace &place)
{
    return std::make_unique<FleetRedis>(place);
}

}  // namespace cdn::cli

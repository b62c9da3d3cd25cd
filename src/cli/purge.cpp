// ngx-cdn purge: what is cached is stale, or gone, at one edge or a whole fleet.

#include "cli/command.h"
#include "cli/input.h"
#include "cli/purge_place.h"
#include "cli/status_json.h"
#include "cli/terminal.h"
#include "core/json.h"
#include "core/text.h"
#include "purge/api.h"
#include "warm/variants.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

namespace cdn::cli {

namespace {

using nlohmann::json;

struct Options {
    PurgePlace               place;
    bool                     print_json = false;

    std::vector<std::string> tags, urls, prefixes, patterns;
    bool                     everything = false;
    std::string              file;
    std::string              event;
    std::vector<std::string> data;
    bool                     soft = false;
    bool                     hard = false;
    std::string              at;
    std::string              strategy;
    std::optional<int>       batch;
    std::optional<double>    delay;
    std::vector<std::string> regions;
    std::string              reason;
    std::string              wait;
    bool                     yes = false;

    std::string              id;
    int                      limit = 20;
};

// What is said beats the environment.
std::unique_ptr<PurgeTaker> taker(const Options &options, std::int64_t wait_ms = 0)
{
    PurgePlace place = options.place;
    place.patience_ms += wait_ms;
    if (place.redis.empty() && place.to.empty()) {
        if (const char *url = std::getenv("NGX_CDN_PURGE_URL")) {
            place.to = url;
        } else if (const char *redis = std::getenv("NGX_CDN_REDIS")) {
            place.redis.assign(1, redis);
        } else {
            throw Failure(Exit::usage, "where to? --to http://HOST/cdn/purge (or NGX_CDN_PURGE_URL), or --redis URL (or NGX_CDN_REDIS)");
        }
    }
    if (!place.redis.empty() && !place.to.empty()) {
        throw Failure(Exit::usage, "a purge goes to one place: --to or --redis");
    }
    return place.redis.empty() ? edge_endpoint(place) : fleet_redis(place);
}

// "prefix:/a/" and the like, a line each.
void add_lines(json &body, const std::string &file)
{
    for (const std::string &line : warm::read_list(read_all(file))) {
        const auto word = purge::split_target_word(line);
        const char *list = word.kind == purge::Kind::tag       ? "tags"
                           : word.kind == purge::Kind::url     ? "urls"
                           : word.kind == purge::Kind::prefix  ? "prefixes"
                           : word.kind == purge::Kind::pattern ? "patterns"
                                                               : nullptr;
        if (list == nullptr) {
            body["everything"] = true;
        } else {
            body[list].push_back(valid_utf8(word.text));
        }
    }
}

// The call's body; README, "Purge calls".
json body_of(const Options &options)
{
    json body = json::object();
    if (!options.file.empty()) {
        add_lines(body, options.file);
    }
    const auto add = [&](const char *name, const std::vector<std::string> &list) {
        for (const std::string &one : list) {
            body[name].push_back(one);
        }
    };
    add("tags", options.tags);
    add("urls", options.urls);
    add("prefixes", options.prefixes);
    add("patterns", options.patterns);
    add("regions", options.regions);

    const auto put = [&](const char *name, const std::string &value) {
        if (!value.empty()) {
            body[name] = value;
        }
    };
    put("event", options.event);
    put("at", options.at);
    put("strategy", options.strategy);
    put("reason", options.reason);
    if (options.everything) {
        body["everything"] = true;
    }
    if (options.hard) {
        body["mode"] = "hard";
    }
    if (options.batch) {
        body["batch"] = *options.batch;
    }
    if (options.delay) {
        body["delay"] = *options.delay;
    }
    for (const std::string &pair : options.data) {
        const auto [name, value, has_value] = cut(pair, '=');
        if (!has_value || name.empty()) {
            throw Failure(Exit::usage, "--data is NAME=VALUE, not \"" + printable(pair) + '"');
        }
        body["data"][std::string(name)] = std::string(value);
    }
    return body;
}

// By the rules of the endpoint, before anything is sent; what an event stands for only the
// edge knows.
purge::Submit check(json body, const std::string &wait)
{
    if (body.contains("event")) {
        body.erase("event");
        body.erase("data");
        body["tags"].push_back("event");
    }
    const std::string text = print_json(body);
    const std::string query = wait.empty() ? "" : "wait=" + wait;
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch()).count();
    auto understood = purge::understand({.method = "POST", .query = query, .body = text}, purge::Expansion(), now);
    if (!understood) {
        throw Failure(Exit::usage, understood.error().message);
    }
    return std::get<purge::Submit>(std::move(understood->action));
}

bool is_everything(const purge::Target &target)
{
    const auto text = std::string_view(target.text);
    return target.kind == purge::Kind::everything || (target.kind == purge::Kind::prefix && text == "/")
           || (target.kind == purge::Kind::pattern && text.find_first_not_of("/*") == text.npos);
}

std::string mended(const json &value)
{
    return harmless(value.is_string() ? value.get_ref<const std::string &>() : json_text(value));
}

void print(const std::vector<std::string> &lines)
{
    for (const std::string &line : lines) {
        std::puts(line.c_str());
    }
}

// Who applied it, and when: a table.
void print_receipts(const json &answer)
{
    const auto start = number_at(answer, {"effective_at"}).value_or(0);

    Table table{{"NODE", "REGION", "APPLIED"}, {false, false, false}, {}};
    for (const json &edge : list_at(answer, {"edges"})) {
        const auto at = number_at(edge, {"applied_at"});
        const double ms = at ? std::max((*at - start) * 1000, 0.0) : 0;   // clocks of two machines
        table.rows.push_back({text_at(edge, {"node"}), text_at(edge, {"region"}),
                              !at ? "-" : ms < 10'000 ? "after " + number(ms) + " ms" : "after " + duration(ms / 1000)});
    }
    for (const json &node : list_at(answer, {"missing"})) {
        table.rows.push_back({mended(node), "", "not yet"});
    }
    if (!table.rows.empty()) {
        print(table.lines(look_of(STDOUT_FILENO).width, 0));
    }
}

void print_answer(const json &answer)
{
    const std::string status = text_at(answer, {"status"});
    const std::string when = clock_time(number_at(answer, {"effective_at"}).value_or(0));
    std::printf("%s %s%s %s\n", text_at(answer, {"id"}).c_str(), status.c_str(), status == "scheduled" ? " for" : " at", when.c_str());
    print_receipts(answer);
}

void submit(const Options &options)
{
    const json body = body_of(options);
    const auto checked = check(body, options.wait);
    const auto &targets = checked.purge.targets;
    if (!options.yes && std::any_of(targets.begin(), targets.end(), is_everything)
        && !confirm("this purges everything that is cached", "--yes"))
    {
        throw Failure(Exit::refused, "nothing is purged");
    }

    const json answer = taker(options, checked.wait_ms)->submit(body, options.wait);
    if (options.print_json) {
        std::puts(json_text(answer).c_str());
    } else {
        print_answer(answer);
    }
    std::fflush(stdout);

    const auto missing = list_at(answer, {"missing"});
    if (text_at(answer, {"status"}) == "pending") {
        const std::string line = "applied at this edge; the others follow when Redis answers again";
        if (!options.wait.empty()) {
            throw Failure(Exit::refused, line);
        }
        std::fprintf(stderr, "ngx-cdn: %s\n", line.c_str());
    } else if (missing.size() > 0) {
        throw Failure(Exit::refused, std::to_string(missing.size()) + " of " + std::to_string(missing.size() + list_at(answer, {"edges"}).size())
                                         + " edges did not apply it within " + printable(options.wait));
    }
}

void list(const Options &options)
{
    const json answer = taker(options)->list(options.limit);
    if (options.print_json) {
        std::puts(json_text(answer).c_str());
        return;
    }

    const Look look = look_of(STDOUT_FILENO);
    constexpr int room_for_all = 72;
    const bool narrow = look.terminal && look.width < room_for_all;
    Table table{{"ID", "STATUS", "WHEN", "MODE", "TARGETS"}, {false, false, false, false, false}, {}};
    if (narrow) {
        table = {{"ID", "STATUS", "TARGETS"}, {false, false, false}, {}};
    }
    for (const json &purge : list_at(answer, {"purges"})) {
        std::string what;
        for (const json &target : list_at(purge, {"targets"})) {
            what += (what.empty() ? "" : " ") + mended(target);
        }
        const auto shown = list_at(purge, {"targets"}).size();
        const auto count = number_at(purge, {"target_count"}).value_or(0);
        if (count > static_cast<double>(shown)) {
            what += " and " + number(count - static_cast<double>(shown)) + " more";
        }
        std::vector<std::string> row{text_at(purge, {"id"}), text_at(purge, {"status"})};
        if (!narrow) {
            row.push_back(clock_time(number_at(purge, {"effective_at"}).value_or(0)));
            row.push_back(text_at(purge, {"mode"}));
        }
        row.push_back(what);
        table.rows.push_back(std::move(row));
    }
    print(table.lines(look.terminal ? look.width : 10'000, table.titles.size() - 1));
}

void show(const Options &options)
{
    const json answer = taker(options)->show(options.id);
    if (options.print_json) {
        std::puts(json_text(answer).c_str());
        return;
    }

    print_answer(answer);
    for (const char *name : {"mode", "strategy", "reason", "source", "who"}) {
        if (const std::string value = text_at(answer, {name}); !value.empty()) {
            std::printf("%s: %s\n", name, value.c_str());
        }
    }
    for (const json &target : list_at(answer, {"targets"})) {
        std::printf("  %s\n", mended(target).c_str());
    }
}

void cancel(const Options &options)
{
    const json answer = taker(options)->cancel(options.id);
    if (options.print_json) {
        std::puts(json_text(answer).c_str());
    } else {
        std::printf("%s %s\n", text_at(answer, {"id"}).c_str(), text_at(answer, {"status"}).c_str());
    }
}

void add_place(CLI::App &app, Options &options)
{
    PurgePlace &place = options.place;
    app.add_option("--to", place.to, "the endpoint of an edge, as http://127.0.0.1/cdn/purge or http://unix:/run/nginx.sock:/cdn/purge [NGX_CDN_PURGE_URL]")->type_name("URL");
    app.add_option("--token", place.token, "its token: file:NAME or env:NAME [NGX_CDN_PURGE_TOKEN]")->type_name("PLACE");
    app.add_option("--cacert", place.ca_file, "PEM file of the authorities to trust, for https")->type_name("FILE");
    app.add_option("--redis", place.redis, "instead of an edge, the Redis of a fleet: redis://HOST:PORT/DB or unix:/PATH; several are tried in turn [NGX_CDN_REDIS]")->type_name("URL")
        ->expected(1)->take_all()->allow_extra_args(false);
    app.add_option("--password", place.password, "of Redis: file:NAME or env:NAME")->type_name("PLACE");
    app.add_option("--sentinel", place.sentinel, "the master's name: the URLs are sentinels")->type_name("NAME");
    app.add_option("--namespace", place.name_space, "as in cdn_redis")->type_name("NAME")->capture_default_str();
    app.add_flag("--json", options.print_json, "print the answer as it came");
}

}  // namespace

void add_purge(CLI::App &app)
{
    auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("purge", "Purges by tag, URL, prefix or pattern, at an edge or a whole fleet");
    add_place(*command, *options);

    const auto add_list = [&](const char *name, const char *type, std::vector<std::string> &list, const char *help) {
        command->add_option(name, list, help)->type_name(type)->expected(1)->take_all()->allow_extra_args(false)->group("What");
    };
    add_list("--tag", "TAG", options->tags, "a tag of responses; repeatable, as the next three");
    add_list("--url", "URL", options->urls, "/path?query of any host, or //host/path; an image source takes its variants along");
    add_list("--prefix", "PREFIX", options->prefixes, "all that begins with it");
    add_list("--pattern", "PATTERN", options->patterns, "* stands for anything");
    command->add_flag("--everything", options->everything, "all that is cached; asks, or needs --yes")->group("What");
    command->add_option("--targets", options->file, "a file of tag:X, url:X, prefix:X and pattern:X, a line each; - is standard input")->type_name("FILE")->group("What");
    command->add_option("--event", options->event, "a cdn_purge_event")->type_name("NAME")->group("What");
    add_list("--data", "NAME=VALUE", options->data, "of the event; repeatable");

    auto *soft = command->add_flag("--soft", options->soft, "what matches is stale: served while it is fetched anew (default)")->group("How");
    command->add_flag("--hard", options->hard, "what matches is gone")->excludes(soft)->group("How");
    command->add_option("--at", options->at, "later: Unix seconds or 2026-11-21T08:00:00Z")->type_name("TIME")->group("How");
    command->add_option("--strategy", options->strategy, "in which order edges apply it, as in the purge call; default: immediate")
        ->type_name("NAME")->check(CLI::IsMember({"immediate", "gradual", "smart"}))->group("How");
    command->add_option("--batch", options->batch, "edges at a time")->type_name("N")->group("How");
    command->add_option("--delay", options->delay, "seconds between batches")->type_name("SECONDS")->group("How");
    add_list("--region", "NAME", options->regions, "smart: first here; repeatable");
    command->get_option("--region")->group("How");
    command->add_option("--reason", options->reason, "kept and logged")->type_name("TEXT")->group("How");
    command->add_option("--wait", options->wait, "for the edges' receipts, as 5s; up to 30s")->type_name("TIME")->group("How");
    command->add_flag("--yes", options->yes, "do not ask")->group("How");

    command->footer("Examples:\n"
                    "  ngx-cdn purge --to http://127.0.0.1/cdn/purge --tag course-7 --wait 5s\n"
                    "  ngx-cdn purge --redis redis://10.0.0.5:6379/0 --prefix /news/ --hard\n"
                    "  ngx-cdn purge --event user-changed --data user_id=42\n"
                    "  ngx-cdn purge list\n\n"
                    "Exit codes: 0 done, 1 refused or not applied by all within --wait, 2 wrong use, 3 no answer.");

    command->require_subcommand(0, 1);
    CLI::App *list_command = command->add_subcommand("list", "The latest purges");
    list_command->add_option("--limit", options->limit, "how many")->type_name("N")->check(CLI::Range(1, 1000))->capture_default_str();
    CLI::App *show_command = command->add_subcommand("show", "One purge, and which edges applied it");
    CLI::App *cancel_command = command->add_subcommand("cancel", "Cancels a purge to come");
    for (CLI::App *one : {list_command, show_command, cancel_command}) {
        one->fallthrough();
        if (one != list_command) {
            one->add_option("ID", options->id, "as list has it")->required()->check([](const std::string &id) {
                return purge::is_name(id) ? std::string() : "that is no purge's id";
            });
        }
    }
    list_command->footer("Examples:\n  ngx-cdn purge list --limit 5");
    show_command->footer("Examples:\n  ngx-cdn purge show 01JD3V5RZC8Y2K-1");
    cancel_command->footer("Examples:\n  ngx-cdn purge cancel 01JD3V5RZC8Y2K-1");
    list_command->callback([options] { list(*options); });
    show_command->callback([options] { show(*options); });
    cancel_command->callback([options] { cancel(*options); });
    command->callback([options, command] {
        if (command->get_subcommands().empty()) {
            submit(*options);
        }
    });
}

}  // namespace cdn::cli

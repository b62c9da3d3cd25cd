#include "ngx/warm_conf.h"

#include "core/encoding.h"
#include "core/version.h"
#include "ngx/inherited_memory.h"
#include "ngx/setters.h"
#include "purge/purge.h"

#include <cstring>

#include <sys/random.h>
#include <unistd.h>

namespace cdn {

namespace {

constexpr std::string_view memory_name = "ngx_cdn_warm_1";

constexpr std::int64_t most_top = 2000;
constexpr std::int64_t most_at_once = 64;
constexpr std::int64_t most_rate = 10'000;
constexpr std::int64_t widest = 10'000;
constexpr std::size_t  most_accepts = 8;

// As browsers of these years ask for pictures.
constexpr char usual_accept[] = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
constexpr char usual_encoding[] = "gzip, deflate, br, zstd";

using Line = std::vector<std::string_view>;

Result<std::int64_t> number(const Line &line, std::int64_t most)
{
    const auto value = line.size() == 2 ? parse_digits(line[1]) : std::nullopt;
    if (!value || *value < 1 || *value > most) {
        return bad_request('"' + std::string(line[0]) + "\" is a whole number from 1 to " + std::to_string(most));
    }
    return *value;
}

std::optional<Error> add_list(ngx_conf_t *cf, WarmRule &rule, std::string_view text)
{
    ngx_str_t name = copy(cf->pool, text);
    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return Error{ErrorCode::internal, "no memory"};
    }
    if (access(reinterpret_cast<const char *>(name.data), R_OK) == -1) {
        return bad_request("cannot read \"" + std::string(view(name)) + '"');
    }
    rule.errand.lists.emplace_back(view(name));
    return std::nullopt;
}

std::optional<Error> add_header(WarmRule &rule, std::string_view name, std::string_view value)
{
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
    if (!is_header_name(name) || std::any_of(value.begin(), value.end(), is_control)) {
        return bad_request("not a header: \"" + printable(name) + "\" \"" + printable(value) + '"');
    }
    for (const std::string_view own : {"Connection", "Content-Length", "Transfer-Encoding", "Range", "X-CDN-Warm"}) {
        if (equal_ignoring_case(name, own)) {
            return bad_request("\"" + std::string(own) + "\" is not to be set");
        }
    }

    if (equal_ignoring_case(name, "Accept")) {
        if (rule.errand.accepts.size() == most_accepts) {
            return bad_request("has more than 8 \"header Accept\"");
        }
        rule.errand.accepts.emplace_back(value);
        return std::nullopt;
    }
    if (equal_ignoring_case(name, "Host")) {
        if (!rule.errand.host.empty()) {
            return bad_request("\"header Host\" is duplicate");
        }
        if (value.empty() || value.find_first_of("/@?# ") != value.npos) {
            return bad_request("not a host: \"" + printable(value) + '"');
        }
        rule.errand.host = lower(value);
        return std::nullopt;
    }
    for (const auto &[known, its] : rule.errand.headers) {
        if (equal_ignoring_case(known, name)) {
            return bad_request("\"header " + printable(name) + "\" is duplicate; only Accept may come several times");
        }
    }
    rule.errand.headers.emplace_back(name, value);
    return std::nullopt;
}

// http://HOST[:PORT], by address: names are looked up here and not by the thread.
std::optional<Error> set_via(ngx_conf_t *cf, WarmRule &rule, std::string_view url, std::string &host)
{
    const bool tls = url.starts_with("https://");
    if (!tls && !url.starts_with("http://")) {
        return bad_request("\"via\" is like http://127.0.0.1:80, not \"" + printable(url) + '"');
    }
    auto authority = url.substr(url.find("://") + 3);
    if (authority.ends_with('/')) {
        authority.remove_suffix(1);
    }

    ngx_url_t parsed{};
    parsed.url = copy(cf->pool, authority);
    parsed.default_port = tls ? 443 : 80;
    if (authority.find_first_of("/@?#") != authority.npos || authority.starts_with("unix:")
        || ngx_parse_url(cf->pool, &parsed) != NGX_OK || parsed.naddrs == 0)
    {
        return bad_request("\"via\" is like http://127.0.0.1:80, not \"" + printable(url) + "\""
                           + (parsed.err != nullptr ? std::string(": ") + parsed.err : ""));
    }

    const ngx_addr_t &address = parsed.addrs[0];
    u_char text[NGX_SOCKADDR_STRLEN];
    const std::size_t length = ngx_sock_ntop(address.sockaddr, address.socklen, text, sizeof(text), 1);
    rule.errand.scheme = tls ? "https" : "http";
    rule.errand.address = std::string(reinterpret_cast<char *>(text), length);
    // nobody else is on the way to this machine itself
    rule.errand.verifies = !rule.errand.address.starts_with("127.") && !rule.errand.address.starts_with("[::1]");
    host = authority;
    return std::nullopt;
}

std::optional<Error> add_line(ngx_conf_t *cf, WarmRule &rule, std::string &via_host, const Line &line)
{
    warm::Errand &errand = rule.errand;
    warm::Wishes &wishes = errand.wishes;
    const auto key = line[0];
    const auto n = line.size() - 1;

    const auto take = [&](std::int64_t most, auto &slot) -> std::optional<Error> {
        const auto value = number(line, most);
        if (!value) {
            return value.error();
        }
        slot = static_cast<std::remove_reference_t<decltype(slot)>>(*value);
        return std::nullopt;
    };

    if (std::optional<Error> error; rule.take(line, error)) {
        return error;
    }
    if (key == "urls" && n == 1) {
        return add_list(cf, rule, line[1]);
    }
    if (key == "top") {
        return take(most_top, rule.top);
    }
    if (key == "presets" && n > 0) {
        wishes.presets.insert(wishes.presets.end(), line.begin() + 1, line.end());
        return std::nullopt;
    }
    if (key == "widths" && n > 0) {
        for (const auto word : std::span(line).subspan(1)) {
            const auto width = parse_digits(word);
            if (!width || *width < 1 || *width > widest) {
                return bad_request("a width is a whole number from 1 to " + std::to_string(widest) + ": \""
                                   + printable(word) + '"');
            }
            wishes.widths.push_back(static_cast<int>(*width));
        }
        return std::nullopt;
    }
    if (key == "options" && n == 1) {
        if (line[1].find_first_of("/?#% ") != line[1].npos || line[1].find('=') == line[1].npos) {
            return bad_request("options are like quality=85,format=auto: \"" + printable(line[1]) + '"');
        }
        wishes.options = line[1];
        return std::nullopt;
    }
    if (key == "header" && n == 2) {
        return add_header(rule, line[1], line[2]);
    }
    if (key == "concurrency") {
        return take(most_at_once, errand.concurrency);
    }
    if (key == "rate") {
        return take(most_rate, errand.rate);
    }
    if (key == "via" && n == 1) {
        if (!errand.address.empty()) {
            return bad_request("\"via\" is duplicate");
        }
        return set_via(cf, rule, line[1], via_host);
    }

    return bad_request('"' + printable(key) + "\" is not a line of it, or has too few or too many words: it has "
                       "\"schedule NAME\", \"at HH:MM [DAYS]\" or \"at PHASE [DAYS]\", \"every TIME\", \"urls FILE\", "
                       "\"top N\", \"presets NAME ...\", \"widths N ...\", \"options KEY=VALUE,...\", \"header NAME VALUE\", "
                       "\"concurrency N\", \"rate N\" and \"via URL\"");
}

// What was not said.
std::optional<Error> complete(ngx_conf_t *cf, WarmRule &rule, std::string &via_host)
{
    warm::Errand &errand = rule.errand;
    if (rule.schedule_name.empty()) {
        return bad_request("needs a \"schedule\", like us_east");
    }
    if (rule.times.empty()) {
        return bad_request("needs a time: \"at 07:00\" or \"at pre_school\"");
    }
    if (errand.lists.empty() && rule.top == 0) {
        return bad_request("needs something to fetch: \"urls FILE\" or \"top N\"");
    }
    if (errand.address.empty()) {
        if (auto error = set_via(cf, rule, "http://127.0.0.1:80", via_host)) {
            return error;
        }
    }

    if (errand.host.empty()) {
        errand.host = via_host;
    }
    if (errand.accepts.empty()) {
        errand.accepts.emplace_back(usual_accept);
    }
    errand.wishes.accepts = errand.accepts.size();
    if (errand.wishes.options.empty()) {
        errand.wishes.options = "quality=85";
    }

    const auto add_unless_set = [&](std::string_view name, std::string_view value) {
        const bool set = std::any_of(errand.headers.begin(), errand.headers.end(),
                                     [&](const auto &header) { return equal_ignoring_case(header.first, name); });
        if (!set) {
            errand.headers.emplace_back(name, value);
        }
    };
    add_unless_set("Accept-Encoding", usual_encoding);
    add_unless_set("User-Agent", std::string("ngx_cdn-warm/") + version);
    return std::nullopt;
}

std::string subject(const WarmRule &rule)
{
    return "cdn_warm " + printable(rule.name);
}

bool open_memory(ngx_conf_t *cf, WarmMain &warm)
{
    warm.memory = static_cast<WarmMemory *>(inherited_memory(cf->log, memory_name, sizeof(WarmMemory)));
    if (warm.memory == nullptr) {
        return false;
    }
    if (!warm.memory->has_secret) {
        char bytes[sizeof(WarmMemory::secret) / 2];
        if (getrandom(bytes, sizeof(bytes), 0) != static_cast<ssize_t>(sizeof(bytes))) {
            return false;
        }
        hex({bytes, sizeof(bytes)}).copy(warm.memory->secret, sizeof(WarmMemory::secret));
        warm.memory->has_secret = true;
    }
    return true;
}

// The rule's own place, or one that no rule has and that is not at work.
warm::Progress *place_for(const WarmMain &warm, const WarmRule &rule)
{
    auto &runs = warm.memory->runs;
    const auto own = std::find_if(std::begin(runs), std::end(runs),
                                  [&](const warm::Progress &run) { return rule.name == run.name; });
    if (own != std::end(runs)) {
        return own;
    }

    const auto is_taken = [&](const warm::Progress &run) {
        return std::any_of(warm.rules.begin(), warm.rules.end(),
                           [&](const WarmRule &other) { return other.name == run.name; });
    };
    auto place = std::find_if(std::begin(runs), std::end(runs),
                              [](const warm::Progress &run) { return run.name[0] == '\0'; });
    if (place == std::end(runs)) {
        place = std::find_if(std::begin(runs), std::end(runs), [&](const warm::Progress &run) {
            return run.stage == warm::Stage::idle && !is_taken(run);
        });
    }
    if (place == std::end(runs)) {
        return nullptr;
    }

    std::memset(static_cast<void *>(place), 0, sizeof(*place));
    rule.name.copy(place->name, sizeof(place->name) - 1);
    return place;
}

}  // namespace

// cdn_warm NAME { }
char *set_warm(ngx_conf_t *cf, ngx_command_t *, void *data) noexcept
{
    return guarded(cf->log, failed, [&]() -> char * {
        auto &main = *static_cast<MainConf *>(data);
        WarmRule rule;
        rule.name = words(cf)[1];

        if (!purge::is_name(rule.name) || rule.name.size() >= sizeof(warm::Progress::name)) {
            return complain(cf, subject(rule), "a name has 1 to 63 of A-Z a-z 0-9 . _ -");
        }
        for (const WarmRule &other : main.warm->rules) {
            if (other.name == rule.name) {
                return complain(cf, subject(rule), "is duplicate");
            }
        }
        if (main.warm->rules.size() == WarmMemory::most_rules) {
            return complain(cf, subject(rule), "is one too many: there may be 32");
        }

        std::string via_host;
        char *result = read_block(cf, subject(rule), [&](const Line &line) {
            return add_line(cf, rule, via_host, line);
        });
        if (result != NGX_CONF_OK) {
            return result;
        }
        if (const auto error = complete(cf, rule, via_host)) {
            return complain(cf, subject(rule), error->message);
        }

        main.warm->rules.push_back(std::move(rule));
        main.purges = true;                            // whose leader it is that does it
        return NGX_CONF_OK;
    });
}

bool check_warm(ngx_conf_t *cf, MainConf &main)
{
    WarmMain &warm = *main.warm;
    if (warm.rules.empty()) {
        return true;
    }

    const bool serves = !ngx_test_config && ngx_process != NGX_PROCESS_SIGNALLER;
    if (serves && !open_memory(cf, warm)) {
        return false;
    }

    for (WarmRule &rule : warm.rules) {
        if (const auto error = rule.find_schedule(main)) {
            complain(cf, subject(rule), error->message);
            return false;
        }
        for (const std::string &preset : rule.errand.wishes.presets) {
            image::Options options;
            options.preset = preset;
            if (const auto known = main.presets->apply(options); !known) {
                complain(cf, subject(rule), known.error().message);
                return false;
            }
        }

        rule.errand.jobs_file = std::string(view(main.state)) + "/warm." + rule.name;
        if (!serves) {
            continue;
        }
        rule.errand.headers.emplace_back("X-CDN-Warm", std::string(warm.memory->secret, sizeof(warm.memory->secret)));
        rule.progress = place_for(warm, rule);
        if (rule.progress == nullptr) {
            complain(cf, subject(rule), "finds no room: others before it are still at work");
            return false;
        }
    }

    return true;
}

}  // namespace cdn

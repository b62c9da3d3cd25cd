// ngx-cdn warm: fetches a list through an edge, so that visitors find it in the cache.

#include "cli/command.h"
#include "cli/http.h"
#include "cli/input.h"
#include "cli/status_json.h"
#include "cli/terminal.h"
#include "cli/warm_totals.h"
#include "core/text.h"
#include "purge/purge.h"
#include "warm/pace.h"
#include "warm/source.h"
#include "warm/variants.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <memory>
#include <set>

namespace cdn::cli {

namespace {

using std::chrono::steady_clock;

struct Options {
    std::string              urls;
    int                      top = 0;
    std::string              status;                   // none: the edge's own, where README has it
    std::string              status_user;
    std::vector<std::string> presets;
    std::vector<int>         widths;
    std::string              picture_options = "quality=85";
    std::vector<std::pair<std::string, std::string>> headers;
    int                      concurrency = 4;
    double                   rate = 0;
    std::string              via = "http://127.0.0.1";
    std::string              host;
    std::string              ca_file;
    double                   timeout_s = 60;
    bool                     print_json = false;
    bool                     quiet = false;
};

volatile std::sig_atomic_t interrupts = 0;

void on_interrupt(int)
{
    interrupts = interrupts + 1;
}

// While it lives Ctrl-C only counts.
class Interruptible {
public:
    Interruptible()
    {
        struct sigaction action{};
        action.sa_handler = on_interrupt;              // without SA_RESTART: waiting ends
        sigaction(SIGINT, &action, &int_before_);
        sigaction(SIGTERM, &action, &term_before_);
    }
    ~Interruptible()
    {
        sigaction(SIGINT, &int_before_, nullptr);
        sigaction(SIGTERM, &term_before_, nullptr);
    }
    Interruptible(const Interruptible &) = delete;
    Interruptible &operator=(const Interruptible &) = delete;

private:
    struct sigaction int_before_{};
    struct sigaction term_before_{};
};

std::int64_t now_ms()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now().time_since_epoch()).count();
}

// What is to be fetched, each once, in the order given.
std::vector<WarmUrl> wanted(const Options &options, const Via &via)
{
    struct Entry {
        WarmUrl url;
        bool    variants_only = false;
    };
    std::vector<Entry> entries;
    if (!options.urls.empty()) {
        for (const std::string &line : warm::read_list(read_all(options.urls))) {
            entries.push_back({warm_url(line, options.host)});
        }
    }
    if (options.top > 0) {
        const std::string url = !options.status.empty() ? options.status : options.via + "/cdn/status";
        const auto status = StatusSource({url, options.status_user, options.ca_file}).fetch(false);
        for (const char *list : {"objects", "misses"}) {
            int taken = 0;
            for (const auto &object : list_at(status, {"top", list})) {
                const auto name = object.is_object() ? object.value("url", nlohmann::json()) : nlohmann::json();
                const auto parts = warm::split_object(name.is_string() ? name.get<std::string>() : std::string());
                const auto source = warm::canonical_source(parts.path);
                const std::string path = source.value_or(parts.path);
                if (!path.empty() && !parts.host.empty() && taken++ < options.top) {
                    entries.push_back({warm_url(via.scheme + "://" + parts.host + path, ""), source.has_value()});
                }
            }
        }
    }

    std::vector<WarmUrl> out;
    std::set<std::pair<std::string, std::string>> seen;
    for (const auto &[url, variants_only] : entries) {
        const auto targets = warm::variants(url.target, options.presets, options.widths, options.picture_options);
        for (std::size_t i = variants_only ? 1 : 0; i < targets.size(); i++) {
            if (seen.emplace(url.host, targets[i]).second) {
                out.push_back({url.host, targets[i], url.https, url.absolute});
            }
        }
    }
    return out;
}

class Warming {
public:
    Warming(const Options &options, const Via &via, std::vector<WarmUrl> urls)
        : options_(options), via_(via), urls_(std::move(urls)), look_(look_of(STDERR_FILENO)),
          pace_(options.concurrency, options.rate)
    {
    }

    // The exit code.
    int run()
    {
        const Interruptible interruptible;
        const auto start = now_ms();
        started_ms_ = start;

        while (interrupts == 0 && problem_.empty() && (next_ < urls_.size() || !retries_.empty() || transfers_.in_flight() > 0)) {
            start_more();
            transfers_.run(pause_ms());
            show_progress(false);
        }
        if (interrupts > 0) {
            end_early();
        }
        if (!problem_.empty()) {
            transfers_.abort();
        }

        totals_.seconds = static_cast<double>(now_ms() - start) / 1000;
        totals_.not_fetched = urls_.size() - totals_.succeeded - totals_.failed;
        show_progress(true);
        return report();
    }

private:
    void start_more()
    {
        while (pace_.wait_ms(now_ms()) == 0) {
            const bool again = !retries_.empty() && retries_.front().at_ms <= now_ms();
            if ((!again && next_ >= urls_.size()) || !pace_.start(now_ms(), transfers_.in_flight())) {
                return;
            }
            if (again) {
                const std::size_t index = retries_.front().index;
                retries_.pop_front();
                start_one(index, 2);
            } else {
                start_one(next_++, 1);
            }
        }
    }

    void start_one(std::size_t index, int tries)
    {
        Request request;
        request.via = via_;
        request.host = urls_[index].host;
        request.target = urls_[index].target;
        request.headers = options_.headers;
        request.ca_file = options_.ca_file;
        request.timeout_ms = static_cast<std::int64_t>(options_.timeout_s * 1000);
        request.keep_body = false;
        transfers_.start(std::move(request), [this, index, tries](const Response &response) { take(index, tries, response); });
    }

    void take(std::size_t index, int tries, const Response &response)
    {
        const auto again = response.error.empty() ? warm::retry_in_ms(response.status, response.header("retry-after"), tries)
                                                  : std::nullopt;
        if (again && interrupts == 0) {
            retries_.push_back({index, now_ms() + *again});
            std::stable_sort(retries_.begin(), retries_.end(), [](const Retry &a, const Retry &b) { return a.at_ms < b.at_ms; });
            return;
        }

        totals_.add(response);
        unanswered_ = response.connected ? 0 : unanswered_ + 1;
        answered_ = answered_ || response.connected;
        if (const std::string why = failure_of(response); !why.empty() && answered_) {
            clear_progress();
            std::fprintf(stderr, "ngx-cdn: %s%s: %s\n", harmless(urls_[index].absolute ? urls_[index].host : "").c_str(),
                         harmless(urls_[index].target).c_str(), harmless(why).c_str());
        }

        constexpr int most = 5;                        // the edge is gone: no use in going on
        if (!answered_ || (unanswered_ >= most && problem_.empty())) {
            problem_ = response.error;
        }
    }

    int pause_ms() const
    {
        std::int64_t pause = 200;
        if (next_ < urls_.size()) {
            const std::int64_t wait = pace_.wait_ms(now_ms());
            pause = wait > 0 ? std::min(pause, wait) : pause;
        }
        if (!retries_.empty()) {
            pause = std::min(pause, std::max<std::int64_t>(retries_.front().at_ms - now_ms(), 1));
        }
        return static_cast<int>(pause);
    }

    // Those in flight get a moment; a second signal ends them at once.
    void end_early()
    {
        constexpr std::int64_t a_moment_ms = 3000;
        clear_progress();
        const auto until = now_ms() + a_moment_ms;
        while (transfers_.in_flight() > 0 && interrupts < 2 && now_ms() < until) {
            transfers_.run(100);
        }
        transfers_.abort();
    }

    void show_progress(bool last)
    {
        constexpr std::int64_t every_ms = 100;
        if (!look_.terminal || options_.quiet || (!last && now_ms() - shown_ms_ < every_ms)) {
            return;
        }
        shown_ms_ = now_ms();
        if (last) {
            clear_progress();
            return;
        }
        look_ = look_of(STDERR_FILENO);                // the window may have been resized
        const double seconds = static_cast<double>(now_ms() - started_ms_) / 1000;
        std::fprintf(stderr, "\r\033[K%s", progress_line(totals_, urls_.size(), seconds, look_.width - 1, look_.utf8).c_str());
        progress_shown_ = true;
    }

    void clear_progress()
    {
        if (progress_shown_) {
            std::fputs("\r\033[K", stderr);
            progress_shown_ = false;
        }
    }

    int report()
    {
        if (options_.print_json) {
            std::puts(json_text(totals_json(totals_)).c_str());
        } else {
            std::fputs(print_totals(totals_).c_str(), stdout);
        }
        std::fflush(stdout);

        constexpr int interrupted = 130;
        if (interrupts > 0) {
            return interrupted;
        }
        if (!problem_.empty()) {
            throw Failure(Exit::unreachable, harmless(options_.via) + ": " + harmless(problem_));
        }
        return static_cast<int>(totals_.failed > 0 ? Exit::refused : Exit::done);
    }

    struct Retry {
        std::size_t  index;
        std::int64_t at_ms;
    };

    const Options        &options_;
    const Via            &via_;
    std::vector<WarmUrl>  urls_;
    Look                  look_;
    warm::Pace            pace_;
    WarmTotals            totals_;
    std::size_t           next_ = 0;
    std::deque<Retry>     retries_;
    int                   unanswered_ = 0;
    bool                  answered_ = false;
    std::string           problem_;
    std::int64_t          started_ms_ = 0;
    std::int64_t          shown_ms_ = 0;
    bool                  progress_shown_ = false;
    Transfers             transfers_;                  // last: its calls use all of the above
};

void warm_up(Options options)
{
    if (options.urls.empty() && options.top == 0) {
        if (isatty(STDIN_FILENO) == 1) {
            throw Failure(Exit::usage, "what? --urls FILE, --urls - or --top N");
        }
        options.urls = "-";
    }
    for (const std::string &preset : options.presets) {
        if (!purge::is_name(preset)) {
            throw Failure(Exit::usage, "no preset's name: \"" + printable(preset) + '"');
        }
    }
    const Address address = parse_address(options.via);
    if (address.rest.size() > 1) {
        throw Failure(Exit::usage, "--via is an edge without a path: http://HOST:PORT");
    }
    while (options.via.ends_with('/')) {
        options.via.pop_back();
    }
    if (!address.via.socket.empty() && !options.via.ends_with(':')) {
        options.via += ':';
    }

    auto urls = wanted(options, address.via);
    const auto https = std::count_if(urls.begin(), urls.end(), [](const WarmUrl &url) { return url.https; });
    if (https > 0 && address.via.scheme == "http") {
        std::fprintf(stderr, "ngx-cdn: %s of the URLs are https, but are fetched through %s: where cache keys hold the scheme, visitors ask for others\n",
                     number(static_cast<double>(https)).c_str(), harmless(options.via).c_str());
    }
    throw CLI::RuntimeError(Warming(options, address.via, std::move(urls)).run());
}

}  // namespace

void add_warm(CLI::App &app)
{
    auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("warm", "Fetches a list of URLs, with their variants, through an edge");

    command->add_option("--urls", options->urls, "paths or URLs, a line each; - is standard input")->type_name("FILE");
    command->add_option("--top", options->top, "and so many of the most requested objects, and of the most missed, of the edge's status")->type_name("N")
        ->check(CLI::Range(0, 1000));
    command->add_option("--status", options->status, "where that is, if not at /cdn/status of --via")->type_name("URL");
    add_status_user(*command, "--status-user", options->status_user);
    command->add_option("--presets", options->presets, "of each picture these presets too: hero,thumbnail")->type_name("NAME")->delimiter(',');
    command->add_option("--widths", options->widths, "and these widths: 480,768,1024")->type_name("N")->delimiter(',')->check(CLI::Range(1, 12000));
    command->add_option("--options", options->picture_options, "what stands beside a width, as in the pages' image URLs")->type_name("OPTIONS")->capture_default_str();
    command->add_option("--header", options->headers, "NAME VALUE, sent along; repeatable: Accept image/webp")->type_name("NAME VALUE");
    command->add_option("--concurrency", options->concurrency, "at once")->type_name("N")->check(CLI::Range(1, 256))->capture_default_str();
    command->add_option("--rate", options->rate, "at most so many a second; 0: no limit")->type_name("N")->check(CLI::Range(0.0, 100000.0))->capture_default_str();
    command->add_option("--via", options->via, "the edge, whatever the URLs' host: http://HOST:PORT or http://unix:/PATH:")->type_name("URL")->capture_default_str();
    command->add_option("--host", options->host, "the visitors' host, for paths")->type_name("NAME");
    command->add_option("--cacert", options->ca_file, "PEM file of the authorities to trust, for https")->type_name("FILE");
    command->add_option("--timeout", options->timeout_s, "seconds for each")->type_name("SECONDS")->check(CLI::Range(0.1, 3600.0))->capture_default_str();
    command->add_flag("--json", options->print_json, "print the totals as JSON");
    command->add_flag("--quiet", options->quiet, "no progress bar");
    command->footer("Examples:\n"
                    "  ngx-cdn warm --via http://127.0.0.1 --host www.example.com --urls pages.txt\n"
                    "  ngx-cdn warm --top 20 --presets hero,thumbnail --widths 480,1024 --header Accept image/avif,image/webp\n\n"
                    "Ctrl-C lets what is under way end, prints the totals and exits with 130.\n"
                    "Exit codes: 0 all fetched, 1 some failed, 2 wrong use, 3 the edge does not answer.");
    command->callback([options] { warm_up(*options); });
}

}  // namespace cdn::cli

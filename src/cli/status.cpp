// ngx-cdn status: what an edge says of itself, each second.

#include "cli/command.h"
#include "cli/status_json.h"
#include "cli/status_screen.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>

namespace cdn::cli {

namespace {

struct Options {
    StatusPlace place;
    bool        print_json = false;
    bool        once = false;
};

volatile std::sig_atomic_t stopped = 0;

void on_stop(int)
{
    stopped = 1;
}

void on_resize(int)
{
}

// The terminal's other screen, without a cursor, until it goes.
class OtherScreen {
public:
    OtherScreen()
    {
        struct sigaction action{};
        action.sa_handler = on_stop;
        sigaction(SIGINT, &action, nullptr);
        sigaction(SIGTERM, &action, nullptr);
        sigaction(SIGHUP, &action, nullptr);
        action.sa_handler = on_resize;                 // ends the pause
        sigaction(SIGWINCH, &action, nullptr);
        std::fputs("\033[?1049h\033[?25l", stdout);
    }
    ~OtherScreen()
    {
        std::fputs("\033[?25h\033[?1049l", stdout);
        std::fflush(stdout);
    }
    OtherScreen(const OtherScreen &) = delete;
    OtherScreen &operator=(const OtherScreen &) = delete;
};

void draw(std::vector<std::string> lines, const Look &look)
{
    if (lines.size() > static_cast<std::size_t>(look.height)) {
        lines.resize(static_cast<std::size_t>(look.height));
    }
    // erased first: after a full line the cursor still stands on its last column
    std::string text = "\033[H";
    for (std::size_t i = 0; i < lines.size(); i++) {
        text += (i > 0 ? "\n\033[K" : "\033[K") + lines[i];
    }
    if (lines.size() < static_cast<std::size_t>(look.height)) {
        text += "\n\033[J";
    }
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
}

void watch(const StatusSource &source)
{
    nlohmann::json status = source.fetch(true);
    std::string    problem;

    const OtherScreen other;
    while (stopped == 0 && std::ferror(stdout) == 0) {
        const Look look = look_of(STDOUT_FILENO);
        auto       lines = status_screen(status, look);
        if (!problem.empty()) {
            lines.insert(lines.begin(), fit("no news: " + harmless(problem), look.width));
        }
        draw(std::move(lines), look);

        const timespec second{1, 0};
        nanosleep(&second, nullptr);
        if (stopped != 0) {
            return;
        }
        try {
            status = source.fetch(true);
            problem.clear();
        } catch (const Failure &failure) {
            problem = failure.what();
        }
    }
}

void show(const Options &options)
{
    const StatusSource source(options.place);
    if (options.print_json) {
        std::puts(json_text(source.fetch(true), 2).c_str());
        return;
    }

    Look look = look_of(STDOUT_FILENO);
    if (look.terminal && !options.once) {
        watch(source);
        return;
    }
    look.width = look.terminal ? look.width : 120;
    for (const std::string &line : status_screen(source.fetch(true), look)) {
        std::puts(line.c_str());
    }
}

}  // namespace

void add_status(CLI::App &app)
{
    auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("status", "What an edge says of itself, live in a terminal");
    add_status_place(*command, options->place);
    command->add_flag("--json", options->print_json, "print the JSON as it is");
    command->add_flag("--once", options->once, "print it once; so it is too where the output is no terminal");
    command->footer("Ctrl-C ends it.  Colours are off where NO_COLOR is set.\n\n"
                    "Examples:\n"
                    "  ngx-cdn status\n"
                    "  ngx-cdn status --json https://edge-1.example.com/cdn/status | jq .score\n"
                    "  ngx-cdn status --user file:/etc/ngx-cdn.user https://edge-1.example.com/cdn/status");
    command->callback([options] { show(*options); });
}

}  // namespace cdn::cli

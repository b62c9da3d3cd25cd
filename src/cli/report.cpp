// ngx-cdn report: a period's summary.

#include "cli/command.h"
#include "cli/report_text.h"
#include "cli/status_json.h"
#include "cli/terminal.h"

#include <unistd.h>

#include <cstdio>
#include <memory>

namespace cdn::cli {

void add_report(CLI::App &app)
{
    struct Options {
        StatusPlace place;
        std::string period = "24h";
        bool        markdown = false;
    };

    auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("report", "An edge's last five minutes, hour or day, with trends and advice");
    add_status_place(*command, options->place);
    command->add_option("--period", options->period, "what is summed up")->type_name("TIME")->check(CLI::IsMember({"5m", "1h", "24h"}))->capture_default_str();
    command->add_flag("--markdown", options->markdown, "as Markdown");
    command->footer("Examples:\n"
                    "  ngx-cdn report --period 24h | mail -s \"the edge's day\" ops@example.com\n"
                    "  ngx-cdn report --period 1h --markdown https://edge-1.example.com/cdn/status");
    command->callback([options] {
        const auto status = StatusSource(options->place).fetch(false);
        const int columns = look_of(STDOUT_FILENO).width;
        std::fputs(report_text(status, options->period, options->markdown, columns).c_str(), stdout);
    });
}

}  // namespace cdn::cli

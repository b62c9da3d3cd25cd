// ngx-cdn report: a period's summary.

#include "cli/command.h"
#include "cli/report_text.h"
#include "cli/status_json.h"

#include <cstdio>
#include <memory>

namespace cdn::cli {

void add_report(CLI::App &app)
{
    struct Options {
        std::string url = status_url;
        std::string ca_file;
        std::string period = "24h";
        bool        markdown = false;
    };

    auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("report", "An edge's last five minutes, hour or day, with trends and advice");
    command->add_option("URL", options->url, "of its cdn_status")->envname("NGX_CDN_STATUS_URL")->capture_default_str();
    command->add_option("--period", options->period, "5m, 1h or 24h")->check(CLI::IsMember({"5m", "1h", "24h"}))->capture_default_str();
    command->add_flag("--markdown", options->markdown, "as Markdown");
    command->add_option("--cacert", options->ca_file, "PEM file of the authorities to trust, for https")->type_name("FILE");
    command->footer("Examples:\n"
                    "  ngx-cdn report --period 24h | mail -s \"the edge's day\" ops@example.com\n"
                    "  ngx-cdn report --period 1h --markdown https://edge-1.example.com/cdn/status");
    command->callback([options] {
        const auto status = fetch_status(options->url, options->ca_file, false);
        std::fputs(report_text(status, options->period, options->markdown).c_str(), stdout);
    });
}

}  // namespace cdn::cli

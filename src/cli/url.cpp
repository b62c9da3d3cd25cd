#include "cli/command.h"
#include "cli/picture_options.h"
#include "cli/when.h"

#include <cstdio>
#include <memory>

namespace cdn::cli {

void add_url(CLI::App &app)
{
    const auto line = std::make_shared<PictureOptions>();

    auto *url = app.add_subcommand("url", "Makes the URL of a picture");
    add_picture_options(*url, *line);
    url->add_flag("--native", line->native, "all options are the dialect's own words");
    url->footer(std::string(picture_words) +
                "\n"
                "\n"
                "Examples:\n"
                "  ngx-cdn url photos/cat.jpg width=300 height=200 fit=cover format=auto\n"
                "  ngx-cdn url --dialect bunnycdn https://cdn.example.com/cat.jpg width=300 aspect_ratio=16:9\n"
                "  ngx-cdn url --dialect custom cat.jpg preset=hero --sign-key file:/etc/nginx/cdn-k1.key");
    url->callback([line] {
        const PictureUrls urls(*line, unix_now());
        std::puts(urls.of(line->source, line->words).c_str());
    });
}

}  // namespace cdn::cli

#include "cli/command.h"
#include "cli/lines.h"
#include "cli/signing.h"
#include "cli/when.h"

#include <cstdio>
#include <memory>

namespace cdn::cli {

void add_sign(CLI::App &app)
{
    struct Line {
        SigningOptions           signing;
        std::vector<std::string> urls;
    };
    const auto line = std::make_shared<Line>();

    auto *sign = app.add_subcommand("sign", "Signs URLs");
    sign->add_option("URL", line->urls, "/path?query or https://host/path?query, escaped as it is sent; - reads lines "
                                        "from standard input")
        ->required();
    add_key_options(*sign, line->signing);
    add_wish_options(*sign, line->signing);
    sign->footer("Examples:\n"
                 "  ngx-cdn sign --key file:/etc/nginx/cdn-k1.key '/protected/report.pdf?page=2'\n"
                 "  ngx-cdn sign --key env:CDN_KEY --id k1 --expires 12h - <urls.txt\n"
                 "  ngx-cdn sign --scheme bunnycdn --key-file bunny.key --area /videos/ --in-path /videos/1.m3u8\n"
                 "  ngx-cdn sign --scheme cloudflare --option ttl=1h --key-file cf.key /report.pdf\n"
                 "  ngx-cdn sign --scheme cloudfront --key-file private.pem --id K2JCJMDEHXQW5F "
                 "https://d1.example.com/a.jpg\n"
                 "  ngx-cdn sign --scheme imgproxy --key hex:file:key.hex --salt hex:file:salt.hex "
                 "/rs:fit:300:200/plain/a.jpg");
    sign->callback([line] {
        const Signer signer(line->signing, unix_now());
        each_url(line->urls, [&](const std::string &url) { std::puts(signer(url).c_str()); });
    });
}

}  // namespace cdn::cli

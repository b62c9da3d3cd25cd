#include "cli/command.h"
#include "cli/lines.h"
#include "cli/signing.h"
#include "cli/when.h"

#include <cstdio>
#include <memory>

namespace cdn::cli {

namespace {

std::string describe(const Verified &verified, std::int64_t now)
{
    std::string out = "status   " + std::string(sign::name(verified.answer.verdict)) + "\nclean    " + verified.clean;
    if (const auto &expires = verified.answer.expires) {
        out += "\nexpires  " + print_time(*expires) + " (" + std::to_string(*expires) + "), "
               + (*expires >= now ? "in " + print_duration(*expires - now)
                                  : print_duration(now - *expires) + " ago");
    }

    return out;
}

}  // namespace

void add_verify(CLI::App &app)
{
    struct Line {
        SigningOptions           signing;
        std::vector<std::string> urls;
        std::string              cookies;
        std::string              country;
        std::string              at;
    };
    const auto line = std::make_shared<Line>();

    auto *verify = app.add_subcommand("verify", "Checks signed URLs");
    verify->add_option("URL", line->urls, "as for sign")->required();
    add_key_options(*verify, line->signing);
    verify->add_option("--cookie", line->cookies, "the Cookie header that came with it")->type_name("COOKIES");
    verify->add_option("--country", line->country, "the client's country, for bunnycdn")->type_name("CODE");
    verify->add_option("--at", line->at, "as if it were then, instead of now")->type_name("TIME");
    verify->footer("Prints ok, missing, invalid, expired or forbidden (bound to another address or country), the URL "
                   "without its token, and when it expires.  Exit code: 0 if all are ok, 1 if one is not.  "
                   "cloudfront's key is the public one.\n"
                   "\n"
                   "Examples:\n"
                   "  ngx-cdn verify --key file:/etc/nginx/cdn-k1.key '/a.jpg?signature=...&expires=1800000000'\n"
                   "  ngx-cdn verify --scheme akamai --key-file a.key --cookie \"hdnts=$token\" /videos/1.ts");
    verify->callback([line] {
        SigningOptions signing = line->signing;
        if (!line->country.empty()) {
            signing.options.push_back("country=" + line->country);
        }

        const std::int64_t now = unix_now();
        const std::int64_t then = line->at.empty() ? now : read_time("--at", line->at, now);
        bool all_good = true;
        bool any = false;
        each_url(line->urls, [&](const std::string &url) {
            const Verified verified = cli::verify(signing, url, line->cookies, then);
            std::printf("%s%s\n", any ? "\n" : "", describe(verified, then).c_str());
            all_good = all_good && verified.answer.verdict == sign::Verdict::ok;
            any = true;
        });
        if (!all_good) {
            throw CLI::RuntimeError(static_cast<int>(Exit::refused));
        }
    });
}

}  // namespace cdn::cli

#include "cli/command.h"
#include "cli/help.h"
#include "core/text.h"
#include "core/version.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace cdn::cli {

int run(int argc, char **argv)
{
    CLI::App app{"Makes and checks URLs, purges, warms and watches an edge that runs ngx_cdn.", "ngx-cdn"};
    app.set_version_flag("--version", std::string("ngx-cdn ") + version, "prints the version");
    app.require_subcommand(1);
    use_help(app);
    add_url(app);
    add_srcset(app);
    add_sign(app);
    add_verify(app);
    add_purge(app);
    add_warm(app);
    add_status(app);
    add_report(app);
    add_completion(app);                               // of all others
    add_man(app);

    try {
        app.parse(argc, argv);
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
            throw Failure(Exit::refused, std::string("standard output: ") + std::strerror(errno));
        }
        return 0;
    } catch (const CLI::RuntimeError &e) {
        return e.get_exit_code();                      // a subcommand's own, all said
    } catch (const CLI::ParseError &e) {
        if (e.get_exit_code() == 0) {
            return app.exit(e);  // --help and --version
        }
        const bool has_subcommand = !app.get_subcommands().empty();
        const std::string line = has_subcommand ? e.what()
                                 : argc < 2     ? "what? ngx-cdn --help lists the subcommands"
                                                : "no subcommand: \"" + printable(argv[1]) + "\"; ngx-cdn --help lists them";
        std::fprintf(stderr, "ngx-cdn: %s\n", line.c_str());
        return static_cast<int>(Exit::usage);
    } catch (const Failure &e) {
        std::fprintf(stderr, "ngx-cdn: %s\n", e.what());
        return static_cast<int>(e.code);
    } catch (const std::exception &e) {
        std::fprintf(stderr, "ngx-cdn: %s\n", e.what());
        return static_cast<int>(Exit::usage);
    }
}

}  // namespace cdn::cli

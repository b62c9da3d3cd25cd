#include "cli/command.h"
#include "core/version.h"

#include <cstdio>

namespace cdn::cli {

int run(int argc, char **argv)
{
    CLI::App app{"Makes and checks URLs, purges, warms and watches an edge that runs ngx_cdn.", "ngx-cdn"};
    app.set_version_flag("--version", std::string("ngx-cdn ") + version);
    add_purge(app);
    add_warm(app);
    add_status(app);
    add_report(app);
    app.require_subcommand(1);

    try {
        app.parse(argc, argv);
        return 0;
    } catch (const CLI::RuntimeError &e) {
        return e.get_exit_code();                      // a subcommand's own, all said
    } catch (const CLI::ParseError &e) {
        if (e.get_exit_code() == 0) {
            return app.exit(e);  // --help and --version
        }
        std::fprintf(stderr, "ngx-cdn: %s\n", e.what());
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

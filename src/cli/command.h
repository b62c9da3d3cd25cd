// The subcommands of ngx-cdn.  Each adds itself to the command line; what it
// was asked to do runs when its callback is called, and ends the program by
// returning, or by throwing Failure.

#pragma once

#include <CLI/CLI.hpp>

#include <stdexcept>
#include <string>

namespace cdn::cli {

// Exit codes: 0 done; 1 what was asked for did not happen (an invalid
// signature, a purge refused); 2 the command line, a file or a key is wrong;
// 3 the other side did not answer.
enum class Exit { done = 0, refused = 1, usage = 2, unreachable = 3 };

// One line for standard error, without a full stop.
struct Failure : std::runtime_error {
    Failure(Exit why, const std::string &line) : std::runtime_error(line), code(why) {}

    Exit code;
};

// The whole program; the answer is its exit code.
int run(int argc, char **argv);

void add_url(CLI::App &app);
void add_srcset(CLI::App &app);
void add_sign(CLI::App &app);
void add_verify(CLI::App &app);
void add_purge(CLI::App &app);
void add_warm(CLI::App &app);
void add_status(CLI::App &app);
void add_report(CLI::App &app);

void add_completion(CLI::App &app);
void add_man(CLI::App &app);

}  // namespace cdn::cli

// The command line described: --help and the man page are made of the subcommands and
// options as they are, so that neither can be out of date.

#pragma once

#include <CLI/CLI.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace cdn::cli {

// Of `app` and all subcommands that come after.
void use_help(CLI::App &app);

std::string print_help(const CLI::App &app, std::size_t columns);
std::string print_man(const CLI::App &app);

// Lines of at most so many columns, each after the first with `indent` spaces in front.
std::string wrap(std::string_view text, std::size_t columns, std::size_t indent);

}  // namespace cdn::cli

// The command line as --help, the man page and completion read it: what stands in it, without
// what is hidden.

#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace cdn::cli {

using OptionList = std::vector<const CLI::Option *>;
using CommandList = std::vector<const CLI::App *>;

OptionList options_of(const CLI::App &app, bool positional);
CommandList subcommands_of(const CLI::App &app);

// The word for its value: "FILE".
std::string type_of(const CLI::Option &option);
bool takes_value(const CLI::Option &option);

// The words that an option takes, if its values are some words.
std::vector<std::string> choices(const CLI::Option &option);

}  // namespace cdn::cli

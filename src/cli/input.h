// What subcommands read beside their command line.

#pragma once

#include <string>
#include <string_view>

namespace cdn::cli {

// A whole file, at most 64 MiB; "-" is standard input.  Throws Failure.
std::string read_all(const std::string &name);

// "yes" at the terminal; without one it is refused, and `option` named.
bool confirm(const std::string &question, const std::string &option);

}  // namespace cdn::cli

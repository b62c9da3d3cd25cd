// What TAB offers in bash, zsh and fish: scripts made of the subcommands and options as they are.

#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace cdn::cli {

std::string print_bash_completion(const CLI::App &app);
std::string print_zsh_completion(const CLI::App &app);
std::string print_fish_completion(const CLI::App &app);

}  // namespace cdn::cli

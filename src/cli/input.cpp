#include "cli/input.h"

#include "cli/command.h"
#include "core/text.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

namespace cdn::cli {

namespace {

constexpr std::size_t longest = 64U << 20;

std::string read_stream(std::istream &in, const std::string &name)
{
    std::string text;
    char        block[65536];
    while (in.read(block, sizeof(block)) || in.gcount() > 0) {
        text.append(block, static_cast<std::size_t>(in.gcount()));
        if (text.size() > longest) {
            throw Failure(Exit::usage, name + ": over 64 MiB");
        }
    }
    if (in.bad()) {
        throw Failure(Exit::usage, name + ": " + std::strerror(errno));
    }
    return text;
}

}  // namespace

std::string read_all(const std::string &name)
{
    if (name == "-") {
        return read_stream(std::cin, "standard input");
    }
    errno = 0;
    std::ifstream file(name, std::ios::binary);
    if (!file || file.peek() == std::ifstream::traits_type::eof()) {
        if (errno != 0) {
            throw Failure(Exit::usage, name + ": " + std::strerror(errno));
        }
    }
    return file ? read_stream(file, name) : std::string();
}

bool confirm(const std::string &question, const std::string &option)
{
    if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
        throw Failure(Exit::usage, question + ": say " + option + " if that is meant");
    }
    std::cerr << question << ". Go on? [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return lower(trim(answer)) == "y" || lower(trim(answer)) == "yes";
}

}  // namespace cdn::cli

#include "cli/secret.h"

#include "cli/command.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace cdn::cli {

namespace {

constexpr std::streamsize longest_file = 1 << 20;

Result<std::string> file_bytes(std::string_view name)
{
    errno = 0;
    std::ifstream file(std::string(name), std::ios::binary);
    std::string bytes;
    if (file) {
        bytes.resize(longest_file);
        file.read(bytes.data(), longest_file);
        bytes.resize(static_cast<std::size_t>(file.gcount()));
    }
    if (!file.eof()) {
        return bad_request(std::string(name) + ": " + (errno != 0 ? std::strerror(errno) : "longer than a key"));
    }

    return bytes;
}

}  // namespace

std::string read_file(const std::string &name)
{
    auto bytes = file_bytes(name);
    if (!bytes) {
        throw Failure(Exit::usage, bytes.error().message);
    }

    return std::move(*bytes);
}

sign::Secret read_secret(const std::string &option, const std::string &place)
{
    std::string_view rest = place;
    std::string encoding;
    for (const std::string_view prefix : {"hex:", "base64:"}) {
        if (rest.starts_with(prefix)) {
            encoding = prefix;
            rest.remove_prefix(prefix.size());
            break;
        }
    }

    std::string text;
    if (rest.starts_with("file:")) {
        text = rest;
        if (!encoding.empty()) {
            std::string bytes = read_file(std::string(rest.substr(5)));
            while (bytes.ends_with('\n') || bytes.ends_with('\r')) {
                bytes.pop_back();
            }
            text = encoding + bytes;
        }
    } else if (rest.starts_with("env:")) {
        const std::string name(rest.substr(4));
        const char *value = std::getenv(name.c_str());
        if (value == nullptr) {
            throw Failure(Exit::usage, "the environment has no " + name);
        }
        text = encoding + value;
    } else {
        throw Failure(Exit::usage, option + " takes file:NAME or env:NAME: every user of this machine could read "
                                            "a secret on the command line");
    }

    auto secret = sign::read_secret(text, file_bytes);
    if (!secret) {
        throw Failure(Exit::usage, option + ": " + secret.error().message);
    }

    return std::move(*secret);
}

}  // namespace cdn::cli

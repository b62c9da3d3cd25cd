#include "cli/secret.h"

#include "cli/command.h"
#include "cli/input.h"
#include "core/text.h"

#include <cstdlib>

namespace cdn::cli {

namespace {

struct Place {
    bool        is_file;
    std::string name;
};

Place parse_place(const std::string &option, std::string_view place)
{
    const auto [kind, name, has_name] = cut(place, ':');
    if (name.empty() || (kind != "file" && kind != "env")) {
        throw Failure(Exit::usage, option + " takes file:NAME or env:NAME: every user of this machine could read "
                                            "a secret on the command line");
    }

    return {kind == "file", std::string(name)};
}

std::string environment(const std::string &name)
{
    const char *value = std::getenv(name.c_str());
    if (value == nullptr) {
        throw Failure(Exit::usage, "the environment has no " + name);
    }

    return value;
}

// What is written in letters has no line end of its own.
std::string read_text(const std::string &name)
{
    std::string text = read_all(name);
    text.resize(text.find_last_not_of("\r\n") + 1);
    return text;
}

}  // namespace

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

    const Place from = parse_place(option, rest);
    const std::string text = !from.is_file      ? encoding + environment(from.name)
                             : encoding.empty() ? place
                                                : encoding + read_text(from.name);
    auto secret = sign::read_secret(
        text, [](std::string_view name) { return Result<std::string>(read_all(std::string(name))); });
    if (!secret) {
        throw Failure(Exit::usage, option + ": " + secret.error().message);
    }

    return std::move(*secret);
}

std::string read_token(const std::string &option, const std::string &place, const char *variable)
{
    const char *value = place.empty() ? std::getenv(variable) : nullptr;
    const std::string_view said = value != nullptr ? value : "";
    if (place.empty() && !said.starts_with("file:")) {   // as in the directives: the secret, or its file
        return std::string(said);
    }

    const Place from = parse_place(option, place.empty() ? said : place);
    if (!from.is_file) {
        return environment(from.name);
    }
    std::string token = read_text(from.name);
    if (token.empty()) {
        throw Failure(Exit::usage, from.name + ": there is no token in it");
    }
    return token;
}

}  // namespace cdn::cli

// Signing as `sign`, `verify`, `url` and `srcset` are asked for it.

#pragma once

#include "sign/scheme.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::cli {

// What the command line says of keys and scheme.
struct SigningOptions {
    std::string              scheme = "native";
    std::vector<std::string> options;                  // of cdn_sign_scheme
    std::vector<std::string> keys;                     // places, see secret.h
    std::vector<std::string> key_files;
    std::vector<std::string> ids;
    std::string              salt;
    std::string              expires;
    std::string              starts;
    std::string              ip;
    std::string              area;
    std::string              hash;
    bool                     in_path = false;
    std::vector<std::string> variables;                // NAME=VALUE
    std::string              prefix;                   // of these options' names

    std::string name(std::string_view option) const { return "--" + prefix + std::string(option); }

    // Whether anything was said of it.
    bool asked() const
    {
        return scheme != "native" || in_path || !options.empty() || !keys.empty() || !key_files.empty()
               || !ids.empty() || !salt.empty() || !expires.empty() || !starts.empty() || !ip.empty()
               || !area.empty() || !hash.empty() || !variables.empty();
    }
};

// The options both ways of using a key have, and those of making a signature; each
// name with `prefix` in front.
void add_key_options(CLI::App &app, SigningOptions &options, const std::string &prefix = "");
void add_wish_options(CLI::App &app, SigningOptions &options, const std::string &prefix = "");

// "https://cdn.example.com/a?b" cut where its path begins.
struct WebUrl {
    std::string origin;                                // or empty
    std::string target;                                // "/a?b"

    // Refuses what no client would send so: spaces, "#", bytes that are not ASCII.
    static WebUrl of(std::string_view text);
};

// The URL, signed as is asked.
class Signer {
public:
    Signer(SigningOptions options, std::int64_t now);

    std::string operator()(std::string_view url) const;

private:
    SigningOptions options_;
    sign::Key      key_;
    std::int64_t   now_;
};

// The verdict on a URL, and the URL without its token.
struct Verified {
    sign::Answer answer;
    std::string  clean;
};
Verified verify(const SigningOptions &options, std::string_view url, std::string_view cookies, std::int64_t now);

// "$uri and ${name}" with their values; an unknown one is refused.
using Variables = std::map<std::string, std::string, std::less<>>;
std::string expand(std::string_view text, const Variables &variables, const SigningOptions &options = {});

}  // namespace cdn::cli

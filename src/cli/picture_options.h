// What `url` and `srcset` are told: a dialect, a picture, and how it is to be signed.

#pragma once

#include "cli/picture_url.h"
#include "cli/signing.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cdn::cli {

struct PictureOptions {
    std::string              dialect = "cloudflare";
    bool                     native = false;
    std::string              base;                     // in front of every URL
    std::string              source;
    std::vector<std::string> words;                    // key=value
    SigningOptions           signing;
};

void add_picture_options(CLI::App &app, PictureOptions &options);

extern const char *const picture_words;                // for a footer

// Makes the URLs; whatever is wrong ends the program.
class PictureUrls {
public:
    PictureUrls(const PictureOptions &options, std::int64_t now);

    std::string of(std::string_view source, const std::vector<Word> &words) const;
    std::string of(std::string_view source, const std::vector<std::string> &words) const;

private:
    const Dialect        *dialect_;
    bool                  native_;
    std::string           base_;
    std::optional<Signer> signer_;
};

std::vector<Word> words_of(const std::vector<std::string> &texts);

}  // namespace cdn::cli

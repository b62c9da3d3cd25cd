// Reading the JSON of an edge, which may be of another version, or no edge at all:
// what is not there, or of another kind, is not known.

#pragma once

#include "cli/command.h"
#include "cli/http.h"

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace cdn::cli {

using Path = std::initializer_list<std::string_view>;

const nlohmann::json &value_at(const nlohmann::json &from, Path path);   // null: not known
std::optional<double> number_at(const nlohmann::json &from, Path path);
std::string text_at(const nlohmann::json &from, Path path);              // harmless
const nlohmann::json &list_at(const nlohmann::json &from, Path path);    // an array, perhaps empty
const nlohmann::json &members_at(const nlohmann::json &from, Path path); // an object, perhaps empty

// As JSON, in ASCII: what is none is escaped, so that a terminal shows it and no more.
std::string json_text(const nlohmann::json &value, int indent = -1);

// A cdn_status, and what lets one in.
struct StatusPlace {
    std::string url = "http://127.0.0.1/cdn/status";
    std::string user;                                  // file:NAME or env:NAME; none: the environment's
    std::string ca_file;
};

// The options of it that commands share.
void add_status_place(CLI::App &command, StatusPlace &place);
void add_status_user(CLI::App &command, const std::string &name, std::string &user);

// GET of its JSON.  Throws Failure.
class StatusSource {
public:
    explicit StatusSource(const StatusPlace &place);

    nlohmann::json fetch(bool with_series) const;

private:
    std::string url_;
    Request     request_;
};

}  // namespace cdn::cli

// Reading the JSON of an edge, which may be of another version, or no edge at all:
// what is not there, or of another kind, is not known.

#pragma once

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

// GET of cdn_status's JSON at that URL.  Throws Failure.
nlohmann::json fetch_status(const std::string &url, const std::string &ca_file, bool with_series);

inline constexpr char status_url[] = "http://127.0.0.1/cdn/status";

}  // namespace cdn::cli

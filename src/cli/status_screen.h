// An edge's status as a terminal shows it.

#pragma once

#include "cli/terminal.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace cdn::cli {

// From the JSON of cdn_status, README has its fields.  No line is wider than look.width,
// and nothing in it but look.colour's own sequences moves the cursor.
std::vector<std::string> status_screen(const nlohmann::json &status, const Look &look);

// The parts that the report has too.
Table profiles_table(const nlohmann::json &status, std::size_t most);
Table regions_table(const nlohmann::json &status, std::size_t most);
Table objects_table(const nlohmann::json &status, std::string_view which, std::size_t most);
std::string measure_value(std::string_view measure, std::optional<double> value);
std::string counts(const nlohmann::json &by_name);      // "12 tag, 3 url", most first; or nothing

}  // namespace cdn::cli

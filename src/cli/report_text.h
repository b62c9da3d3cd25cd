// A period's summary of an edge, to read or to mail.

#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace cdn::cli {

// `period` is one of the JSON's windows: 5m, 1h, 24h; plain text has at most so many columns.
std::string report_text(const nlohmann::json &status, const std::string &period, bool markdown,
                        int columns);

}  // namespace cdn::cli

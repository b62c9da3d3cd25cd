#include "core/json.h"

#include "core/text.h"

#include <set>
#include <string>
#include <vector>

namespace cdn {

using nlohmann::json;

Result<json> parse_json(std::string_view text)
{
    constexpr int deepest = 8;

    if (text.find_first_not_of(" \t\r\n") == text.npos) {
        return bad_request("JSON is missing");
    }

    std::string problem;
    std::vector<std::set<std::string>> names;          // of the objects around

    const auto watch = [&](int depth, json::parse_event_t event, json &parsed) {
        if (!problem.empty()) {
            return false;                              // the rest is read over, not kept
        }

        switch (event) {
        case json::parse_event_t::object_start:
            names.emplace_back();
            [[fallthrough]];
        case json::parse_event_t::array_start:
            if (depth >= deepest) {
                problem = "JSON is nested too deep";
            }
            break;
        case json::parse_event_t::object_end:
            names.pop_back();
            break;
        case json::parse_event_t::key:
            if (const auto name = parsed.get<std::string>(); !names.back().insert(name).second) {
                problem = '"' + printable(name) + "\" is given twice";
            }
            break;
        case json::parse_event_t::array_end:
        case json::parse_event_t::value:
            break;
        }

        return problem.empty();
    };

    json parsed = json::parse(text, watch, false);
    if (!problem.empty()) {
        return bad_request(problem);
    }
    if (parsed.is_discarded()) {
        return bad_request("malformed JSON");
    }

    return parsed;
}

std::string print_json(const json &value)
{
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace cdn

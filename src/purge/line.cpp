#include "purge/line.h"

#include <nlohmann/json.hpp>

namespace cdn::purge {

namespace {

using Json = nlohmann::json;

struct Print {
    std::string operator()(const Purge &purge) const { return print_purge(purge); }
    std::string operator()(const Cancelled &line) const { return Json{{"cancelled", line.id}}.dump(); }
    std::string operator()(const Published &line) const { return Json{{"published", line.id}}.dump(); }
    std::string operator()(const Cursor &line) const { return Json{{"cursor", line.id}}.dump(); }
    std::string operator()(const Floor &line) const { return Json{{"floor_ms", line.time_ms}, {"strict", line.strict}}.dump(); }
};

}  // namespace

std::string print_line(const Line &line)
{
    return std::visit(Print(), line);
}

Result<Line> parse_line(std::string_view text)
{
    const auto json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
        return bad_request("not a line of the journal");
    }

    const auto word = [&](const char *name) -> const std::string * {
        const auto found = json.find(name);
        return found != json.end() ? found->get_ptr<const std::string *>() : nullptr;
    };
    if (const auto *id = word("cancelled")) {
        return Line(Cancelled{*id});
    }
    if (const auto *id = word("published")) {
        return Line(Published{*id});
    }
    if (const auto *id = word("cursor")) {
        return Line(Cursor{*id});
    }
    if (const auto floor = json.find("floor_ms"); floor != json.end() && floor->is_number_integer()) {
        const auto strict = json.find("strict");
        return Line(Floor{floor->get<std::int64_t>(), strict != json.end() && *strict == true});
    }

    auto purge = parse_purge(text);
    if (!purge) {
        return purge.error();
    }
    return Line(std::move(*purge));
}

}  // namespace cdn::purge

#include "purge/line.h"

#include <nlohmann/json.hpp>

#include <map>

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

// The members of a line; stops at a purge's targets if its time stands before them, as
// print_purge() has it.
class HeadReader : public nlohmann::json_sax<Json> {
public:
    bool is_whole = false;

    template <typename T>
    std::optional<T> find(std::string_view name) const
    {
        const auto found = members_.find(name);
        const T *value = found != members_.end() ? std::get_if<T>(&found->second) : nullptr;
        return value != nullptr ? std::optional(*value) : std::nullopt;
    }

    bool null() override { return true; }
    bool boolean(bool value) override { return keep(value); }
    bool number_integer(std::int64_t value) override { return keep(value); }
    bool number_unsigned(std::uint64_t value) override
    {
        return value > INT64_MAX || keep(static_cast<std::int64_t>(value));
    }
    bool number_float(double, const std::string &) override { return true; }
    bool string(std::string &value) override { return depth_ != 1 || keep(std::move(value)); }
    bool binary(Json::binary_t &) override { return true; }

    bool start_object(std::size_t) override { return ++depth_ > 0; }
    bool end_object() override
    {
        is_whole = --depth_ == 0;
        return true;
    }
    bool start_array(std::size_t) override { return ++depth_ > 1; }
    bool end_array() override { return --depth_ > 0; }
    bool key(std::string &name) override
    {
        if (depth_ == 1) {
            is_whole = name == "targets" && members_.contains("time");
            name_ = std::move(name);
        }
        return !is_whole;
    }
    bool parse_error(std::size_t, const std::string &, const nlohmann::detail::exception &) override { return false; }

private:
    template <typename T>
    bool keep(T value)
    {
        if (depth_ == 1) {
            members_[name_] = std::move(value);
        }
        return depth_ > 0;
    }

    std::map<std::string, std::variant<std::string, std::int64_t, bool>, std::less<>> members_;
    std::string name_;
    int         depth_ = 0;
};

}  // namespace

std::string print_line(const Line &line)
{
    return std::visit(Print(), line);
}

Result<LineHead> parse_line_head(std::string_view text)
{
    HeadReader in;
    static_cast<void>(Json::sax_parse(text, &in));
    if (!in.is_whole) {
        return bad_request("not a line of the journal");
    }

    if (auto id = in.find<std::string>("cancelled")) {
        return LineHead(Cancelled{std::move(*id)});
    }
    if (auto id = in.find<std::string>("published")) {
        return LineHead(Published{std::move(*id)});
    }
    if (auto id = in.find<std::string>("cursor")) {
        return LineHead(Cursor{std::move(*id)});
    }
    if (const auto floor = in.find<std::int64_t>("floor_ms")) {
        return LineHead(Floor{*floor, in.find<bool>("strict").value_or(false)});
    }
    return LineHead(PurgeHead{in.find<std::string>("id").value_or(""), in.find<std::string>("node").value_or(""),
                              in.find<std::int64_t>("at"), in.find<std::int64_t>("time").value_or(0)});
}

Result<Line> parse_line(std::string_view text)
{
    auto head = parse_line_head(text);
    if (!head) {
        return head.error();
    }
    struct Whole {
        std::string_view text;

        Result<Line> operator()(const PurgeHead &) const
        {
            auto purge = parse_purge(text);
            return purge ? Result<Line>(std::move(*purge)) : purge.error();
        }
        Result<Line> operator()(const Cancelled &line) const { return Line(line); }
        Result<Line> operator()(const Published &line) const { return Line(line); }
        Result<Line> operator()(const Cursor &line) const { return Line(line); }
        Result<Line> operator()(const Floor &line) const { return Line(line); }
    };
    return std::visit(Whole{text}, *head);
}

}  // namespace cdn::purge

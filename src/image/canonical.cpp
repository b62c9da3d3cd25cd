#include "image/dialect.h"

#include "core/text.h"
#include "image/option_values.h"

namespace cdn::image {

namespace {

constexpr std::string_view prefix = "/cdn-image/";

std::string_view fit_name(Fit fit)
{
    switch (fit) {
    case Fit::scale_down: return "scale-down";
    case Fit::contain:    return "contain";
    case Fit::cover:      return "cover";
    case Fit::crop:       return "crop";
    case Fit::pad:        return "pad";
    case Fit::squeeze:    return "squeeze";
    }

    return {};
}

std::string print_gravity(const Gravity &gravity)
{
    switch (gravity.kind) {
    case Gravity::Kind::attention: return "attention";
    case Gravity::Kind::entropy:   return "entropy";
    case Gravity::Kind::point:     break;
    }

    return print_decimal(gravity.x) + 'x' + print_decimal(gravity.y);
}

Result<Gravity> read_gravity(std::string_view value)
{
    if (value == "attention") {
        return Gravity{Gravity::Kind::attention};
    }
    if (value == "entropy") {
        return Gravity{Gravity::Kind::entropy};
    }

    return parse_point("g", value, 'x');
}

std::string print_format(const FormatChoice &choice)
{
    if (choice.kind == FormatChoice::Kind::exactly) {
        return std::string(name(choice.formats[0]));
    }

    std::string text = "auto";
    for (const Format format : choice.formats) {
        text += ':';
        text += name(format);
    }

    return text;
}

Result<FormatChoice> read_format(std::string_view value)
{
    const auto parts = split(value, ':');
    const bool negotiated = parts[0] == "auto";

    FormatChoice choice;
    choice.kind = negotiated ? FormatChoice::Kind::negotiated : FormatChoice::Kind::exactly;

    for (std::size_t i = negotiated ? 1 : 0; i < parts.size(); i++) {
        const auto format = format_named(parts[i]);
        if (!format || !can_write(*format) || choice.formats.size() >= 8) {
            return bad_value("f", "formats that can be written", value);
        }
        choice.formats.push_back(*format);
    }

    if (!negotiated && choice.formats.size() != 1) {
        return bad_value("f", "one format or auto", value);
    }

    return choice;
}

Result<std::string> read_origin(std::string_view value)
{
    const auto [scheme, authority, found] = cut(value, ':');
    auto host = parse_host(authority);
    if (!host || (scheme != "http" && scheme != "https")) {
        return bad_value("src", "http: or https: and a host", value);
    }

    return std::string(scheme) + "://" + *host;
}

std::optional<Error> read_option(Request &request, std::string_view key, std::string_view value)
{
    const auto store = [](auto &slot, const auto &parsed) -> std::optional<Error> {
        if (!parsed) {
            return parsed.error();
        }
        slot = *parsed;
        return std::nullopt;
    };

    if (key == "src") {
        return store(request.source.origin, read_origin(value));
    }
    if (key == "w") {
        return store(request.width, parse_side(key, value));
    }
    if (key == "h") {
        return store(request.height, parse_side(key, value));
    }
    if (key == "fit") {
        return store(request.fit, parse_fit(key, value));
    }
    if (key == "g") {
        return store(request.gravity, read_gravity(value));
    }
    if (key == "bg") {
        return store(request.background, parse_color(value));
    }
    if (key == "f") {
        return store(request.format, read_format(value));
    }
    if (key == "q") {
        request.quality.automatic = value == "auto";
        return request.quality.automatic
                   ? std::nullopt
                   : store(request.quality.value, parse_percent(key, value));
    }

    return bad_request("unknown option: \"" + printable(key) + '"');
}

}  // namespace

std::string print_canonical(const Request &request)
{
    std::string text(prefix);

    const auto put = [&](std::string_view key, std::string_view value) {
        text += key;
        text += '=';
        text += value;
        text += ',';
    };

    if (const auto &origin = request.source.origin; !origin.empty()) {
        const auto scheme_end = origin.find("://");
        put("src", origin.substr(0, scheme_end + 1) + origin.substr(scheme_end + 3));
    }
    if (request.width > 0) {
        put("w", std::to_string(request.width));
    }
    if (request.height > 0) {
        put("h", std::to_string(request.height));
    }
    if (request.fit != Fit::scale_down) {
        put("fit", fit_name(request.fit));
    }
    if (request.gravity != Gravity{}) {
        put("g", print_gravity(request.gravity));
    }
    if (request.background) {
        put("bg", print_color(*request.background));
    }
    if (request.format.kind != FormatChoice::Kind::source) {
        put("f", print_format(request.format));
    }
    put("q", request.quality.automatic ? "auto" : std::to_string(request.quality.value));

    text.pop_back();
    return text + request.source.uri();
}

Result<std::optional<Request>> parse_canonical(RawUrl url)
{
    if (!url.path.starts_with(prefix)) {
        return std::optional<Request>();
    }

    const auto [list, rest, has_source] = cut(url.path.substr(prefix.size()), '/');

    Request request;
    for (const auto item : split(list, ',')) {
        const auto [key, value, has_value] = cut(item, '=');
        if (const auto error = read_option(request, key, value)) {
            return *error;
        }
    }

    auto source = site_source(rest, url.query);
    if (!source) {
        return source.error();
    }

    request.source.path = std::move(source->path);
    request.source.query = std::move(source->query);

    Request simple = request;
    simplify(simple);
    if (simple != request) {
        return bad_request("not a canonical image URI: \"" + printable(list) + '"');
    }

    return std::optional(std::move(request));
}

}  // namespace cdn::image

#include "image/dialect.h"

#include "core/text.h"
#include "image/canonical_values.h"
#include "image/option_values.h"

namespace cdn::image {

namespace {

using Problem = std::optional<Error>;

constexpr std::string_view prefix = "/cdn-image/";

// One option of the canonical URI.  Reading may be lax: what printing would
// not print is refused afterwards.
struct Row {
    std::string_view key;
    std::string (*print)(const Request &);             // empty: nothing is said
    Problem (*read)(Request &, std::string_view key, std::string_view value);
};

using Key = std::string_view;
using Value = std::string_view;

// A member that is printed where it differs from that of an empty request.
template <auto member, auto print, auto read>
constexpr Row row(std::string_view key)
{
    return {key,
            [](const Request &request) {
                return request.*member != Request{}.*member ? std::string(print(request.*member))
                                                            : std::string();
            },
            [](Request &request, Key name, Value value) {
                return store(request.*member, read(name, value));
            }};
}

template <auto member, auto print, auto read>
constexpr Row optional_row(std::string_view key)
{
    return {key,
            [](const Request &request) {
                return request.*member ? std::string(print(*(request.*member))) : std::string();
            },
            [](Request &request, Key name, Value value) {
                return store(request.*member, read(name, value));
            }};
}

template <auto member>
std::string print_adjustment(const Request &request)
{
    const auto &value = request.adjust.*member;
    if (value == Adjustments{}.*member) {
        return {};
    }

    if constexpr (std::is_same_v<decltype(value), const std::optional<Color> &>) {
        return print_color(*value);
    } else if constexpr (std::is_same_v<decltype(value), const bool &>) {
        return "true";
    } else {
        return print_decimal(value);
    }
}

// From least / per to most / per: clang takes no template argument that is a double.
template <auto member, int least, int most, int per = 1>
constexpr Row number(std::string_view key)
{
    return {key, print_adjustment<member>, [](Request &request, Key name, Value value) {
                return store(request.adjust.*member, parse_number(name, value, double{least} / per, double{most} / per));
            }};
}

template <auto member>
constexpr Row color(std::string_view key)
{
    return {key, print_adjustment<member>, [](Request &request, Key, Value value) {
                return store(request.adjust.*member, parse_color(value));
            }};
}

template <auto member>
constexpr Row flag(std::string_view key)
{
    return {key, print_adjustment<member>, [](Request &request, Key name, Value value) {
                return store(request.adjust.*member, parse_flag(name, value));
            }};
}

std::string print_bool(bool value)
{
    return value ? "true" : "false";
}

std::string print_int(int value)
{
    return std::to_string(value);
}

template <int least, int most>
Result<int> read_int(std::string_view key, std::string_view value)
{
    return parse_integer(key, value, least, most);
}

Result<int> read_quarters(std::string_view key, std::string_view value)
{
    static constexpr Word<int> words[] = {{"90", 90}, {"180", 180}, {"270", 270}};

    return parse_word(key, value, words, "90, 180 or 270");
}

Result<int> read_tilt(std::string_view key, std::string_view value)
{
    const auto degrees = parse_integer(key, value, 1, 359);
    if (!degrees || *degrees % 90 == 0) {
        return bad_value(key, "1 to 359 and no quarter", value);
    }

    return degrees;
}

Result<Length> read_blur(std::string_view key, std::string_view value)
{
    const auto sigma = read_length(key, value);
    if (!sigma || sigma->value > (sigma->is_share ? 1 : 250)) {
        return bad_value(key, "0 to 250 or a share", value);
    }

    return sigma;
}

Result<Color> read_color(std::string_view, std::string_view value)
{
    return parse_color(value);
}

std::string print_metadata(Metadata metadata)
{
    return metadata == Metadata::keep ? "keep" : "copyright";
}

Result<Metadata> read_metadata(std::string_view key, std::string_view value)
{
    static constexpr Word<Metadata> words[] = {{"copyright", Metadata::copyright},
                                               {"keep", Metadata::keep}};

    return parse_word(key, value, words, "copyright or keep");
}

// A format, or no picture at all.
std::string print_result(const Request &request)
{
    return request.json                                         ? "json"
           : request.format.kind != FormatChoice::Kind::source ? print_format(request.format)
                                                               : std::string();
}

Problem read_result(Request &request, Key key, Value value)
{
    request.json = value == "json";
    return request.json ? Problem() : store(request.format, read_format(key, value));
}

constexpr Row rows[] = {
    {"src", [](const Request &request) { return print_origin(request.source.origin); },
     [](Request &request, Key key, Value value) {
         return store(request.source.origin, read_origin(key, value)); }},

    row<&Request::precut, print_region, read_region>("precut"),
    row<&Request::trim, print_sides, read_sides>("trim"),
    optional_row<&Request::edges, print_edges, read_edges>("edges"),
    row<&Request::region, print_region, read_region>("region"),
    {"flip", [](const Request &request) { return std::string(request.flip ? "h" : ""); },
     [](Request &request, Key key, Value value) -> Problem {
         request.flip = value == "h";
         return request.flip ? Problem() : bad_value(key, "h", value); }},
    row<&Request::rotate, print_int, read_quarters>("rotate"),
    row<&Request::width, print_length, read_side>("w"),
    row<&Request::height, print_length, read_side>("h"),
    row<&Request::fit, print_fit, read_fit>("fit"),
    {"enlarge", [](const Request &request) { return std::string(request.shrink_only ? "false" : ""); },
     [](Request &request, Key key, Value value) -> Problem {
         request.shrink_only = value == "false";
         return request.shrink_only ? Problem() : bad_value(key, "false", value); }},
    row<&Request::gravity, print_gravity, read_gravity>("g"),
    row<&Request::kernel, print_kernel, read_kernel>("kernel"),
    row<&Request::tilt, print_int, read_tilt>("tilt"),
    row<&Request::canvas, print_region, read_region>("canvas"),
    row<&Request::extend, print_sides, read_sides>("extend"),

    {"blur", [](const Request &request) {
         return request.adjust.blur.value > 0 ? print_length(request.adjust.blur) : std::string(); },
     [](Request &request, Key key, Value value) {
         return store(request.adjust.blur, read_blur(key, value)); }},
    number<&Adjustments::sharpen, 0, 10>("sharpen"),
    {"unsharp", [](const Request &request) {
         return request.adjust.unsharp ? print_unsharp(*request.adjust.unsharp) : std::string(); },
     [](Request &request, Key key, Value value) {
         return store(request.adjust.unsharp, read_unsharp(key, value)); }},
    number<&Adjustments::scale, -1'000'000, 1'000'000>("scale"),
    number<&Adjustments::offset, -100'000'000, 100'000'000>("offset"),
    number<&Adjustments::gamma, 1, 10'000, 100>("gamma"),
    number<&Adjustments::saturation, 0, 1000>("saturation"),
    number<&Adjustments::hue, -360, 360>("hue"),
    number<&Adjustments::sepia, 0, 1>("sepia"),
    color<&Adjustments::tint>("tint"),
    color<&Adjustments::colorize>("colorize"),
    flag<&Adjustments::negate>("negate"),
    flag<&Adjustments::normalize>("normalize"),
    {"threshold", print_adjustment<&Adjustments::threshold>,
     [](Request &request, Key key, Value value) {
         return store(request.adjust.threshold, parse_integer(key, value, 1, 255)); }},
    flag<&Adjustments::dither>("dither"),
    flag<&Adjustments::colors_first>("colors-first"),

    optional_row<&Request::background, print_color, read_color>("bg"),
    {"f", print_result, read_result},
    row<&Request::max_bytes, print_int, read_int<1, 1 << 30>>("bytes"),
    row<&Request::lossless, print_bool, parse_flag>("lossless"),
    row<&Request::near_lossless, print_bool, parse_flag>("near-lossless"),
    row<&Request::alpha_quality, print_int, read_int<0, 100>>("alpha-quality"),
    row<&Request::palette, print_bool, parse_flag>("palette"),
    row<&Request::compression, print_int, read_int<0, 9>>("compression"),
    row<&Request::filter, print_bool, parse_flag>("filter"),
    optional_row<&Request::progressive, print_bool, parse_flag>("progressive"),
    row<&Request::animate, print_bool, parse_flag>("anim"),
    row<&Request::page, print_int, read_int<1, 9999>>("page"),
    row<&Request::metadata, print_metadata, read_metadata>("metadata"),
    optional_row<&Request::overlay, print_overlay, read_overlay>("overlay"),
    {"q", [](const Request &request) { return print_quality(request.quality); },
     [](Request &request, Key key, Value value) {
         return store(request.quality, read_quality(key, value)); }},
};

Problem read_option(Request &request, std::string_view key, std::string_view value)
{
    for (const Row &row : rows) {
        if (row.key == key) {
            return row.read(request, key, value);
        }
    }

    return bad_request("unknown option: \"" + printable(key) + '"');
}

}  // namespace

std::string print_canonical(const Request &request)
{
    std::string text(prefix);

    for (const Row &row : rows) {
        if (const auto value = row.print(request); !value.empty()) {
            text += row.key;
            text += '=';
            text += value;
            text += ',';
        }
    }

    text.pop_back();                                   // q= is always there
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
    const std::string target = url.query.empty() ? std::string(url.path)
                                                 : std::string(url.path) + '?' + std::string(url.query);
    if (simple != request || print_canonical(request) != target) {
        return bad_request("not a canonical image URI: \"" + printable(list) + '"');
    }

    return std::optional(std::move(request));
}

}  // namespace cdn::image

#include "image/dialect.h"

#include "core/text.h"
#include "image/option_values.h"

namespace cdn::image {

namespace {

constexpr std::string_view prefix = "/cdn-cgi/image/";

Result<Gravity> parse_gravity(std::string_view key, std::string_view value)
{
    static constexpr std::pair<std::string_view, Gravity> words[] = {
        {"auto", {Gravity::Kind::attention}},
        {"entropy", {Gravity::Kind::entropy}},
        {"center", {}},
        {"face", {}},                                  // no faces found: the centre
        {"left", {Gravity::Kind::point, 0.0, 0.5}},
        {"right", {Gravity::Kind::point, 1.0, 0.5}},
        {"top", {Gravity::Kind::point, 0.5, 0.0}},
        {"bottom", {Gravity::Kind::point, 0.5, 1.0}},
    };

    for (const auto &[word, gravity] : words) {
        if (word == value) {
            return gravity;
        }
    }

    return parse_point(key, value, 'x');
}

Result<Quality> parse_own_quality(std::string_view key, std::string_view value)
{
    static constexpr Word<Quality> words[] = {
        {"auto", {true}},            {"high", {false, 85}}, {"medium-high", {false, 80}},
        {"medium-low", {false, 70}}, {"low", {false, 60}},
    };

    return parse_quality(key, value, words);
}

Result<std::optional<Format>> parse_format(std::string_view key, std::string_view value)
{
    if (value == "auto") {
        return std::optional<Format>();
    }

    for (const Format format : {Format::avif, Format::webp, Format::jpeg, Format::png}) {
        if (value == name(format)) {
            return std::optional(format);
        }
    }

    return bad_value(key, "auto, avif, webp, jpeg, baseline-jpeg, png or json", value);
}

std::optional<Error> set_format(Options &options, std::string_view key, std::string_view value)
{
    options.json.reset();
    options.progressive.reset();

    if (value == "json") {
        options.json = true;
        return std::nullopt;
    }
    if (value == "baseline-jpeg") {
        options.format = std::optional(Format::jpeg);
        options.progressive = false;
        return std::nullopt;
    }

    return store(options.format, parse_format(key, value));
}

std::optional<Error> set_flip(Options &options, std::string_view key, std::string_view value)
{
    if (value != "h" && value != "v" && value != "hv" && value != "vh") {
        return bad_value(key, "h, v or hv", value);
    }

    options.flip_horizontal = value.find('h') != value.npos;
    options.flip_vertical = value.find('v') != value.npos;
    return std::nullopt;
}

// Pixels of the source, or a share with a point.
Result<Length> parse_cut_edge(std::string_view key, std::string_view value)
{
    if (value.find('.') == value.npos) {
        return parse_edge(key, value);
    }

    const auto share = parse_number(key, value, 0, 1);
    if (!share) {
        return share.error();
    }
    return Length{*share, *share > 0};
}

// "top;right;bottom;left".
Result<Sides> parse_trim(std::string_view key, std::string_view value)
{
    const auto parts = split(value, ';');
    if (parts.size() != 4) {
        return bad_value(key, "border, or top;right;bottom;left in pixels or shares", value);
    }

    Sides sides;
    Length *const places[] = {&sides.top, &sides.right, &sides.bottom, &sides.left};
    for (std::size_t i = 0; i < 4; i++) {
        if (const auto error = store(*places[i], parse_cut_edge(key, parts[i]))) {
            return *error;
        }
    }

    return sides;
}

std::optional<Error> set_border(PlainEdges &edges, std::string_view key, std::string_view value)
{
    if (key == "trim.border.tolerance") {
        return store(edges.threshold, parse_integer(key, value, 0, 255));
    }
    if (key == "trim.border.keep") {
        return store(edges.keep, parse_integer(key, value, 0, 100'000));
    }
    if (key == "trim.border.color") {
        const auto color = parse_color(value);
        if (color) {
            edges.color = color->alpha == 0 ? transparent : Color{color->red, color->green, color->blue};
        }
        return color ? std::nullopt : std::optional(color.error());
    }

    return bad_request("unknown option: \"" + printable(key) + '"');
}

// trim.width and trim.height together with trim.left and trim.top.
std::optional<Error> set_trim_part(Options &options, std::string_view key, std::string_view value)
{
    if (key.starts_with("trim.border.")) {
        options.edges = options.edges.value_or(PlainEdges{});
        return set_border(*options.edges, key, value);
    }
    if (key == "trim.right" || key == "trim.bottom") {
        options.trim = options.trim.value_or(Sides{});
        return store(key == "trim.right" ? options.trim->right : options.trim->bottom,
                     parse_cut_edge(key, value));
    }

    if (!options.region) {
        options.region.emplace();
        options.region->x = options.region->y = corner(0);
    }
    Region &region = *options.region;
    return key == "trim.width"    ? store(region.width, parse_cut_edge(key, value))
           : key == "trim.height" ? store(region.height, parse_cut_edge(key, value))
           : key == "trim.left"   ? store(region.x.at, parse_cut_edge(key, value))
           : key == "trim.top"    ? store(region.y.at, parse_cut_edge(key, value))
                                  : std::optional(bad_request("unknown option: \"" + printable(key) + '"'));
}

// Factors of which 0 means "as it is".
std::optional<Error> set_factor(std::optional<double> &slot, std::string_view key,
                                std::string_view value)
{
    const auto number = parse_number(key, value, 0, 100);
    if (!number) {
        return number.error();
    }
    if (*number > 0) {
        slot = *number;
    }

    return std::nullopt;
}

std::optional<Error> set_blur(Options &options, std::string_view key, std::string_view value)
{
    const auto radius = parse_number(key, value, 1, 250);
    if (!radius) {
        return radius.error();
    }

    options.blur = *radius / 2;                        // a CSS-like radius is two sigmas
    return std::nullopt;
}

std::optional<Error> set_adjustment(Options &options, std::string_view key, std::string_view value)
{
    if (key == "blur") {
        return set_blur(options, key, value);
    }
    if (key == "sharpen") {
        return store(options.sharpen, parse_number(key, value, 0, 10));
    }
    if (key == "brightness") {
        return set_factor(options.brightness, key, value);
    }
    if (key == "contrast") {
        return set_factor(options.contrast, key, value);
    }
    if (key == "gamma") {
        return set_factor(options.gamma, key, value);
    }
    if (key == "saturation") {
        return store(options.saturation, parse_number(key, value, 0, 100));
    }
    if (key == "rotate") {
        static constexpr Word<int> angles[] = {{"0", 0}, {"90", 90}, {"180", 180}, {"270", 270}, {"360", 0}};
        return store(options.rotate, parse_word(key, value, angles, "90, 180 or 270"));
    }
    if (key == "flip") {
        return set_flip(options, key, value);
    }
    if (key == "trim" || key.starts_with("trim.")) {
        options.dense_cuts = true;
    }
    if (key == "trim" && value == "border") {
        options.edges = options.edges.value_or(PlainEdges{});
        return std::nullopt;
    }
    if (key == "trim") {
        return store(options.trim, parse_trim(key, value));
    }
    if (key.starts_with("trim.")) {
        return set_trim_part(options, key, value);
    }

    return bad_request("unknown option: \"" + printable(key) + '"');
}

std::optional<Error> set_output(Options &options, std::string_view key, std::string_view value)
{
    if (key == "quality" || key == "q") {
        return store(options.quality, parse_own_quality(key, value));
    }
    if (key == "slow-connection-quality" || key == "scq") {
        return store(options.slow_quality, parse_own_quality(key, value));
    }
    if (key == "format" || key == "f") {
        return set_format(options, key, value);
    }
    if (key == "compression" && value == "fast") {
        options.plain_format = true;
        return std::nullopt;
    }
    if (key == "onerror" && value == "redirect") {
        options.redirect = true;
        return std::nullopt;
    }
    if (key == "anim") {
        return store(options.animate, parse_flag(key, value));
    }
    if (key == "background") {
        return store(options.background, parse_color(value));
    }
    if (key == "metadata") {
        static constexpr Word<Metadata> words[] = {
            {"none", Metadata::none}, {"copyright", Metadata::copyright}, {"keep", Metadata::keep}};
        return store(options.metadata, parse_word(key, value, words, "none, copyright or keep"));
    }
    if (key == "preset") {
        options.preset = std::string(value);
        return std::nullopt;
    }

    return set_adjustment(options, key, value);
}

// What only a trained model could do, in the words that ask for none.
std::optional<Error> set_by_model(std::string_view key, std::string_view value)
{
    if (key == "zoom" || key == "face-zoom") {
        std::optional<double> unused;                  // no faces found: no zoom
        return store(unused, parse_number(key, value, 0, 1));
    }
    if (key == "upscale") {
        static constexpr Word<bool> words[] = {{"interpolate", true}, {"generate", true}};
        bool unused = false;
        return store(unused, parse_word(key, value, words, "interpolate or generate"));
    }

    return bad_request(std::string(key) + " is not supported here");
}

std::optional<Error> set(Options &options, std::string_view key, std::string_view value)
{
    if (key == "width" || key == "w") {
        return set_width(options, key, value);
    }
    if (key == "height" || key == "h") {
        return store(options.height, parse_side(key, value));
    }
    if (key == "dpr") {
        return store(options.dpr, parse_number(key, value, 0.01, 3));
    }
    if (key == "fit") {
        return store(options.fit, parse_fit(key, value));
    }
    if (key == "gravity" || key == "g") {
        return store(options.gravity, parse_gravity(key, value));
    }
    if (key == "zoom" || key == "face-zoom" || key == "upscale" || key == "segment") {
        return set_by_model(key, value);
    }

    return set_output(options, key, value);
}

}  // namespace

Parsed parse_cloudflare(RawUrl url)
{
    if (!url.path.starts_with(prefix)) {
        return std::optional<Asked>();
    }

    const auto [list, rest, has_source] = cut(url.path.substr(prefix.size()), '/');
    if (!has_source || rest.empty()) {
        return bad_request("the source is missing after the options");
    }

    Asked asked;
    for (const auto item : split(list, ',')) {
        const auto [key, encoded, has_value] = cut(item, '=');
        const auto value = percent_decode(encoded);

        if (!has_value || !value || value->empty()) {
            return bad_request("not an option: \"" + printable(item) + '"');
        }
        if (const auto error = set(asked.options, key, *value)) {
            return *error;
        }
    }

    // WebP at 100 is lossless there
    const Options &options = asked.options;
    if (options.format == std::optional(std::optional(Format::webp)) && options.quality
        && *options.quality == Quality{false, 100})
    {
        asked.options.lossless = true;
    }

    auto source = any_source(rest, url.query);
    if (!source) {
        return source.error();
    }

    asked.source = std::move(*source);
    return std::optional(std::move(asked));
}

}  // namespace cdn::image

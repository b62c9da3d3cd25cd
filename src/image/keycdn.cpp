#include "image/dialect.h"

#include "core/text.h"
#include "image/query.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace cdn::image {

namespace {

// What decides together with other arguments.
struct Aside {
    bool                   smart = false;              // crop=smart
    std::optional<Region>  focus;                      // crop=fp: places and zoom
    bool                   remove_alpha = false;
    Overlay                overlay;                    // ol...
    bool                   has_overlay = false;        // olurl
};

// ---- geometry

// A share, or pixels where it is a whole number over 1.
Result<Length> parse_focal_place(std::string_view name, std::string_view value)
{
    const auto number = parse_number(name, value, 0, 10'000);
    if (!number || (*number > 1 && *number != std::floor(*number))) {
        return bad_value(name, "a place from 0 to 1, or in whole pixels to 10000", value);
    }

    return Length(*number, *number <= 1);
}

// "fp,x,y" and "fp,x,y,zoom".
Result<Region> parse_focus(std::string_view name, std::string_view value)
{
    const auto parts = split(value, ',');
    if (parts.size() != 3 && parts.size() != 4) {
        return bad_value(name, "smart, w,h or w,h,x,y or fp,x,y or fp,x,y,zoom", value);
    }

    Region focus;
    focus.x.kind = focus.y.kind = Place::Kind::centre;
    auto error = store(focus.x.at, parse_focal_place(name, parts[1]));
    if (!error) {
        error = store(focus.y.at, parse_focal_place(name, parts[2]));
    }
    if (!error && parts.size() == 4) {
        error = store(focus.zoom, parse_clamped(name, parts[3], 0, 100));
    }
    if (error) {
        return *error;
    }

    focus.zoom = std::max(focus.zoom, 1.0);
    return focus;
}

std::optional<Error> set_crop(Options &options, Aside &aside, std::string_view name,
                              std::string_view value)
{
    options.region.reset();                            // a later crop overrides whole
    aside.smart = value == "smart";
    aside.focus.reset();

    if (aside.smart) {
        return std::nullopt;
    }
    if (value.starts_with("fp,") || value.starts_with("fpd,")) {
        return store(aside.focus, parse_focus(name, value));
    }

    return store(options.region, parse_cut(name, value));
}

Result<Fit> parse_keycdn_fit(std::string_view name, std::string_view value)
{
    static constexpr Word<Fit> words[] = {
        {"cover", Fit::cover},    {"contain", Fit::pad},     {"fill", Fit::squeeze},
        {"inside", Fit::contain}, {"outside", Fit::outside},
    };

    return parse_word(name, value, words, "cover, contain, fill, inside or outside");
}

Result<PlainEdges> parse_trim(std::string_view name, std::string_view value)
{
    const auto threshold = parse_clamped(name, value, 0, 100);
    if (!threshold) {
        return threshold.error();
    }

    return PlainEdges{*threshold, {}};
}

Result<int> parse_rotation(std::string_view name, std::string_view value)
{
    return parse_integer(name, value, -359, 359);
}

// Of a cut, or of a picture on its pad.
std::optional<Error> set_position(Options &options, Aside &, std::string_view name,
                                  std::string_view value)
{
    constexpr auto point = Gravity::Kind::point;
    static constexpr Word<Gravity> words[] = {
        {"center", {}},
        {"top", {point, 0.5, 0}},
        {"right", {point, 1, 0.5}},
        {"bottom", {point, 0.5, 1}},
        {"left", {point, 0, 0.5}},
    };

    auto error = store(options.position, parse_word(name, value, words, "top, right, bottom or left"));
    options.gravity = options.position;
    return error;
}

// "n", or "top,right,bottom,left".
Result<Sides> parse_extend(std::string_view name, std::string_view value)
{
    const auto parts = split(value, ',');
    if (parts.size() != 1 && parts.size() != 4) {
        return bad_value(name, "n or top,right,bottom,left in pixels", value);
    }

    Sides sides;
    Length *const places[] = {&sides.top, &sides.right, &sides.bottom, &sides.left};
    for (std::size_t i = 0; i < std::size(places); i++) {
        const auto pixels = parse_integer(name, parts[parts.size() == 1 ? 0 : i], 0, 1000);
        if (!pixels) {
            return pixels.error();
        }
        places[i]->value = *pixels;
    }

    return sides;
}

// ---- colours and pixels

std::optional<Error> set_grayscale(Options &options, Aside &, std::string_view name,
                                   std::string_view value)
{
    const auto flag = parse_flag(name, value);
    if (!flag) {
        return flag.error();
    }

    options.saturation = *flag ? 0 : 1;
    return std::nullopt;
}

template <int least, int most>
Result<int> parse_clamped_integer(std::string_view name, std::string_view value)
{
    const auto number = parse_clamped(name, value, least, most);
    if (!number) {
        return number.error();
    }

    return static_cast<int>(*number);
}

// The range includes 0, which has no meaning: it leaves the picture alone.
double to_gamma(double value) { return value > 0 ? std::max(value, 0.1) : 1; }
double to_tenth(double percent) { return percent / 10; }
double as_is(double value) { return value; }

// ---- the answer

Result<std::optional<Format>> parse_keycdn_format(std::string_view name, std::string_view value)
{
    if (value == "tiff") {
        return std::optional(Format::tiff);
    }

    auto format = parse_output_format(name, value);
    return format ? std::move(format) : bad_value(name, "auto, avif, webp, jpeg, png, gif or tiff", value);
}

Result<Metadata> parse_metadata(std::string_view name, std::string_view value)
{
    const auto keep = parse_flag(name, value);
    if (!keep) {
        return keep.error();
    }

    return *keep ? Metadata::keep : Metadata::none;
}

std::optional<Error> set_remove_alpha(Options &, Aside &aside, std::string_view name,
                                      std::string_view value)
{
    return store(aside.remove_alpha, parse_flag(name, value));
}

// ---- the overlay

std::optional<Error> set_overlay_url(Options &, Aside &aside, std::string_view, std::string_view value)
{
    auto source = any_source(value);
    if (!source) {
        return bad_request("olurl: " + source.error().message);
    }

    aside.overlay.source = std::move(*source);
    aside.has_overlay = true;
    return std::nullopt;
}

std::optional<Error> set_overlay_place(Options &, Aside &aside, std::string_view name, std::string_view value)
{
    constexpr auto point = Gravity::Kind::point;
    static constexpr Word<Gravity> words[] = {
        {"center", {}},
        {"top", {point, 0.5, 0}},
        {"topright", {point, 1, 0}},
        {"right", {point, 1, 0.5}},
        {"bottomright", {point, 1, 1}},
        {"bottom", {point, 0.5, 1}},
        {"bottomleft", {point, 0, 1}},
        {"left", {point, 0, 0.5}},
        {"topleft", {point, 0, 0}},
    };

    const auto place = parse_word(name, value, words,
                                  "center, top, topright, right, bottomright, bottom, bottomleft, left or topleft");
    if (!place) {
        return place.error();
    }

    aside.overlay.x = place->x;
    aside.overlay.y = place->y;
    return std::nullopt;
}

// "120" pixels, "25%" of the finished picture.
Result<Length> parse_overlay_side(std::string_view name, std::string_view value)
{
    if (!value.ends_with('%')) {
        return parse_side(name, value);
    }

    const auto percent = parse_integer(name, value.substr(0, value.size() - 1), 1, 100);
    if (!percent) {
        return bad_value(name, "pixels, or 1% to 100%", value);
    }

    return Length(*percent / 100.0, true);
}

template <int least, int most>
Result<int> parse_int(std::string_view name, std::string_view value)
{
    return parse_integer(name, value, least, most);
}

template <auto member, auto parse>
std::optional<Error> set_overlay(Options &, Aside &aside, std::string_view name, std::string_view value)
{
    return store(aside.overlay.*member, parse(name, value));
}

constexpr Argument<Aside> arguments[] = {
    {"trim", set_slot<&Options::edges, parse_trim>},
    {"crop", set_crop},
    {"width", set_slot<&Options::width, parse_side>},
    {"height", set_slot<&Options::height, parse_side>},
    {"fit", set_slot<&Options::fit, parse_keycdn_fit>},
    {"position", set_position},
    {"enlarge", set_slot<&Options::enlarge, parse_flag>},
    {"bg", set_slot<&Options::background, parse_channels>},
    {"extend", set_slot<&Options::extend, parse_extend>},
    {"rotate", set_slot<&Options::rotate, parse_rotation>},
    {"flip", set_slot<&Options::flip_vertical, parse_flag>},
    {"flop", set_slot<&Options::flip_horizontal, parse_flag>},

    {"sharpen", set_slot<&Options::sharpen, parse_converted<0, 100, to_tenth>>},
    {"blur", set_slot<&Options::blur, parse_converted<0, 100, as_is>>},
    {"gamma", set_slot<&Options::gamma, parse_converted<0, 3, to_gamma>>},
    {"negate", set_slot<&Options::negate, parse_flag>},
    {"normalize", set_slot<&Options::normalize, parse_flag>},
    {"grayscale", set_grayscale},
    {"removealpha", set_remove_alpha},
    {"threshold", set_slot<&Options::threshold, parse_clamped_integer<0, 255>>},
    {"tint", set_slot<&Options::colorize, parse_channels>},

    {"olurl", set_overlay_url},
    {"olalign", set_overlay_place},
    {"olx", set_overlay<&Overlay::shift_x, parse_int<0, Overlay::max_shift>>},
    {"oly", set_overlay<&Overlay::shift_y, parse_int<0, Overlay::max_shift>>},
    {"olwidth", set_overlay<&Overlay::width, parse_overlay_side>},
    {"olheight", set_overlay<&Overlay::height, parse_overlay_side>},
    {"olalpha", set_overlay<&Overlay::opacity, parse_clamped_integer<1, 99>>},
    {"olrepeat", set_overlay<&Overlay::repeats, parse_flag>},

    {"format", set_slot<&Options::format, parse_keycdn_format>},
    {"quality", set_slot<&Options::quality, parse_clamped_quality>},
    {"progressive", set_slot<&Options::progressive, parse_flag>},
    {"lossless", set_slot<&Options::lossless, parse_flag>},
    {"nearlossless", set_slot<&Options::near_lossless, parse_flag>},
    {"alphaquality", set_slot<&Options::alpha_quality, parse_clamped_integer<0, 100>>},
    {"compression", set_slot<&Options::compression, parse_clamped_integer<0, 9>>},
    {"adaptive", set_slot<&Options::filter, parse_flag>},
    {"metadata", set_slot<&Options::metadata, parse_metadata>},
    {"preset", set_slot<&Options::preset, parse_preset>},
};

// What of the source fills the box: a gravity says it, where it is no more
// than a point of the whole.
void focus(Options &options, Region focus)
{
    if (focus.zoom == 1 && focus.x.at.is_share && focus.y.at.is_share) {
        options.gravity = Gravity{Gravity::Kind::point, focus.x.at.value, focus.y.at.value};
        return;
    }
    if (!options.width || !options.height) {
        return;                                        // there is no box
    }

    const bool on_side = options.rotate.value_or(0) % 180 != 0 && options.rotate.value_or(0) % 90 == 0;
    const double aspect = options.width->value / options.height->value;
    focus.aspect = on_side ? 1 / aspect : aspect;
    options.region = focus;
}

void combine(Options &options, const Aside &aside)
{
    if (aside.smart) {
        options.gravity = Gravity{Gravity::Kind::attention};
    }
    if (aside.focus) {
        focus(options, *aside.focus);
    }
    if (aside.smart || aside.focus) {
        options.fit = Fit::cover;                      // the crop leaves a fit nothing to do
    }

    if (aside.remove_alpha) {
        options.background = options.background.value_or(white);
        options.background->alpha = 255;
    }
    if (aside.has_overlay) {
        options.overlay = aside.overlay;
    }
}

Parsed parse_query_form(RawUrl url)
{
    Aside aside;
    auto parsed = parse_query_dialect(url, arguments, aside);
    if (!parsed || !*parsed) {
        return parsed;
    }

    Options &options = (*parsed)->options;
    combine(options, aside);

    Options &defaults = (*parsed)->defaults;
    defaults.fit = Fit::cover;                         // enlarges, as KeyCDN does
    defaults.quality = Quality{false, 80};
    return parsed;
}

// ---- /w=300,h=200,q=80,f=webp,c=1/<path>

struct Nothing {};

Result<Quality> parse_strict_quality(std::string_view key, std::string_view value)
{
    const auto number = parse_integer(key, value, 1, 100);
    if (!number) {
        return number.error();
    }

    return Quality{false, *number};
}

std::optional<Error> set_c(Options &options, Nothing &, std::string_view key,
                           std::string_view value)
{
    if (value != "0" && value != "1") {
        return bad_value(key, "0 or 1", value);
    }

    options.fit = value == "1" ? Fit::cover : Fit::scale_down;
    options.gravity = Gravity{};
    return std::nullopt;
}

constexpr Argument<Nothing> path_arguments[] = {
    {"w", set_slot<&Options::width, parse_side>},
    {"h", set_slot<&Options::height, parse_side>},
    {"q", set_slot<&Options::quality, parse_strict_quality>},
    {"f", set_slot<&Options::format, parse_keycdn_format>},
    {"c", set_c},
    {"preset", set_slot<&Options::preset, parse_preset>},
};

// Other paths must not be taken for options: every item of the list looks
// like one, and the first is one.
bool is_option_list(std::string_view list)
{
    const auto looks_like_option = [](std::string_view item) {
        const auto [key, value, found] = cut(item, '=');
        return !key.empty() && !value.empty()
               && std::all_of(key.begin(), key.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    };

    const auto items = split(list, ',');
    return std::all_of(items.begin(), items.end(), looks_like_option)
           && find_argument(path_arguments, cut(items.front(), '=').before) != nullptr;
}

std::optional<Error> read_option_list(Options &options, std::string_view list)
{
    for (const auto item : split(list, ',')) {
        const auto [key, encoded, has_value] = cut(item, '=');
        const auto *argument = find_argument(path_arguments, key);
        const auto value = percent_decode(encoded);

        if (argument == nullptr) {
            return bad_request("unknown option: \"" + printable(key) + '"');
        }
        if (!value) {
            return bad_request("not an option: \"" + printable(item) + '"');
        }

        Nothing nothing;
        if (auto error = argument->set(options, nothing, key, *value)) {
            return error;
        }
    }

    return std::nullopt;
}

Parsed parse_path_form(std::string_view list, std::string_view path, std::string_view query)
{
    Asked asked;
    if (const auto error = read_option_list(asked.options, list)) {
        return *error;
    }

    auto source = site_source(path, query);
    if (!source) {
        return source.error();
    }

    asked.defaults.format.emplace();                   // auto
    asked.defaults.quality = Quality{false, 80};

    asked.source = std::move(*source);
    return std::optional(std::move(asked));
}

}  // namespace

Parsed parse_keycdn(RawUrl url)
{
    if (url.path.starts_with('/')) {
        const auto [list, path, found] = cut(url.path.substr(1), '/');
        if (is_option_list(list)) {
            return parse_path_form(list, path, url.query);
        }
    }

    return parse_query_form(url);
}

}  // namespace cdn::image

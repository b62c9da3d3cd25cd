#include "image/dialect.h"

#include "core/text.h"
#include "image/query.h"

#include <algorithm>
#include <iterator>

namespace cdn::image {

namespace {

// What decides together with other arguments.
struct Aside {
    std::optional<Gravity> focus;                      // of crop=smart and crop=fp
    std::optional<Gravity> position;
    bool                   remove_alpha = false;
    std::optional<bool>    lossless;
    std::optional<bool>    near_lossless;
};

// ---- geometry

// "fp,x,y" and "fp,x,y,z" after the word: where on the picture.
Result<Gravity> parse_focus(std::string_view name, std::string_view value)
{
    const auto parts = split(value, ',');
    if (parts.size() == 4 && parse_decimal(parts[3]) != 0.0) {
        return bad_value(name, "a focal point without zoom, which is not supported", value);
    }
    if (parts.size() != 3 && parts.size() != 4) {
        return bad_value(name, "smart, w,h or w,h,x,y or fp,x,y", value);
    }

    const auto point = parse_point(name, std::string(parts[1]) + ',' + std::string(parts[2]), ',');
    if (!point) {
        return bad_value(name, "a focal point from 0 to 1, pixels are not supported", value);
    }

    return point;
}

std::optional<Error> set_crop(Options &options, Aside &aside, std::string_view name,
                              std::string_view value)
{
    options.region.reset();                            // a later crop overrides whole
    aside.focus.reset();

    if (value == "smart") {
        aside.focus = Gravity{Gravity::Kind::attention};
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
        {"cover", Fit::cover},
        {"contain", Fit::pad},
        {"fill", Fit::squeeze},
        {"inside", Fit::contain},
    };

    if (value == "outside") {
        return bad_request("fit=outside is not supported");
    }

    return parse_word(name, value, words, "cover, contain, fill or inside");
}

std::optional<Error> set_position(Options &, Aside &aside, std::string_view name,
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

    return store(aside.position, parse_word(name, value, words, "top, right, bottom or left"));
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

// Any colour, or its channels alone: "r,g,b", "r,g,b,a".
Result<Color> parse_channels(std::string_view name, std::string_view value)
{
    const bool bare = value.find(',') != value.npos && value.find('(') == value.npos;
    const auto color = parse_color(bare ? "rgb(" + std::string(value) + ')' : std::string(value));
    if (!color) {
        return bad_value(name, "a colour", value);
    }

    return *color;
}

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

Result<int> parse_threshold(std::string_view name, std::string_view value)
{
    const auto number = parse_clamped(name, value, 0, 255);
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

Result<Metadata> parse_metadata(std::string_view name, std::string_view value)
{
    const auto keep = parse_flag(name, value);
    if (!keep) {
        return keep.error();
    }

    return *keep ? Metadata::keep : Metadata::none;
}

template <auto slot>
std::optional<Error> set_aside(Options &, Aside &aside, std::string_view name,
                               std::string_view value)
{
    return store(aside.*slot, parse_flag(name, value));
}

std::optional<Error> refuse(Options &, Aside &, std::string_view name, std::string_view)
{
    return bad_request(std::string(name) + " is not supported");
}

constexpr Argument<Aside> arguments[] = {
    {"trim", refuse},                                  // finding plain edges
    {"crop", set_crop},
    {"width", set_slot<&Options::width, parse_side>},
    {"height", set_slot<&Options::height, parse_side>},
    {"fit", set_slot<&Options::fit, parse_keycdn_fit>},
    {"position", set_position},
    {"enlarge", set_slot<&Options::enlarge, parse_flag>},
    {"bg", set_slot<&Options::background, parse_channels>},
    {"extend", set_slot<&Options::extend, parse_extend>},
    {"rotate", set_slot<&Options::rotate, parse_quarter_turns>},
    {"flip", set_slot<&Options::flip_vertical, parse_flag>},
    {"flop", set_slot<&Options::flip_horizontal, parse_flag>},

    {"sharpen", set_slot<&Options::sharpen, parse_converted<0, 100, to_tenth>>},
    {"blur", set_slot<&Options::blur, parse_converted<0, 100, as_is>>},
    {"gamma", set_slot<&Options::gamma, parse_converted<0, 3, to_gamma>>},
    {"negate", set_slot<&Options::negate, parse_flag>},
    {"normalize", set_slot<&Options::normalize, parse_flag>},
    {"grayscale", set_grayscale},
    {"removealpha", set_aside<&Aside::remove_alpha>},
    {"threshold", set_slot<&Options::threshold, parse_threshold>},
    {"tint", set_slot<&Options::tint, parse_channels>},

    {"olurl", refuse}, {"olalign", refuse}, {"olx", refuse}, {"oly", refuse},
    {"olwidth", refuse}, {"olheight", refuse}, {"olalpha", refuse}, {"olrepeat", refuse},

    {"format", set_slot<&Options::format, parse_output_format>},
    {"quality", set_slot<&Options::quality, parse_clamped_quality>},
    {"progressive", set_slot<&Options::progressive, parse_flag>},
    {"lossless", set_aside<&Aside::lossless>},
    {"nearlossless", set_aside<&Aside::near_lossless>},
    {"metadata", set_slot<&Options::metadata, parse_metadata>},
    {"compression", no_effect},
    {"adaptive", no_effect},
    {"alphaquality", no_effect},
    {"preset", set_slot<&Options::preset, parse_preset>},
};

std::optional<Error> combine(Options &options, const Aside &aside)
{
    const bool off_centre = aside.position.value_or(Gravity{}) != Gravity{};
    if (off_centre && !aside.focus && options.fit == Fit::pad) {
        return bad_request("position is not supported with fit=contain");
    }

    options.gravity = aside.focus ? aside.focus : aside.position;
    if (aside.focus) {
        options.fit = Fit::cover;                      // the crop leaves a fit nothing to do
    }

    if (aside.remove_alpha) {
        options.background = options.background.value_or(white);
        options.background->alpha = 255;
    }

    if (aside.lossless || aside.near_lossless) {
        options.lossless = aside.lossless.value_or(false) || aside.near_lossless.value_or(false);
    }

    return std::nullopt;
}

Parsed parse_query_form(RawUrl url)
{
    Aside aside;
    auto parsed = parse_query_dialect(url, arguments, aside);
    if (!parsed || !*parsed) {
        return parsed;
    }

    Options &options = (*parsed)->options;
    if (const auto error = combine(options, aside)) {
        return *error;
    }

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
    {"f", set_slot<&Options::format, parse_output_format>},
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

#include "image/dialect.h"

#include "core/text.h"
#include "image/query.h"

#include <cmath>

namespace cdn::image {

namespace {

// Bunny says several ways what to cut out, and Options has one place for it.
struct Cuts {
    std::optional<Region> aspect_ratio;
    std::optional<Region> crop;
    Gravity               crop_gravity;                // of a crop without a corner
    std::optional<Region> focus_crop;
    std::optional<Region> face_crop;

    // The most exact one.
    std::optional<Region> chosen() const
    {
        if (focus_crop || face_crop) {
            return focus_crop ? focus_crop : face_crop;
        }
        if (!crop) {
            return aspect_ratio;
        }

        Region region = *crop;
        if (region.x == Place{} && region.y == Place{}) {
            region.x = centre(Length(crop_gravity.x, true));
            region.y = centre(Length(crop_gravity.y, true));
        }
        return region;
    }
};

std::optional<Error> set_aspect_ratio(Options &, Cuts &cuts, std::string_view name,
                                      std::string_view value)
{
    cuts.aspect_ratio.reset();
    return value == "auto" ? std::nullopt
                           : store(cuts.aspect_ratio.emplace().aspect, parse_ratio(name, value));
}

std::optional<Error> set_crop(Options &, Cuts &cuts, std::string_view name, std::string_view value)
{
    return store(cuts.crop, parse_cut(name, value));
}

std::optional<Error> set_crop_gravity(Options &, Cuts &cuts, std::string_view name,
                                      std::string_view value)
{
    constexpr auto point = Gravity::Kind::point;
    static constexpr Word<Gravity> words[] = {
        {"northwest", {point, 0, 0}},   {"north", {point, 0.5, 0}},    {"northeast", {point, 1, 0}},
        {"west", {point, 0, 0.5}},      {"center", {point, 0.5, 0.5}}, {"east", {point, 1, 0.5}},
        {"southwest", {point, 0, 1}},   {"south", {point, 0.5, 1}},    {"southeast", {point, 1, 1}},
        // as clients spell them
        {"top_left", {point, 0, 0}},    {"top", {point, 0.5, 0}},      {"top_right", {point, 1, 0}},
        {"left", {point, 0, 0.5}},                                     {"right", {point, 1, 0.5}},
        {"bottom_left", {point, 0, 1}}, {"bottom", {point, 0.5, 1}},   {"bottom_right", {point, 1, 1}},
    };

    return store(cuts.crop_gravity,
                 parse_word(name, value, words, "center, north, south, east, west or a corner"));
}

// "w,h,x,y": the point in pixels, or with a "." in shares.
std::optional<Error> set_focus_crop(Options &, Cuts &cuts, std::string_view name,
                                    std::string_view value)
{
    const auto second_comma = value.find(',', value.find(',') + 1);
    if (second_comma == value.npos) {
        return bad_value(name, "w,h,x,y", value);
    }

    const auto where = value.substr(second_comma + 1);
    const bool in_pixels = where.find('.') == where.npos;

    auto region = parse_cut(name, in_pixels ? value : value.substr(0, second_comma));
    if (region && in_pixels) {
        region->x = centre(region->x.at);
        region->y = centre(region->y.at);
    } else if (region) {
        Gravity point;
        if (auto error = store(point, parse_point(name, where, ','))) {
            return error;
        }
        region->x = centre(Length(point.x, true));
        region->y = centre(Length(point.y, true));
    }

    return store(cuts.focus_crop, region);
}

// Nothing here finds faces: a size is cut where the eye goes, which likes skin.
std::optional<Error> set_face_crop(Options &, Cuts &cuts, std::string_view name,
                                   std::string_view value)
{
    cuts.face_crop.reset();
    if (value.find(',') == value.npos) {
        const auto flag = parse_flag(name, value);
        return flag ? std::nullopt : std::optional(bad_value(name, "true, or w,h in pixels", value));
    }

    auto region = parse_cut(name, value);
    if (region) {
        region->smart = true;
    }
    return store(cuts.face_crop, region);
}

Result<bool> parse_upscaling(std::string_view key, std::string_view value)
{
    static constexpr Word<bool> words[] = {
        {"off", false}, {"false", false}, {"0", false},
        {"resampling", true}, {"on", true}, {"true", true}, {"1", true},
    };

    return parse_word(key, value, words, "off or resampling");
}

Result<double> parse_sharpen(std::string_view key, std::string_view value)
{
    const auto flag = parse_flag(key, value);
    if (!flag) {
        return flag.error();
    }

    return *flag ? 1.0 : 0.0;                          // Bunny has one strength
}

Result<Color> parse_tint(std::string_view, std::string_view value)
{
    return parse_color(value);
}

// Bunny publishes ranges without curves: the units chosen here make 0 leave
// the picture alone, and the ends of a range be the ends of the effect.

double to_levels(double percent) { return percent * 255 / 100; }
double to_factor(double percent) { return 1 + percent / 100; }
double to_gamma(double percent) { return std::exp2(percent / 100); }         // 0.5 .. 2
double to_degrees(double percent) { return std::fmod(percent * 3.6, 360); }  // of the colour wheel
double to_share(double percent) { return percent / 100; }
double to_sigma(double percent) { return percent / 2; }

// Nobody's defaults are needed: Bunny's are those of Options (inside the box,
// not enlarged, the source's format, quality 85), so that a preset named by
// `class` is free to differ.
constexpr Argument<Cuts> arguments[] = {
    {"width", set_slot<&Options::width, parse_side>},
    {"height", set_slot<&Options::height, parse_side>},
    {"upscaling", set_slot<&Options::enlarge, parse_upscaling>},
    {"aspect_ratio", set_aspect_ratio},
    {"crop", set_crop},
    {"crop_gravity", set_crop_gravity},
    {"focus_crop", set_focus_crop},
    {"face_crop", set_face_crop},

    {"flip", set_slot<&Options::flip_vertical, parse_flag>},
    {"flop", set_slot<&Options::flip_horizontal, parse_flag>},
    {"rotate", set_slot<&Options::rotate, parse_quarter_turns>},

    {"blur", set_slot<&Options::blur, parse_converted<0, 100, to_sigma>>},
    {"sharpen", set_slot<&Options::sharpen, parse_sharpen>},
    {"brightness", set_slot<&Options::lightness, parse_converted<-100, 100, to_levels>>},
    {"contrast", set_slot<&Options::contrast, parse_converted<-100, 100, to_factor>>},
    {"gamma", set_slot<&Options::gamma, parse_converted<-100, 100, to_gamma>>},
    {"saturation", set_slot<&Options::saturation, parse_converted<-100, 100, to_factor>>},
    {"hue", set_slot<&Options::hue, parse_converted<0, 100, to_degrees>>},
    {"sepia", set_slot<&Options::sepia, parse_converted<0, 100, to_share>>},
    {"tint", set_slot<&Options::tint, parse_tint>},
    {"auto_optimize", no_effect},

    {"quality", set_slot<&Options::quality, parse_clamped_quality>},
    {"format", set_slot<&Options::format, parse_output_format>},
    {"output", set_slot<&Options::format, parse_output_format>},   // its older name
    {"class", set_slot<&Options::preset, parse_preset>},
};

}  // namespace

Parsed parse_bunnycdn(RawUrl url)
{
    Cuts cuts;
    auto parsed = parse_query_dialect(url, arguments, cuts);

    if (parsed && *parsed) {
        (*parsed)->options.region = cuts.chosen();
    }

    return parsed;
}

}  // namespace cdn::image

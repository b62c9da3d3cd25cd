#include "image/dialect.h"

#include "core/text.h"
#include "image/option_values.h"
#include "image/query.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace cdn::image {

namespace {

constexpr double longest = 8192;                       // pixels of a side asked for
constexpr double farthest = 100'000;                   // pixels within the source
constexpr double most_enlarged = 100;                  // 10000p

using Problem = std::optional<Error>;

// What only the whole query decides, whatever its order.
struct Pending {
    bool                  fit_cover = false;
    bool                  negotiate = false;           // auto=
    bool                  bilevel = false;
    std::optional<int>    optimize;
    std::optional<Region> crop;
    std::optional<Region> precrop;
};

double rounded(double value)
{
    return std::round(value * 1e6) / 1e6;              // as exact as it is printed
}

// ---- lengths: "300" pixels, "0.5" of the side, "50p" the same in percent

// Nothing for other text, and for what exceeds `pixels` or `share`.
std::optional<Length> read_length(std::string_view text, double pixels, double share)
{
    const bool percent = text.ends_with('p');
    const auto number = parse_decimal(percent ? text.substr(0, text.size() - 1) : text);
    if (!number || *number < 0) {
        return std::nullopt;
    }

    const bool is_share = percent || (*number > 0 && *number < 1);
    const Length length(percent ? rounded(*number / 100) : rounded(*number), is_share);
    const bool fits = is_share ? length.value <= share
                               : length.value <= pixels && length.value == std::floor(length.value);
    if (!fits) {
        return std::nullopt;
    }

    return length.value > 0 ? length : Length();       // nothing is nothing in either unit
}

Result<Length> parse_extent(std::string_view key, std::string_view value)
{
    const auto length = read_length(value, longest, most_enlarged);
    if (!length || *length == Length()) {
        return bad_value(key, "1 to 8192 pixels, a share like 0.5 or a percentage like 50p", value);
    }

    return *length;
}

// One to four lengths, as in CSS: top, right, bottom, left.
std::optional<Sides> read_sides(std::string_view text, double pixels, double share)
{
    const auto parts = split(text, ',');
    Length sides[4];
    if (parts.size() > std::size(sides)) {
        return std::nullopt;
    }

    for (std::size_t i = 0; i < parts.size(); i++) {
        const auto length = read_length(parts[i], pixels, share);
        if (!length) {
            return std::nullopt;
        }
        sides[i] = *length;
    }

    const auto side = [&](std::size_t own, std::size_t like) {
        return sides[own < parts.size() ? own : like];
    };
    const Length right = side(1, 0);
    return Sides{sides[0], right, side(2, 0), parts.size() > 3 ? sides[3] : right};
}

Result<Sides> parse_trim(std::string_view key, std::string_view value)
{
    const auto leaves_some = [](Length one, Length other) {
        return (one.is_share ? one.value : 0) + (other.is_share ? other.value : 0) < 1;
    };

    const auto sides = read_sides(value, farthest, 1);
    if (!sides || !leaves_some(sides->top, sides->bottom) || !leaves_some(sides->left, sides->right)) {
        return bad_value(key, "one to four lengths that leave some of the picture", value);
    }

    return *sides;
}

Result<Sides> parse_pad(std::string_view key, std::string_view value)
{
    const auto sides = read_sides(value, longest, 0);
    if (!sides) {
        return bad_value(key, "one to four lengths from 0 to 8192 pixels; shares are not supported",
                         value);
    }

    return *sides;
}

// ---- crop and precrop

// Where a crop lies along one axis.
struct Place {
    std::optional<Length> corner;
    std::optional<double> before;                      // the share of what is left over that precedes it

    double before_or_centre() const { return corner ? 0 : before.value_or(0.5); }
};

// "x10" or "offset-x10"; false for other text, and for a second one.
bool read_place(Place &place, char axis, std::string_view text)
{
    constexpr std::string_view prefix = "offset-";
    const bool is_offset = text.starts_with(prefix);
    text.remove_prefix(is_offset ? prefix.size() : 0);

    if (!text.starts_with(axis) || place.corner || place.before) {
        return false;
    }

    text.remove_prefix(1);
    if (!is_offset) {
        place.corner = read_length(text, farthest, 1);
        return place.corner.has_value();
    }

    const auto percent = parse_decimal(text);
    if (!percent || *percent < 0 || *percent > 100) {
        return false;
    }
    place.before = *percent / 100;
    return true;
}

// The focus is the crop's middle.  Nothing where it depends on the source.
std::optional<double> focus_of(const Place &place, Length size)
{
    const double before = place.before_or_centre();
    if (before == 0 || before == 0.5 || before == 1) {
        return before;
    }
    if (!size.is_share) {
        return std::nullopt;
    }

    return rounded(before + size.value * (0.5 - before));
}

std::optional<Length> corner_of(const Place &place, Length size)
{
    if (place.corner) {
        return place.corner;
    }

    const double left_over = size.is_share ? 1 - size.value : 1;
    const double corner = rounded(place.before_or_centre() * left_over);
    if (corner > 0 && !size.is_share) {
        return std::nullopt;
    }

    return corner > 0 ? Length(corner, true) : Length();
}

Result<Region> placed(std::string_view key, Region region, const Place &x, const Place &y)
{
    const auto refused = [&](std::string_view what) {
        return bad_request(std::string(key) + ": " + std::string(what) + " is not supported");
    };
    const auto inside = [](const Place &place) { return place.corner && place.corner->value > 0; };

    if (region.aspect > 0 && (inside(x) || inside(y))) {
        return refused("a ratio with x or y");
    }

    if (region.aspect == 0 && (inside(x) || inside(y) || (x.corner && y.corner))) {
        const auto left = corner_of(x, region.width);
        const auto top = corner_of(y, region.height);
        if (!left || !top) {
            return refused("a size in pixels with only one of x and y");
        }
        region.by_corner = true;
        region.x = *left;
        region.y = *top;
        return region;
    }

    const auto across = focus_of(x, region.width);
    const auto down = focus_of(y, region.height);
    if (!across || !down) {
        return refused("an offset other than 0, 50 and 100 with a ratio or a size in pixels");
    }
    region.focus = Gravity{Gravity::Kind::point, *across, *down};
    return region;
}

std::optional<double> read_ratio(std::string_view text)
{
    const auto [across, down, found] = cut(text, ':');
    const auto width = parse_decimal(across);
    const auto height = parse_decimal(down);
    if (!found || !width || !height || *width <= 0 || *height <= 0) {
        return std::nullopt;
    }

    const double ratio = rounded(*width / *height);
    return ratio >= 1 / longest && ratio <= longest ? std::optional(ratio) : std::nullopt;
}

// "W,H" or "A:B", then where it lies.
Result<Region> parse_crop(std::string_view key, std::string_view value)
{
    const auto wrong = bad_value(
        key, "W,H or A:B, then one of x and offset-x, and one of y and offset-y, if any", value);
    const auto parts = split(value, ',');
    const bool by_ratio = parts[0].find(':') != std::string_view::npos;
    Region region;

    if (by_ratio) {
        region.aspect = read_ratio(parts[0]).value_or(0);
    } else if (parts.size() >= 2) {
        region.width = read_length(parts[0], farthest, 1).value_or(Length());
        region.height = read_length(parts[1], farthest, 1).value_or(Length());
    }
    if (region.aspect == 0 && (region.width == Length() || region.height == Length())) {
        return wrong;
    }

    Place x;
    Place y;
    for (std::size_t i = by_ratio ? 1 : 2; i < parts.size(); i++) {
        if (parts[i] == "smart") {
            return bad_request(std::string(key) + ": smart is not supported");
        }
        // a crop is always kept within the picture
        if (parts[i] != "safe" && !read_place(x, 'x', parts[i]) && !read_place(y, 'y', parts[i])) {
            return wrong;
        }
    }

    return placed(key, region, x, y);
}

// ---- geometry

Problem set_fit(Options &options, Pending &pending, std::string_view key, std::string_view value)
{
    pending.fit_cover = value == "cover";
    if (pending.fit_cover) {
        options.fit.reset();
        return std::nullopt;
    }

    if (value != "bounds" && value != "crop") {
        return bad_value(key, "bounds or crop", value);
    }

    options.fit = value == "crop" ? Fit::crop : Fit::scale_down;
    return std::nullopt;
}

Problem set_upscale(Options &options, Pending &, std::string_view key, std::string_view value)
{
    if (value != "upscale") {
        return bad_value(key, "upscale", value);
    }

    options.enlarge = key == "enable";
    return std::nullopt;
}

// In addition to what EXIF says, also where Fastly's numbers replace it:
// nothing is known of the source here.
Problem set_orient(Options &options, Pending &, std::string_view key, std::string_view value)
{
    struct Turn {
        std::string_view words[4];
        bool             horizontal;
        bool             vertical;
        int              rotate;
    };
    static constexpr Turn turns[] = {
        {{"1"}, false, false, 0},
        {{"2", "h"}, true, false, 0},
        {{"3", "hv", "vh"}, true, true, 0},
        {{"4", "v"}, false, true, 0},
        {{"5", "rv", "vr"}, false, true, 90},
        {{"6", "r"}, false, false, 90},
        {{"7", "lv", "vl"}, false, true, 270},
        {{"8", "l"}, false, false, 270},
    };

    for (const Turn &turn : turns) {
        const auto &words = turn.words;
        if (std::find(std::begin(words), std::end(words), value) != std::end(words)) {
            options.flip_horizontal = turn.horizontal;
            options.flip_vertical = turn.vertical;
            options.rotate = turn.rotate;
            return std::nullopt;
        }
    }

    return bad_value(key, "1 to 8, r, l, h, v or hv", value);
}

// ---- pixels: out of range, the nearest value is taken

Result<double> parse_cosmetic(std::string_view key, std::string_view value, double least, double most)
{
    const auto number = clamped(value, least, most);
    if (!number) {
        return bad_value(key, "a number from " + print_decimal(least) + " to " + print_decimal(most),
                         value);
    }

    return *number;
}

// -100..100 becomes centre - reach..centre + reach.
Problem set_level(std::optional<double> &slot, double centre, double reach, std::string_view key,
                  std::string_view value)
{
    const auto level = parse_cosmetic(key, value, -100, 100);
    if (!level) {
        return level.error();
    }

    slot = rounded(centre + *level * reach / 100);
    return std::nullopt;
}

Problem set_brightness(Options &options, Pending &, std::string_view key, std::string_view value)
{
    return set_level(options.lightness, 0, 255, key, value);
}

Problem set_contrast(Options &options, Pending &, std::string_view key, std::string_view value)
{
    return set_level(options.contrast, 1, 1, key, value);
}

Problem set_saturation(Options &options, Pending &, std::string_view key, std::string_view value)
{
    return set_level(options.saturation, 1, 1, key, value);
}

Problem set_blur(Options &options, Pending &, std::string_view key, std::string_view value)
{
    if (value.ends_with('p')) {
        return bad_request("blur must be in pixels; percentages are not supported");
    }

    const auto radius = parse_cosmetic(key, value, 0, 1000);
    if (!radius) {
        return radius.error();
    }

    // a CSS-like radius is two sigmas
    options.blur = std::min(rounded(*radius / 2), 250.0);
    return std::nullopt;
}

// "a2,r1,t10": the radius and the threshold have no effect.
Problem set_sharpen(Options &options, Pending &, std::string_view key, std::string_view value)
{
    const auto wrong = bad_value(key, "aN,rN,tN: amount, radius and threshold", value);
    std::optional<double> amount;

    for (const auto part : split(value, ',')) {
        const auto number = clamped(part.substr(part.empty() ? 0 : 1), 0, 10);
        if (!number || std::string_view("art").find(part[0]) == std::string_view::npos) {
            return wrong;
        }
        amount = part[0] == 'a' ? number : amount;
    }
    if (!amount) {
        return wrong;
    }

    options.sharpen = *amount;
    return std::nullopt;
}

Problem set_bilevel(Options &, Pending &pending, std::string_view key, std::string_view value)
{
    if (value == "atkinson") {
        return bad_request("bw: atkinson is not supported");
    }
    if (value != "threshold") {
        return bad_value(key, "threshold", value);
    }

    pending.bilevel = true;
    return std::nullopt;
}

// A CSS colour, or "r,g,b" or "r,g,b,a" alone.
Problem set_background(Options &options, Pending &, std::string_view, std::string_view value)
{
    const bool is_list = value.find(',') != value.npos && value.find('(') == value.npos;
    auto color = parse_color(is_list ? "rgba(" + std::string(value) + ")" : std::string(value));
    if (!color) {
        return bad_request("bg-color must be a colour: \"" + printable(value) + '"');
    }

    options.background = *color;
    return std::nullopt;
}

// ---- output

Problem set_format(Options &options, Pending &, std::string_view key, std::string_view value)
{
    struct Row {
        std::string_view      word;
        std::optional<Format> format;                  // none: negotiated
        std::optional<bool>   lossless;
        std::optional<bool>   progressive;
        std::optional<bool>   palette;
    };
    static constexpr Row rows[] = {
        {"auto", {}, {}, {}, {}},
        {"avif", Format::avif, {}, {}, {}},
        {"gif", Format::gif, {}, {}, {}},
        {"jpg", Format::jpeg, {}, {}, {}},
        {"jpeg", Format::jpeg, {}, {}, {}},
        {"pjpg", Format::jpeg, {}, true, {}},
        {"pjpeg", Format::jpeg, {}, true, {}},
        {"bjpg", Format::jpeg, {}, false, {}},
        {"bjpeg", Format::jpeg, {}, false, {}},
        {"png", Format::png, {}, {}, {}},
        {"png8", Format::png, {}, {}, true},
        {"webp", Format::webp, {}, {}, {}},
        {"webply", Format::webp, false, {}, {}},
        {"webpll", Format::webp, true, {}, {}},
        {"jxl", Format::jxl, {}, {}, {}},
        {"jpegxl", Format::jxl, {}, {}, {}},
        {"pjxl", Format::jxl, {}, {}, {}},             // a JPEG XL shows early anyway
        {"pjpegxl", Format::jxl, {}, {}, {}},
    };

    for (const Row &row : rows) {
        if (row.word == value) {
            options.format.emplace(row.format);
            options.lossless = row.lossless;
            options.progressive = row.progressive;
            options.palette = row.palette;
            return std::nullopt;
        }
    }

    for (const std::string_view word : {"mp4", "svg"}) {
        if (word == value) {
            return bad_request("format: " + std::string(word) + " is not supported");
        }
    }

    return bad_value(key, "auto, avif, webp, webpll, webply, jpeg, pjpeg, bjpeg, png, png8, gif or jxl",
                     value);
}

Problem set_auto(Options &, Pending &pending, std::string_view key, std::string_view value)
{
    for (const auto word : split(value, ',')) {
        if (word != "webp" && word != "avif") {
            return bad_value(key, "webp, avif or both", value);
        }
    }

    pending.negotiate = true;
    return std::nullopt;
}

// "75", or "75,60": the second is Fastly's for a WebP that auto=webp chose.
Problem set_quality(Options &options, Pending &, std::string_view key, std::string_view value)
{
    const auto [first, second, has_second] = cut(value, ',');
    const auto quality = clamped(first, 1, 100);
    if (!quality || (has_second && !clamped(second, 1, 100))) {
        return bad_value(key, "a number from 1 to 100, or two", value);
    }

    options.quality = Quality{false, static_cast<int>(std::lround(*quality))};
    return std::nullopt;
}

Problem set_optimize(Options &, Pending &pending, std::string_view key, std::string_view value)
{
    static constexpr std::pair<std::string_view, int> words[] = {
        {"low", 60}, {"medium", 75}, {"high", 85}};

    for (const auto &[word, quality] : words) {
        if (word == value) {
            pending.optimize = quality;
            return std::nullopt;
        }
    }

    return bad_value(key, "low, medium or high", value);
}

Problem set_metadata(Options &options, Pending &, std::string_view key, std::string_view value)
{
    for (const auto word : split(value, ',')) {
        if (word == "copyright") {
            options.metadata = Metadata::copyright;
        } else if (word != "c2pa") {                   // never kept: its signature would not hold
            return bad_value(key, "copyright, c2pa or both", value);
        }
    }

    return std::nullopt;
}

Problem set_frame(Options &options, Pending &, std::string_view key, std::string_view value)
{
    if (value != "1") {
        return bad_value(key, "1", value);
    }

    options.animate = false;
    return std::nullopt;
}

Problem set_class(Options &options, Pending &, std::string_view, std::string_view value)
{
    options.preset = std::string(value);
    return std::nullopt;
}

// ---- all of them

Problem no_effect(Options &, Pending &, std::string_view, std::string_view)
{
    return std::nullopt;
}

Problem not_supported(Options &, Pending &, std::string_view key, std::string_view)
{
    return bad_request(std::string(key) + " is not supported");
}

using Setter = Problem (*)(Options &, Pending &, std::string_view key, std::string_view value);

struct Parameter {
    std::string_view name;
    Setter           set;
};

constexpr Parameter parameters[] = {

    // geometry

    {"width", [](Options &options, Pending &, std::string_view key, std::string_view value) {
        return store(options.width, parse_extent(key, value)); }},
    {"height", [](Options &options, Pending &, std::string_view key, std::string_view value) {
        return store(options.height, parse_extent(key, value)); }},
    {"dpr", [](Options &options, Pending &, std::string_view key, std::string_view value) {
        return store(options.dpr, parse_number(key, value, 1, 10)); }},
    {"fit", set_fit},
    {"enable", set_upscale},
    {"disable", set_upscale},
    {"crop", [](Options &, Pending &pending, std::string_view key, std::string_view value) {
        return store(pending.crop, parse_crop(key, value)); }},
    {"precrop", [](Options &, Pending &pending, std::string_view key, std::string_view value) {
        return store(pending.precrop, parse_crop(key, value)); }},
    {"trim", [](Options &options, Pending &, std::string_view key, std::string_view value) {
        return store(options.trim, parse_trim(key, value)); }},
    {"pad", [](Options &options, Pending &, std::string_view key, std::string_view value) {
        return store(options.extend, parse_pad(key, value)); }},
    {"orient", set_orient},
    {"canvas", not_supported},
    {"trim-color", not_supported},
    {"resize-filter", no_effect},

    // pixels

    {"bg-color", set_background},
    {"blur", set_blur},
    {"brightness", set_brightness},
    {"contrast", set_contrast},
    {"saturation", set_saturation},
    {"sharpen", set_sharpen},
    {"bw", set_bilevel},

    // output

    {"format", set_format},
    {"auto", set_auto},
    {"quality", set_quality},
    {"optimize", set_optimize},
    {"metadata", set_metadata},
    {"frame", set_frame},
    {"page", [](Options &options, Pending &, std::string_view key, std::string_view value) {
        return store(options.page, parse_integer(key, value, 1, 9999)); }},
    {"class", set_class},
    {"level", no_effect},                              // of MP4
    {"profile", no_effect},                            // of MP4
    {"viewbox", no_effect},                            // of SVG
};

const Parameter *find(std::string_view name)
{
    const auto found = std::find_if(std::begin(parameters), std::end(parameters),
                                    [&](const Parameter &row) { return row.name == name; });
    return found != std::end(parameters) ? found : nullptr;
}

Problem settle_geometry(Options &options, const Pending &pending)
{
    const bool has_box = options.width && options.height;

    // With one side it means nothing; a preset may add the other.
    if (pending.fit_cover && (has_box || options.preset)) {
        return bad_request("fit: cover is not supported");
    }

    // A preset's own crop holds for another size too.
    if (has_box && !options.fit && !options.preset) {
        options.fit = Fit::squeeze;
        options.enlarge = options.enlarge.value_or(false);
    }

    if (pending.precrop && !pending.crop && options.trim) {
        return bad_request("precrop and trim together are not supported");
    }
    if (pending.crop || pending.precrop) {
        options.region = pending.crop ? pending.crop : pending.precrop;
    }

    return std::nullopt;
}

Problem settle(Options &options, const Pending &pending)
{
    if (pending.optimize && !options.quality) {
        options.quality = Quality{false, *pending.optimize};
    }
    if (pending.negotiate) {
        options.format.emplace();                      // beats format=
    }
    if (pending.bilevel) {
        options.threshold = 128;
        options.saturation = 0;
    }

    return settle_geometry(options, pending);
}

}  // namespace

Parsed parse_fastly(RawUrl url)
{
    Pending pending;
    const auto take = [&](Options &options, std::string_view name, std::string_view value) -> Taken {
        const Parameter *parameter = find(name);
        if (!parameter) {
            return {false, {}};
        }

        return {true, value.empty() ? std::nullopt : parameter->set(options, pending, name, value)};
    };

    auto parsed = parse_query_dialect(url, take);
    if (!parsed || !*parsed) {
        return parsed;
    }
    if (const auto error = settle((*parsed)->options, pending)) {
        return *error;
    }

    return parsed;
}

}  // namespace cdn::image

#include "image/dialect.h"

#include "core/text.h"
#include "image/fastly_values.h"
#include "image/query.h"

#include <algorithm>
#include <iterator>

namespace cdn::image {

namespace {

using Problem = std::optional<Error>;

// What only the whole query decides, whatever its order.
struct Pending {
    std::optional<FormatSet> negotiated;               // auto=
    std::optional<int> optimize;
};

// ---- geometry

Result<double> parse_density(std::string_view key, std::string_view value)
{
    return parse_number(key, value, 1, 10);
}

Result<Fit> parse_fastly_fit(std::string_view key, std::string_view value)
{
    static constexpr Word<Fit> words[] = {
        {"bounds", Fit::scale_down}, {"cover", Fit::outside}, {"crop", Fit::crop}};

    return parse_word(key, value, words, "bounds, cover or crop");
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

double to_levels(double percent) { return percent * 255 / 100; }
double to_factor(double percent) { return 1 + percent / 100; }

Problem set_bilevel(Options &options, Pending &, std::string_view key, std::string_view value)
{
    if (value != "threshold" && value != "atkinson") {
        return bad_value(key, "threshold or atkinson", value);
    }

    options.threshold = 128;
    options.dither = value == "atkinson";
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
    pending.negotiated.emplace();
    for (const auto word : split(value, ',')) {
        if (word != "webp" && word != "avif") {
            return bad_value(key, "webp, avif or both", value);
        }
        pending.negotiated->add(word == "webp" ? Format::webp : Format::avif);
    }

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

Result<int> parse_page(std::string_view key, std::string_view value)
{
    return parse_integer(key, value, 1, 9999);
}

constexpr Argument<Pending> arguments[] = {

    // geometry

    {"width", set_slot<&Options::width, parse_fastly_side>},
    {"height", set_slot<&Options::height, parse_fastly_side>},
    {"dpr", set_slot<&Options::dpr, parse_density>},
    {"fit", set_slot<&Options::fit, parse_fastly_fit>},
    {"enable", set_upscale},
    {"disable", set_upscale},
    {"precrop", set_slot<&Options::precut, parse_fastly_crop>},
    {"trim", set_slot<&Options::trim, parse_fastly_trim>},
    {"trim-color", set_slot<&Options::edges, parse_fastly_edges>},
    {"crop", set_slot<&Options::region, parse_fastly_crop>},
    {"canvas", set_slot<&Options::canvas, parse_fastly_canvas>},
    {"pad", set_slot<&Options::extend, parse_fastly_pad>},
    {"orient", set_orient},
    {"resize-filter", set_slot<&Options::kernel, parse_fastly_filter>},

    // pixels

    {"bg-color", set_slot<&Options::background, parse_channels>},
    {"blur", set_slot<&Options::blur, parse_fastly_blur>},
    {"brightness", set_slot<&Options::lightness, parse_converted<-100, 100, to_levels>>},
    {"contrast", set_slot<&Options::contrast, parse_converted<-100, 100, to_factor>>},
    {"saturation", set_slot<&Options::saturation, parse_converted<-100, 100, to_factor>>},
    {"sharpen", set_slot<&Options::unsharp, parse_fastly_sharpen>},
    {"bw", set_bilevel},

    // output

    {"format", set_format},
    {"auto", set_auto},
    {"quality", set_slot<&Options::quality, parse_fastly_quality>},
    {"optimize", set_optimize},
    {"metadata", set_metadata},
    {"frame", set_frame},
    {"page", set_slot<&Options::page, parse_page>},
    {"class", set_slot<&Options::preset, parse_preset>},
    {"level", no_effect},                              // of MP4
    {"profile", no_effect},                            // of MP4
    {"viewbox", no_effect},                            // of SVG
};

void settle(Options &options, const Pending &pending)
{
    if (pending.optimize && !options.quality) {
        options.quality = Quality{false, *pending.optimize};
    }
    const bool any_format = options.format && !*options.format;
    if (pending.negotiated && !any_format) {           // beats format=, but for format=auto
        options.auto_formats = pending.negotiated;
        options.format.emplace();
    }

    // A preset's own crop holds for another size too.
    if (options.width && options.height && !options.fit && !options.preset) {
        options.fit = Fit::squeeze;
    }
    if (options.fit == Fit::squeeze || options.fit == Fit::outside) {
        options.enlarge = options.enlarge.value_or(false);
    }
}

}  // namespace

Parsed parse_fastly(RawUrl url)
{
    Pending pending;
    auto parsed = parse_query_dialect(url, arguments, pending);
    if (!parsed || !*parsed) {
        return parsed;
    }

    settle((*parsed)->options, pending);

    Options &defaults = (*parsed)->defaults;
    defaults.background = transparent;                 // around a picture, where the format has it
    defaults.colors_first = true;
    return parsed;
}

}  // namespace cdn::image

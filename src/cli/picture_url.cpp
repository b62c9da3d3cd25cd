#include "cli/picture_url.h"

#include "core/text.h"
#include "image/preset.h"

#include <algorithm>
#include <cmath>

namespace cdn::cli {

namespace {

using image::Fit;
using image::Gravity;
using image::Options;
using Words = std::vector<Word>;
using Said = std::optional<Words>;

// ---- values

// A path's option ends at a comma, an argument does not.
std::string escape_item(std::string_view text)
{
    return percent_encode(text, ":;");
}

std::string escape(std::string_view text)
{
    return percent_encode(text, ":;,");
}

Said word(std::string_view key, std::string value)
{
    return Words{{std::string(key), std::move(value)}};
}

Said nothing()
{
    return Words{};
}

std::string pixels(const image::Length &side)
{
    return print_decimal(side.value);
}

// In pixels of the screen, for a dialect without a density; the parser of one that has
// it rounds the same.
Said device_pixels(std::string_view key, const std::optional<image::Length> &side, const Options &options)
{
    if (!side || options.hinted_dpr) {
        return std::nullopt;                           // width=auto
    }

    return word(key, print_decimal(std::round(side->value * options.dpr.value_or(1))));
}

Said plain_quality(std::string_view key, const Options &options)
{
    return options.quality->automatic ? std::nullopt : word(key, std::to_string(options.quality->value));
}

// A format by its own name.
Said plain_format(std::string_view key, const Options &options)
{
    if (options.json || options.progressive) {
        return std::nullopt;
    }

    return word(key, *options.format ? std::string(image::name(**options.format)) : "auto");
}

bool is_centre(const Gravity &gravity)
{
    return gravity == Gravity{};
}

std::string point(const Gravity &gravity, char separator)
{
    return print_decimal(gravity.x) + separator + print_decimal(gravity.y);
}

// ---- how each dialect says a word

std::string_view fit_name(Fit fit)
{
    switch (fit) {
    case Fit::scale_down:  return "scale-down";
    case Fit::contain:     return "contain";
    case Fit::cover:       return "cover";
    case Fit::crop:        return "crop";
    case Fit::aspect_crop: return "aspect-crop";
    case Fit::pad:         return "pad";
    case Fit::squeeze:     return "squeeze";
    case Fit::scale_up:    return "scale-up";
    case Fit::outside:     break;
    }

    return "outside";
}

Said say_cloudflare(std::string_view key, const Options &options)
{
    if (key == "width") {
        return word(key, options.width ? pixels(*options.width) : "auto");
    }
    if (key == "height") {
        return word(key, pixels(*options.height));
    }
    if (key == "dpr") {
        return options.dpr ? word(key, print_decimal(*options.dpr)) : std::nullopt;
    }
    if (key == "fit") {
        return word(key, std::string(fit_name(*options.fit)));
    }
    if (key == "gravity") {
        const Gravity &gravity = *options.gravity;
        return word(key, gravity.kind == Gravity::Kind::attention ? "auto"
                         : gravity.kind == Gravity::Kind::entropy ? "entropy"
                         : is_centre(gravity)                     ? "center"
                                                                  : point(gravity, 'x'));
    }
    if (key == "quality") {
        return options.quality->automatic ? word(key, "auto") : plain_quality(key, options);
    }
    if (key == "format") {
        return options.json          ? word(key, "json")
               : options.progressive ? word(key, "baseline-jpeg")
                                     : plain_format(key, options);
    }
    if (key == "background") {
        return word(key, '#' + image::print_color(*options.background));
    }
    if (key == "blur") {
        return word(key, print_decimal(options.blur->value * 2));
    }
    if (key == "sharpen") {
        return word(key, print_decimal(*options.sharpen));
    }
    if (key == "rotate") {
        return word(key, std::to_string(*options.rotate));
    }
    if (key == "flip") {
        return word(key, std::string(*options.flip_horizontal ? "h" : "") + (*options.flip_vertical ? "v" : ""));
    }
    if (key == "anim") {
        return word(key, *options.animate ? "true" : "false");
    }
    if (key == "metadata") {
        return word(key, *options.metadata == image::Metadata::keep        ? "keep"
                         : *options.metadata == image::Metadata::copyright ? "copyright"
                                                                           : "none");
    }
    if (key == "preset") {
        return word(key, *options.preset);
    }

    return std::nullopt;                               // page, device
}

Said say_bunnycdn(std::string_view key, const Options &options)
{
    if (key == "width" || key == "height") {
        return device_pixels(key, key == "width" ? options.width : options.height, options);
    }
    if (key == "dpr") {
        return options.dpr ? nothing() : std::nullopt; // in the sides
    }
    if (key == "fit") {
        return *options.fit == Fit::scale_down ? nothing()
               : *options.fit == Fit::contain  ? word("upscaling", "resampling")
                                               : std::nullopt;
    }
    if (key == "quality") {
        return plain_quality(key, options);
    }
    if (key == "format") {
        return plain_format(key, options);
    }
    if (key == "blur") {
        return word(key, print_decimal(options.blur->value * 2));
    }
    if (key == "sharpen") {
        return *options.sharpen == 0 || *options.sharpen == 1 ? word(key, *options.sharpen == 1 ? "true" : "false")
                                                              : std::nullopt;
    }
    if (key == "rotate") {
        return word(key, std::to_string(*options.rotate));
    }
    if (key == "flip") {
        Words words;
        if (*options.flip_vertical) {
            words.push_back({"flip", "true"});
        }
        if (*options.flip_horizontal) {
            words.push_back({"flop", "true"});
        }
        return words;
    }
    if (key == "preset") {
        return word("class", *options.preset);
    }

    return std::nullopt;
}

// What of a fit is more than its name: where it cuts, and whether it enlarges.
Said say_keycdn_fit(const Options &options)
{
    const Gravity gravity = options.gravity.value_or(Gravity{});

    switch (*options.fit) {
    case Fit::scale_down: return Words{{"fit", "inside"}, {"enlarge", "0"}};
    case Fit::contain:    return Words{{"fit", "inside"}};
    case Fit::pad:        return Words{{"fit", "contain"}};
    case Fit::squeeze:    return Words{{"fit", "fill"}};
    case Fit::cover:
    case Fit::crop:
        break;
    default:
        return std::nullopt;
    }

    Words words;
    if (gravity.kind == Gravity::Kind::attention) {
        words.push_back({"crop", "smart"});
    } else if (gravity.kind == Gravity::Kind::entropy) {
        return std::nullopt;
    } else if (is_centre(gravity)) {
        words.push_back({"fit", "cover"});
    } else {
        words.push_back({"crop", "fp," + point(gravity, ',')});
    }
    if (*options.fit == Fit::crop) {
        words.push_back({"enlarge", "0"});
    }
    return words;
}

Said say_keycdn(std::string_view key, const Options &options)
{
    if (key == "width" || key == "height") {
        return device_pixels(key, key == "width" ? options.width : options.height, options);
    }
    if (key == "dpr") {
        return options.dpr ? nothing() : std::nullopt;
    }
    if (key == "fit") {
        return say_keycdn_fit(options);
    }
    if (key == "gravity") {
        return options.fit ? nothing() : std::nullopt; // with the fit
    }
    if (key == "quality") {
        return plain_quality(key, options);
    }
    if (key == "format") {
        if (options.progressive) {
            return Words{{"format", "jpeg"}, {"progressive", "0"}};
        }
        return plain_format(key, options);
    }
    if (key == "background") {
        return word("bg", image::print_color(*options.background));
    }
    if (key == "blur") {
        return options.blur->value <= 100 ? word(key, print_decimal(options.blur->value)) : std::nullopt;
    }
    if (key == "sharpen") {
        return word(key, print_decimal(*options.sharpen * 10));
    }
    if (key == "rotate") {
        return word(key, std::to_string(*options.rotate));
    }
    if (key == "flip") {
        return say_bunnycdn(key, options);
    }
    if (key == "metadata") {
        return *options.metadata == image::Metadata::copyright
                   ? std::nullopt
                   : word(key, *options.metadata == image::Metadata::keep ? "1" : "0");
    }
    if (key == "preset") {
        return word(key, *options.preset);
    }

    return std::nullopt;
}

Said say_keycdn_path(std::string_view key, const Options &options)
{
    if (key == "width" || key == "height") {
        return device_pixels(key.substr(0, 1), key == "width" ? options.width : options.height, options);
    }
    if (key == "dpr") {
        return options.dpr ? nothing() : std::nullopt;
    }
    if (key == "fit") {
        return *options.fit == Fit::cover        ? word("c", "1")
               : *options.fit == Fit::scale_down ? word("c", "0")
                                                 : std::nullopt;
    }
    if (key == "gravity") {
        return is_centre(*options.gravity) ? nothing() : std::nullopt;
    }
    if (key == "quality") {
        return plain_quality("q", options);
    }
    if (key == "format") {
        return plain_format("f", options);
    }
    if (key == "preset") {
        return word(key, *options.preset);
    }

    return std::nullopt;
}

// Eight turns have a name; each is a flip, then quarters.
Said say_orientation(const Options &options)
{
    static constexpr std::string_view names[2][4] = {{"1", "r", "3", "l"}, {"h", "7", "v", "5"}};

    const bool vertical = options.flip_vertical.value_or(false);
    const bool flip = options.flip_horizontal.value_or(false) != vertical;
    const int rotate = (options.rotate.value_or(0) + (vertical ? 180 : 0)) % 360;
    return word("orient", std::string(names[flip ? 1 : 0][rotate / 90]));
}

Said say_fastly(std::string_view key, const Options &options)
{
    if (key == "width" || key == "height") {
        return options.width || key == "height" ? word(key, pixels(key == "width" ? *options.width : *options.height))
                                                : std::nullopt;
    }
    if (key == "dpr") {
        return options.dpr ? word(key, print_decimal(*options.dpr)) : std::nullopt;
    }
    if (key == "fit") {
        switch (*options.fit) {
        case Fit::scale_down: return word(key, "bounds");
        case Fit::contain:    return Words{{"fit", "bounds"}, {"enable", "upscale"}};
        case Fit::crop:       return word(key, "crop");
        case Fit::cover:      return Words{{"fit", "crop"}, {"enable", "upscale"}};
        case Fit::squeeze:    return word("enable", "upscale");
        default:              return std::nullopt;
        }
    }
    if (key == "gravity") {
        return is_centre(*options.gravity) ? nothing() : std::nullopt;
    }
    if (key == "quality") {
        return plain_quality(key, options);
    }
    if (key == "format") {
        return options.progressive ? word(key, "bjpg") : plain_format(key, options);
    }
    if (key == "background") {
        return word("bg-color", image::print_color(*options.background));
    }
    if (key == "blur") {
        return word(key, print_decimal(options.blur->value * 2));
    }
    if (key == "rotate") {
        return say_orientation(options);
    }
    if (key == "flip") {
        return options.rotate ? nothing() : say_orientation(options);
    }
    if (key == "anim") {
        return *options.animate ? nothing() : word("frame", "1");
    }
    if (key == "metadata") {
        return *options.metadata == image::Metadata::copyright ? word(key, "copyright")
               : *options.metadata == image::Metadata::none    ? nothing()
                                                               : std::nullopt;
    }
    if (key == "page") {
        return word(key, std::to_string(*options.page));
    }
    if (key == "preset") {
        return word("class", *options.preset);
    }

    return std::nullopt;
}

Said say_custom(std::string_view key, const Options &options)
{
    const bool smart = options.gravity && options.gravity->kind == Gravity::Kind::attention;
    if (key == "fit") {
        return *options.fit == Fit::crop         ? word("crop", smart ? "smart" : "center")
               : *options.fit == Fit::scale_down ? word("crop", "scale")
                                                 : std::nullopt;
    }
    if (key == "gravity") {
        const bool with_fit = options.fit == Fit::crop;
        return options.gravity->kind == Gravity::Kind::point ? word(key, point(*options.gravity, ','))
               : smart && with_fit                           ? nothing()
                                                             : std::nullopt;
    }
    if (key == "dpr") {
        return word(key, options.dpr ? print_decimal(*options.dpr) : "auto");
    }
    if (key == "format") {
        return plain_format(key, options);
    }
    if (key == "background") {
        return word(key, image::print_color(*options.background));
    }
    if (key == "page") {
        return word(key, std::to_string(*options.page));
    }
    if (key == "device") {
        static constexpr std::string_view names[] = {"mobile", "tablet", "desktop", "print"};
        return word(key, std::string(names[static_cast<std::size_t>(*options.device)]));
    }
    if (key == "rotate" || key == "flip" || key == "anim") {
        return std::nullopt;
    }

    return say_cloudflare(key, options);
}

using Fits = Dialect::Fits;

constexpr Dialect table[] = {
    {"cloudflare", image::parse_cloudflare, true, "/cdn-cgi/image/", true, Fits::always, say_cloudflare},
    {"bunnycdn", image::parse_bunnycdn, false, "", false, Fits::always, say_bunnycdn},
    {"keycdn", image::parse_keycdn, false, "", false, Fits::never, say_keycdn},
    {"keycdn-path", image::parse_keycdn, true, "/", false, Fits::one_side, say_keycdn_path},
    {"fastly", image::parse_fastly, false, "", false, Fits::one_side, say_fastly},
    {"custom", image::parse_custom, false, "", false, Fits::always, say_custom},
};

// ---- the words of all dialects

// In the order in which they are printed.
constexpr std::string_view common[] = {
    "width",   "height", "dpr",  "fit",  "gravity",  "quality", "format", "background", "blur",
    "sharpen", "rotate", "flip", "anim", "metadata", "preset",  "page",   "device",
};

constexpr std::pair<std::string_view, std::string_view> short_names[] = {
    {"w", "width"}, {"h", "height"}, {"q", "quality"}, {"f", "format"}, {"g", "gravity"}};

std::string_view long_name(std::string_view key)
{
    for (const auto &[name, full] : short_names) {
        if (name == key) {
            return full;
        }
    }

    return key;
}

bool is_common(std::string_view key)
{
    return std::find(std::begin(common), std::end(common), key) != std::end(common);
}

// This project's own words and Cloudflare's, which hardly differ.
std::optional<Error> read_word(Options &options, std::string_view key, std::string_view value)
{
    Options own = options;
    if (key == "format") {
        own.json.reset();                              // a later word beats an earlier one
        own.progressive.reset();
    }
    const auto error = image::set_option(own, key, value);
    if (!error) {
        options = std::move(own);
        return std::nullopt;
    }

    const auto parsed = image::parse_cloudflare(
        {"/cdn-cgi/image/" + std::string(key) + '=' + escape_item(value) + "/x", {}});
    if (!parsed || !*parsed) {
        const bool is_own = error->message.starts_with("unknown option");
        return !is_own || parsed ? *error : parsed.error();
    }

    Options later = (*parsed)->options;
    later.lay_over(own);
    options = std::move(later);
    return std::nullopt;
}

// ---- is it what was asked for?

// A preset of the site's own, of which nothing is known here, leaves all as it is.
Result<image::Request> resolved(Options options, const Options &defaults, const image::Source &source)
{
    image::Presets presets;
    if (options.preset && !presets.apply(options)) {
        presets.set(*options.preset, {});
    }
    auto applied = presets.apply(std::move(options));
    if (!applied) {
        return applied.error();
    }

    image::lay_over_device(*applied);
    applied->lay_over(defaults);
    return image::resolve(*applied, source, {});
}

Result<std::string> quoted(const Error &error, const Dialect &dialect)
{
    return bad_request(std::string(dialect.name) + ": " + error.message);
}

std::optional<Error> check_own_word(const Dialect &dialect, const Word &own)
{
    const std::string text = own.key + '=' + (dialect.in_path ? escape_item(own.value) : escape(own.value));
    const auto parsed = dialect.in_path ? dialect.parse({std::string(dialect.prefix) + text + "/x", {}})
                                        : dialect.parse({"/x", text});
    if (!parsed) {
        return bad_request(std::string(dialect.name) + ": " + parsed.error().message);
    }
    if (!*parsed || (*parsed)->source.query != "") {
        return bad_request(std::string(dialect.name) + " has no option \"" + printable(own.key) + '"');
    }

    return std::nullopt;
}

}  // namespace

Result<Word> Word::of(std::string_view text)
{
    const auto [key, value, has_value] = cut(text, '=');
    if (!has_value || key.empty() || value.empty()) {
        return bad_request("an option is key=value, like width=300, not \"" + printable(text) + '"');
    }

    return Word{std::string(key), std::string(value)};
}

std::span<const Dialect> dialects()
{
    return table;
}

const Dialect *dialect_named(std::string_view name)
{
    const auto *found = std::find_if(std::begin(table), std::end(table), [&](const Dialect &d) { return d.name == name; });
    return found != std::end(table) ? found : nullptr;
}

Result<Meaning> read_words(std::span<const Word> words, bool native)
{
    Meaning meaning;
    for (const Word &given : words) {
        const std::string key(native ? given.key : long_name(given.key));
        if (native || !is_common(key)) {
            meaning.own.push_back(given);
            continue;
        }
        if (const auto error = read_word(meaning.options, key, given.value)) {
            return *error;
        }
        meaning.said.push_back({key, given.value});
    }

    Words in_order;
    for (const auto key : common) {
        // the last of its name
        const auto found = std::find_if(meaning.said.rbegin(), meaning.said.rend(), [&](const Word &w) { return w.key == key; });
        if (found != meaning.said.rend()) {
            in_order.push_back(*found);
        }
    }
    meaning.said = std::move(in_order);

    const Options &options = meaning.options;
    if ((options.width || options.height) && !options.fit && !options.preset && meaning.own.empty()) {
        meaning.options.fit = Fit::scale_down;
    }
    return meaning;
}

Result<std::string> picture_url(const Dialect &dialect, const Meaning &meaning, std::string_view source)
{
    const auto [path, query, has_query] = cut(source, '?');
    const auto origin = dialect.any_source ? image::any_source(path, query) : image::site_source(path, query);
    if (!origin) {
        return origin.error();
    }

    Words words;
    Words all = meaning.said;
    if (meaning.options.fit && std::none_of(all.begin(), all.end(), [](const Word &w) { return w.key == "fit"; })) {
        // nobody said it: some dialects fit inside anyway, others do where one side is given
        const bool has_box = meaning.options.width && meaning.options.height;
        if (dialect.fits == Dialect::Fits::never || (dialect.fits == Dialect::Fits::one_side && has_box)) {
            const auto after = std::find_if(all.begin(), all.end(), [](const Word &w) {
                return w.key != "width" && w.key != "height" && w.key != "dpr";
            });
            all.insert(after, {"fit", "scale-down"});
        }
    }
    for (const auto &[key, value] : all) {
        const auto said = dialect.say(key, meaning.options);
        if (!said) {
            return bad_request(std::string(dialect.name) + " cannot say " + key + '=' + printable(value));
        }
        words.insert(words.end(), said->begin(), said->end());
    }
    for (const Word &own : meaning.own) {
        if (auto error = check_own_word(dialect, own)) {
            return std::move(*error);
        }
        words.push_back(own);
    }
    if (words.empty()) {
        return bad_request("an image URL needs an option, like width=300");
    }

    std::string list;
    for (const Word &w : words) {
        list += list.empty() ? "" : dialect.in_path ? "," : "&";
        list += w.key + '=' + (dialect.in_path ? escape_item(w.value) : escape(w.value));
    }

    std::string url;
    if (dialect.in_path) {
        url = std::string(dialect.prefix) + list
              + (origin->origin.empty() ? origin->uri() : '/' + origin->origin + origin->uri());
    } else {
        url = origin->uri() + (origin->query.empty() ? '?' : '&') + list;
    }

    // read as the server will
    const auto [url_path, url_query, url_has_query] = cut(url, '?');
    const auto parsed = dialect.parse({url_path, url_query});
    if (!parsed) {
        return quoted(parsed.error(), dialect);
    }
    if (!*parsed || (*parsed)->source != *origin) {
        return bad_request(std::string(dialect.name) + " would take a part of the source for options: \""
                           + printable(source) + '"');
    }

    Options asked = meaning.options;
    if (asked.rotate || asked.flip_vertical) {
        // one may be said as the other
        asked.rotate = asked.rotate.value_or(0);
        asked.flip_horizontal = asked.flip_horizontal.value_or(false);
        asked.flip_vertical = asked.flip_vertical.value_or(false);
    }
    asked.lay_over((*parsed)->options);
    const auto wanted = resolved(std::move(asked), (*parsed)->defaults, *origin);
    const auto got = resolved((*parsed)->options, (*parsed)->defaults, *origin);
    if (!wanted || !got) {
        return quoted(!wanted ? wanted.error() : got.error(), dialect);
    }
    if (*wanted != *got) {
        return bad_request(std::string(dialect.name) + " has no words for these options together");
    }

    return url;
}

}  // namespace cdn::cli

#include "cli/breakpoints.h"

#include "core/text.h"
#include "image/option_values.h"
#include "image/preset.h"

#include <algorithm>
#include <cmath>

namespace cdn::cli {

namespace {

constexpr const char *default_quality = "85";

// That of one built in; of a site's own nothing is known here.
Ratio preset_ratio(const std::string &name)
{
    image::Options options;
    options.preset = name;
    const auto known = image::Presets().apply(options);
    if (!known || !known->width || !known->height) {
        return {};
    }

    return {known->width->value / known->height->value};
}

}  // namespace

Result<Ratio> Ratio::of(std::string_view text)
{
    const auto value = image::parse_ratio("ratio", text);
    if (!value) {
        return value.error();
    }

    // more exact than a URL has to be: 1920 pixels of 16:9 are 1080
    const auto [width, height, found] = cut(text, ':');
    return Ratio{*parse_decimal(width) / *parse_decimal(height)};
}

int Ratio::height(int width) const
{
    return value > 0 ? std::max(1, static_cast<int>(std::lround(width / value))) : 0;
}

Result<Shape> read_shape(const std::vector<Word> &words)
{
    Shape shape;
    bool has_quality = false;
    for (const Word &word : words) {
        if (word.key == "ratio") {
            const auto ratio = Ratio::of(word.value);
            if (!ratio) {
                return ratio.error();
            }
            shape.ratio = *ratio;
            continue;
        }
        if (word.key == "width" || word.key == "w") {
            const auto width = image::parse_side("width", word.value);
            if (!width) {
                return width.error();
            }
            shape.width = static_cast<int>(width->value);
            continue;
        }
        if (word.key == "height" || word.key == "h") {
            return bad_request("every size has its own height: say ratio=W:H, like ratio=16:9");
        }
        if (word.key == "dpr") {
            return bad_request("a browser chooses by its density: leave dpr away");
        }
        if (word.key == "preset" && shape.ratio.value == 0) {
            shape.ratio = preset_ratio(word.value);
        }
        has_quality = has_quality || word.key == "quality" || word.key == "q" || word.key == "preset";
        shape.words.push_back(word);
    }

    if (!has_quality) {
        shape.words.push_back({"quality", default_quality});
    }
    return shape;
}

std::vector<Word> words_for(const Shape &shape, int width)
{
    std::vector<Word> words{{"width", std::to_string(width)}};
    if (const int height = shape.ratio.height(width); height > 0) {
        words.push_back({"height", std::to_string(height)});
    }
    words.insert(words.end(), shape.words.begin(), shape.words.end());
    return words;
}

Result<std::vector<int>> read_widths(const std::vector<int> &widths)
{
    std::vector<int> out = widths;
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    if (out.empty() || out.front() < 1 || out.back() > image::max_side) {
        return bad_request("a width is from 1 to " + std::to_string(image::max_side));
    }

    return out;
}

int fallback_width(const std::vector<int> &widths)
{
    int best = widths.front();
    for (const int width : widths) {
        best = width <= 1024 ? std::max(best, width) : best;
    }

    return best;
}

}  // namespace cdn::cli

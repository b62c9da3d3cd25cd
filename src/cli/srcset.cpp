#include "cli/breakpoints.h"
#include "cli/command.h"
#include "cli/markup.h"
#include "cli/picture_options.h"
#include "cli/when.h"
#include "core/text.h"
#include "image/format.h"

#include <cmath>
#include <cstdio>
#include <memory>

namespace cdn::cli {

namespace {

struct Line {
    PictureOptions           picture;
    std::vector<int>         widths{std::begin(default_widths), std::end(default_widths)};
    std::vector<double>      densities;
    std::string              sizes = "100vw";
    std::string              alt;
    std::vector<std::string> formats;
    std::vector<std::string> art;                      // media query, "SOURCE key=value ...", and again
    bool                     img = false;
    bool                     picture_tag = false;
    bool                     lazy = false;
    CLI::Option             *has_alt = nullptr;
};

[[noreturn]] void refuse(const std::string &line)
{
    throw Failure(Exit::usage, line);
}

template <typename T>
T value(Result<T> result)
{
    if (!result) {
        refuse(result.error().message);
    }

    return std::move(*result);
}

// One picture in all its sizes.
class Sizes {
public:
    Sizes(const Line &line, const PictureUrls &urls, std::string source, const std::vector<Word> &words)
        : line_(line), urls_(urls), source_(std::move(source)), shape_(value(read_shape(words)))
    {
        if (line.densities.empty() && shape_.width > 0) {
            refuse("the widths are those of --widths; with width= say --densities 1,2");
        }
        if (!line.densities.empty() && shape_.width == 0) {
            refuse("--densities needs width=, the width in the page");
        }
        widths_ = value(read_widths(line.densities.empty() ? line.widths : std::vector{shape_.width}));
    }

    std::vector<Candidate> candidates(const std::string &format = "") const
    {
        std::vector<Candidate> out;
        if (line_.densities.empty()) {
            for (const int width : widths_) {
                out.push_back({url(width, format), std::to_string(width) + 'w'});
            }
        }
        for (const double density : line_.densities) {
            out.push_back({url(static_cast<int>(std::lround(shape_.width * density)), format),
                           print_decimal(density) + 'x'});
        }
        return out;
    }

    std::string fallback() const { return url(fallback_width(widths_), ""); }

    // The largest: a browser takes the proportions from it.
    Box box() const
    {
        const int width = widths_.back();
        const int height = shape_.ratio.height(width);
        return height > 0 ? Box{width, height} : Box{};
    }

private:
    std::string url(int width, const std::string &format) const
    {
        std::vector<Word> words = words_for(shape_, width);
        if (!format.empty()) {
            words.push_back({"format", format});
        }
        return urls_.of(source_, words);
    }

    const Line        &line_;
    const PictureUrls &urls_;
    std::string        source_;
    Shape              shape_;
    std::vector<int>   widths_;
};

std::string content_type(const std::string &name)
{
    const auto format = image::format_named(name);
    if (!format || !image::shown_by_browsers(*format)) {
        refuse("--formats takes avif, webp, jxl, jpeg, png or gif, not \"" + printable(name) + '"');
    }

    return std::string(image::content_type(*format));
}

void add_sources(std::vector<SourceTag> &sources, const Line &line, const std::string &media, const Sizes &sizes)
{
    for (const std::string &format : line.formats) {
        sources.push_back({media, content_type(format), sizes.candidates(format), sizes.box()});
    }
    if (!media.empty()) {
        sources.push_back({media, "", sizes.candidates(), sizes.box()});
    }
}

std::string print(const Line &line, const PictureUrls &urls)
{
    const std::vector<Word> words = words_of(line.picture.words);
    const Sizes sizes(line, urls, line.picture.source, words);
    if (!line.img && !line.picture_tag) {
        return print_srcset(sizes.candidates(), ",\n") + '\n';
    }

    const ImgTag img{sizes.fallback(), sizes.candidates(), line.alt, sizes.box(), line.lazy};
    if (!line.picture_tag) {
        return print_img(img, line.sizes);
    }

    std::vector<SourceTag> sources;
    for (std::size_t i = 0; i + 1 < line.art.size(); i += 2) {
        const auto parts = split(trim(line.art[i + 1]), ' ');
        std::vector<Word> own = words;
        for (std::size_t part = 1; part < parts.size(); part++) {
            if (!parts[part].empty()) {
                own.push_back(value(Word::of(parts[part])));
            }
        }
        add_sources(sources, line, line.art[i], Sizes(line, urls, std::string(parts[0]), own));
    }
    add_sources(sources, line, "", sizes);
    return print_picture(sources, img, line.sizes);
}

void check(const Line &line)
{
    const bool tag = line.img || line.picture_tag;
    if (tag && line.has_alt->count() == 0) {
        refuse("an image needs --alt TEXT: what it shows, or '' where it only decorates");
    }
    if (!tag && (line.has_alt->count() > 0 || line.lazy)) {
        refuse("--alt and --lazy are for --img and --picture");
    }
    if (!line.picture_tag && (!line.art.empty() || !line.formats.empty())) {
        refuse("--art and --formats need --picture");
    }
}

}  // namespace

void add_srcset(CLI::App &app)
{
    const auto line = std::make_shared<Line>();

    auto *srcset = app.add_subcommand("srcset", "Makes a responsive picture: srcset, <img> or <picture>");
    add_picture_options(*srcset, line->picture);
    srcset->add_option("--widths", line->widths, "of the picture; default: 480,768,1024,1440,1920")
        ->type_name("N,N,...")->delimiter(',')->allow_extra_args(false);
    srcset->add_option("--densities", line->densities, "instead of widths, for a picture whose width= is fixed: 1,2,3")
        ->type_name("N,N,...")->delimiter(',')->allow_extra_args(false)->check(CLI::Range(0.1, 10.0));
    srcset->add_flag("--img", line->img, "prints an <img>");
    auto *picture = srcset->add_flag("--picture", line->picture_tag, "prints a <picture>");
    picture->excludes("--img");
    srcset->add_option("--sizes", line->sizes, "how wide the picture is in the page; default: 100vw")
        ->type_name("TEXT");
    line->has_alt = srcset->add_option("--alt", line->alt, "what the picture shows; '' for decoration")
        ->type_name("TEXT");
    srcset->add_option("--art", line->art,
                       "another picture where a media query holds: '(max-width: 600px)' 'cat-tall.jpg ratio=3:4'; "
                       "may be repeated, the first that holds wins")
        ->type_name("MEDIA SOURCE")->type_size(2)->allow_extra_args(false);
    srcset->add_option("--formats", line->formats, "a <source> for each of these formats: avif,webp")
        ->type_name("NAME,NAME,...")->delimiter(',')->allow_extra_args(false);
    srcset->add_flag("--lazy", line->lazy, "loads when it scrolls into view");
    srcset->footer(std::string(picture_words) +
                   "\n"
                   "ratio=16:9 gives every width its height; fit=cover or fit=crop cuts a picture of other proportions.  "
                   "The quality is 85 unless said.\n"
                   "\n"
                   "Examples:\n"
                   "  ngx-cdn srcset photos/cat.jpg format=auto\n"
                   "  ngx-cdn srcset --img --alt 'A cat' --sizes '(min-width: 60em) 50vw, 100vw' cat.jpg ratio=3:2 "
                   "fit=cover\n"
                   "  ngx-cdn srcset --picture --alt 'A cat' --art '(max-width: 600px)' 'cat.jpg ratio=3:4 gravity=auto' "
                   "cat.jpg ratio=16:9 fit=crop\n"
                   "  ngx-cdn srcset --densities 1,2 avatar.jpg width=64 ratio=1:1 fit=cover");
    srcset->callback([line] {
        check(*line);
        const PictureUrls urls(line->picture, unix_now());
        std::fputs(print(*line, urls).c_str(), stdout);
    });
}

}  // namespace cdn::cli

#include "cli/picture_options.h"

#include "cli/command.h"
#include "core/text.h"

namespace cdn::cli {

namespace {

[[noreturn]] void refuse(const std::string &line)
{
    throw Failure(Exit::usage, line);
}

bool is_absolute(std::string_view text)
{
    return text.starts_with("http://") || text.starts_with("https://");
}

}  // namespace

const char *const picture_words =
    "Options of the picture, which mean the same in every dialect:\n"
    "  width= height=  pixels\n"
    "  fit=            scale-down (default) contain cover crop pad squeeze scale-up aspect-crop\n"
    "  gravity=        auto entropy center left right top bottom, or X,Y from 0 to 1\n"
    "  quality=        1 to 100, auto, low, medium, high, lossless\n"
    "  format=         auto avif webp jpeg png gif jxl baseline-jpeg json\n"
    "  dpr= background= blur= sharpen= rotate= flip= anim= metadata= preset= page= device=\n"
    "Others are the dialect's own words.  What a dialect cannot say is refused.";

void add_picture_options(CLI::App &app, PictureOptions &options)
{
    std::vector<std::string> names;
    for (const Dialect &dialect : dialects()) {
        names.emplace_back(dialect.name);
    }
    app.add_option("--dialect", options.dialect, "how the URL is written, as in cdn_image; default: cloudflare")
        ->type_name("NAME")->check(CLI::IsMember(names));
    app.add_option("--base", options.base, "what every URL begins with: https://cdn.example.com")->type_name("URL");
    app.add_option("SOURCE", options.source, "the picture: photos/cat.jpg, or an absolute URL")->required();
    app.add_option("KEY=VALUE", options.words, "options of the picture, see below");
    add_key_options(app, options.signing, "sign-");
    add_wish_options(app, options.signing, "sign-");
}

std::vector<Word> words_of(const std::vector<std::string> &texts)
{
    std::vector<Word> words;
    for (const std::string &text : texts) {
        auto word = Word::of(text);
        if (!word) {
            refuse(word.error().message);
        }
        words.push_back(std::move(*word));
    }

    return words;
}

PictureUrls::PictureUrls(const PictureOptions &options, std::int64_t now)
    : dialect_(dialect_named(options.dialect)), native_(options.native), base_(options.base)
{
    if (!base_.empty() && !is_absolute(base_)) {
        refuse("--base begins with http:// or https://");
    }
    while (base_.ends_with('/')) {
        base_.pop_back();
    }
    if (options.signing.asked()) {
        signer_.emplace(options.signing, now);
    }
}

std::string PictureUrls::of(std::string_view source, const std::vector<std::string> &words) const
{
    return of(source, words_of(words));
}

std::string PictureUrls::of(std::string_view source, const std::vector<Word> &words) const
{
    const auto meaning = read_words(words, native_);
    if (!meaning) {
        refuse(meaning.error().message);
    }

    // where options are arguments, a picture of another site is asked for there
    std::string base = base_;
    std::string path(source);
    if (is_absolute(source) && !dialect_->any_source) {
        const auto end = source.find('/', source.find("//") + 2);
        if (!base.empty() || end == source.npos) {
            refuse(end == source.npos ? "the source names no picture: \"" + printable(source) + '"'
                                      : std::string(dialect_->name) + " cannot name a picture of another site");
        }
        base = source.substr(0, end);
        path = source.substr(end);
    }

    auto url = picture_url(*dialect_, *meaning, path);
    if (!url) {
        refuse(url.error().message);
    }

    return signer_ ? (*signer_)(base + *url) : base + *url;
}

}  // namespace cdn::cli

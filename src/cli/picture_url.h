// Image URLs of every dialect, from words that mean the same in all of them:
//
//   width height   pixels (width=auto: by client hints, where a dialect knows them)
//   fit            scale-down contain cover crop pad squeeze scale-up aspect-crop, as
//                  Cloudflare's; scale-down unless said otherwise
//   gravity        auto entropy center left right top bottom, X,Y or XxY
//   quality        1..100 auto low medium high lossless
//   format         auto avif webp jpeg png gif jxl baseline-jpeg json
//   dpr background blur sharpen rotate flip anim metadata preset page device
//
// Any other word is the dialect's own.  What a dialect cannot say is refused; what is
// printed is read by that dialect's parser as what was asked for.

#pragma once

#include "core/result.h"
#include "image/dialect.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cdn::cli {

struct Word {
    std::string key;
    std::string value;

    static Result<Word> of(std::string_view text);     // "width=300"
};

struct Dialect {
    std::string_view name;
    image::Parsed (*parse)(image::RawUrl url);
    bool             in_path;                          // options are a segment, not arguments
    std::string_view prefix;                           // of that segment
    bool             any_source;                       // also an absolute URL

    // When a picture of which only the size is said is fitted inside it, not enlarged.
    enum class Fits { always, one_side, never } fits;

    // How the dialect says a word; nothing: it cannot.
    std::optional<std::vector<Word>> (*say)(std::string_view key, const image::Options &options);
};

std::span<const Dialect> dialects();
const Dialect *dialect_named(std::string_view name);

// What the words mean; those that are the dialect's own are left over.
struct Meaning {
    image::Options           options;
    std::vector<Word>        said;                     // the words of all dialects, each once
    std::vector<Word>        own;
};
Result<Meaning> read_words(std::span<const Word> words, bool native);

// The URL's path and query.  `source` is a path, as in a URL or as a file's name; in
// cloudflare's also an absolute URL.
Result<std::string> picture_url(const Dialect &dialect, const Meaning &meaning, std::string_view source);

}  // namespace cdn::cli

// The sizes of a responsive picture.

#pragma once

#include "cli/markup.h"
#include "cli/picture_url.h"
#include "core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace cdn::cli {

inline constexpr int default_widths[] = {480, 768, 1024, 1440, 1920};

// width : height; nothing is known where it is 0.
struct Ratio {
    double value = 0;

    static Result<Ratio> of(std::string_view text);    // "16:9"
    int height(int width) const;                       // 0: not known
};

// What is said of a picture but for its size.
struct Shape {
    std::vector<Word> words;
    Ratio             ratio;                           // as said with ratio=, or a built-in preset's
    int               width = 0;                       // said with width=, in layout pixels; 0: not said
};

// Takes ratio= and width= out, and adds quality=85 where nothing is said of it.  `height=`
// is refused: each size has its own.
Result<Shape> read_shape(const std::vector<Word> &words);

// The words of one size, the size first.
std::vector<Word> words_for(const Shape &shape, int width);

// Each once, in ascending order; one that no picture can have is refused.
Result<std::vector<int>> read_widths(const std::vector<int> &widths);

// Which of these a browser without srcset gets: the largest up to 1024 pixels, or the smallest.
int fallback_width(const std::vector<int> &widths);

}  // namespace cdn::cli

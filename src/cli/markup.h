// Responsive pictures in HTML.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cdn::cli {

// Fit for text and for an attribute in double quotes.
std::string html_escape(std::string_view text);

struct Candidate {
    std::string url;
    std::string descriptor;                            // "480w", "2x"
};

// "URL 480w, URL 768w", `between` them.
std::string print_srcset(const std::vector<Candidate> &candidates, std::string_view between = ", ");

struct Box {
    int width = 0;                                     // 0: not known
    int height = 0;
};

// One choice of <picture>.
struct SourceTag {
    std::string            media;                      // or empty
    std::string            type;                       // or empty
    std::vector<Candidate> candidates;
    Box                    box;
};

struct ImgTag {
    std::string            src;
    std::vector<Candidate> candidates;
    std::string            alt;
    Box                    box;
    bool                   lazy = false;
};

// `sizes` is for candidates with a width alone.
std::string print_img(const ImgTag &img, std::string_view sizes, std::string_view indent = "");
std::string print_picture(const std::vector<SourceTag> &sources, const ImgTag &img, std::string_view sizes);

}  // namespace cdn::cli

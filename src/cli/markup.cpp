#include "cli/markup.h"

namespace cdn::cli {

namespace {

// <name
//   key="value"
//   ...>
class Tag {
public:
    Tag(std::string_view name, std::string_view indent) : text_(indent), indent_(std::string(indent) + "  ")
    {
        text_ += '<';
        text_ += name;
    }

    void add(std::string_view name, std::string_view value)
    {
        text_ += '\n' + indent_ + std::string(name) + "=\"" + html_escape(value) + '"';
    }

    void add_if(std::string_view name, std::string_view value)
    {
        if (!value.empty()) {
            add(name, value);
        }
    }

    void add_candidates(const std::vector<Candidate> &candidates, std::string_view sizes)
    {
        const std::string between = ",\n" + indent_ + std::string(sizeof "srcset=\"" - 1, ' ');
        add("srcset", print_srcset(candidates, between));
        if (!candidates.empty() && candidates[0].descriptor.ends_with('w')) {
            add("sizes", sizes);
        }
    }

    void add_box(Box box)
    {
        if (box.width > 0 && box.height > 0) {
            text_ += '\n' + indent_ + "width=\"" + std::to_string(box.width) + "\" height=\""
                     + std::to_string(box.height) + '"';
        }
    }

    std::string closed() const { return text_ + ">\n"; }

private:
    std::string text_;
    std::string indent_;
};

}  // namespace

std::string html_escape(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default:  out += c;
        }
    }

    return out;
}

std::string print_srcset(const std::vector<Candidate> &candidates, std::string_view between)
{
    std::string out;
    for (const auto &[url, descriptor] : candidates) {
        if (!out.empty()) {
            out += between;
        }
        out += url + ' ' + descriptor;
    }

    return out;
}

std::string print_img(const ImgTag &img, std::string_view sizes, std::string_view indent)
{
    Tag tag("img", indent);
    tag.add("src", img.src);
    tag.add_candidates(img.candidates, sizes);
    tag.add_box(img.box);
    tag.add_if("loading", img.lazy ? "lazy" : "");
    tag.add_if("decoding", img.lazy ? "async" : "");
    tag.add("alt", img.alt);
    return tag.closed();
}

std::string print_picture(const std::vector<SourceTag> &sources, const ImgTag &img, std::string_view sizes)
{
    std::string out = "<picture>\n";
    for (const SourceTag &source : sources) {
        Tag tag("source", "  ");
        tag.add_if("media", source.media);
        tag.add_if("type", source.type);
        tag.add_candidates(source.candidates, sizes);
        tag.add_box(source.box);
        out += tag.closed();
    }

    return out + print_img(img, sizes, "  ") + "</picture>\n";
}

}  // namespace cdn::cli

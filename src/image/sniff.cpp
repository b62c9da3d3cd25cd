#include "image/sniff.h"

#include "core/text.h"
#include "image/bytes.h"

#include <algorithm>

namespace cdn::image {

namespace {

using namespace std::string_view_literals;

// ISO/IEC 14496-12: a file type box names a major brand and compatible ones.
std::optional<Format> sniff_brands(std::string_view bytes)
{
    if (bytes.size() < 16 || bytes.substr(4, 4) != "ftyp"sv) {
        return std::nullopt;
    }

    const std::size_t size = big_endian(bytes, 0, 4);
    if (size < 16 || size > 512) {
        return std::nullopt;
    }

    const auto box = bytes.substr(0, size);
    std::optional<Format> found;

    for (std::size_t at = 8; at + 4 <= box.size(); at += at == 8 ? 8 : 4) {
        const auto brand = box.substr(at, 4);

        if (brand == "avif"sv || brand == "avis"sv) {
            return Format::avif;
        }
        if (brand == "heic"sv || brand == "heix"sv || brand == "heim"sv || brand == "heis"sv
            || brand == "mif1"sv)
        {
            found = Format::heif;
        }
    }

    return found;
}

// "<svg", or with a prefix for its namespace, "<svg:svg".
bool is_svg_element(std::string_view text)
{
    const auto end = text.find_first_of(" \t\r\n>/");
    if (!text.starts_with('<') || end == text.npos) {
        return false;
    }

    const auto name = text.substr(1, end - 1);
    return name == "svg"sv || name.ends_with(":svg"sv);
}

// An XML document whose root is <svg>: past a byte order mark, white space,
// the declaration, comments and a document type, which may declare entities.
bool is_svg(std::string_view text)
{
    if (text.starts_with("\xEF\xBB\xBF"sv)) {
        text.remove_prefix(3);
    }

    for (;;) {
        const auto start = text.find_first_not_of(" \t\r\n");
        if (start == text.npos) {
            return false;
        }
        text.remove_prefix(start);

        std::string_view end;
        if (text.starts_with("<?")) {
            end = "?>";
        } else if (text.starts_with("<!--")) {
            end = "-->";
        } else if (text.starts_with("<!")) {
            end = ">";
            if (const auto at = text.find_first_of("[>"); at != text.npos && text[at] == '[') {
                text.remove_prefix(std::min(text.find(']', at), text.size()));
            }
        } else {
            return is_svg_element(text);
        }

        const auto at = text.find(end);
        if (at == text.npos) {
            return false;
        }
        text.remove_prefix(at + end.size());
    }
}

}  // namespace

std::optional<Format> sniff(std::string_view bytes)
{
    bytes = bytes.substr(0, 4096);

    if (bytes.starts_with("\xFF\xD8\xFF"sv)) {
        return Format::jpeg;
    }
    if (bytes.starts_with("\x89PNG\r\n\x1A\n"sv)) {
        return Format::png;
    }
    if (bytes.starts_with("GIF87a"sv) || bytes.starts_with("GIF89a"sv)) {
        return Format::gif;
    }
    if (bytes.size() >= 16 && bytes.starts_with("RIFF"sv) && bytes.substr(8, 4) == "WEBP"sv) {
        return Format::webp;
    }
    if (bytes.starts_with("II*\0"sv) || bytes.starts_with("MM\0*"sv)
        || bytes.starts_with("II+\0\x08\0\0\0"sv) || bytes.starts_with("MM\0+\0\x08\0\0"sv))   // BigTIFF
    {
        return Format::tiff;
    }
    // ISO/IEC 18181-2: a codestream, or one in a container
    if (bytes.starts_with("\xFF\x0A"sv) || bytes.starts_with("\0\0\0\x0CJXL \r\n\x87\n"sv)) {
        return Format::jxl;
    }
    if (const auto format = sniff_brands(bytes)) {
        return format;
    }
    if (is_svg(bytes)) {
        return Format::svg;
    }
    // as readers of PDF do: something may be in front
    if (bytes.substr(0, 1024).find("%PDF-"sv) != bytes.npos) {
        return Format::pdf;
    }

    return std::nullopt;
}

}  // namespace cdn::image

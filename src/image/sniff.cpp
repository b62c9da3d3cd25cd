#include "image/sniff.h"

#include "core/text.h"

namespace cdn::image {

namespace {

using namespace std::string_view_literals;

std::uint32_t big_endian(std::string_view bytes)
{
    std::uint32_t value = 0;
    for (const char c : bytes.substr(0, 4)) {
        value = value << 8 | static_cast<unsigned char>(c);
    }

    return value;
}

// ISO/IEC 14496-12: a file type box names a major brand and compatible ones.
std::optional<Format> sniff_brands(std::string_view bytes)
{
    if (bytes.size() < 16 || bytes.substr(4, 4) != "ftyp"sv) {
        return std::nullopt;
    }

    const std::size_t size = big_endian(bytes);
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

// An XML document whose root is <svg>: past a byte order mark, white space,
// the declaration, comments and a document type.
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
        } else {
            return text.starts_with("<svg"sv) && text.size() > 4
                   && " \t\r\n>/"sv.find(text[4]) != std::string_view::npos;
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
    if (bytes.starts_with("%PDF-"sv)) {
        return Format::pdf;
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

    return std::nullopt;
}

}  // namespace cdn::image

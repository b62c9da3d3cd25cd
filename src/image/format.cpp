#include "image/format.h"

namespace cdn::image {

namespace {

struct Row {
    Format           format;
    std::string_view name;
    std::string_view type;
    bool             writable;
    bool             alpha;
    bool             frames;
};

constexpr Row rows[] = {
    {Format::jpeg, "jpeg", "image/jpeg", true, false, false},
    {Format::png, "png", "image/png", true, true, false},
    {Format::webp, "webp", "image/webp", true, true, true},
    {Format::gif, "gif", "image/gif", true, true, true},
    {Format::avif, "avif", "image/avif", true, true, false},
    {Format::heif, "heif", "image/heif", false, true, false},
    {Format::tiff, "tiff", "image/tiff", true, true, false},
    {Format::svg, "svg", "image/svg+xml", false, true, false},
    {Format::pdf, "pdf", "application/pdf", false, false, false},
    {Format::jxl, "jxl", "image/jxl", true, true, false},
};

const Row &row(Format format)
{
    return rows[static_cast<std::size_t>(format)];
}

}  // namespace

std::string_view name(Format format) { return row(format).name; }
std::string_view content_type(Format format) { return row(format).type; }
bool can_write(Format format) { return row(format).writable; }
bool shown_by_browsers(Format format) { return can_write(format) && format != Format::tiff; }
bool has_alpha(Format format) { return row(format).alpha; }
bool has_frames(Format format) { return row(format).frames; }
bool is_drawn(Format format) { return format == Format::svg || format == Format::pdf; }

std::optional<Format> format_named(std::string_view name)
{
    for (const Row &r : rows) {
        if (r.name == name) {
            return r.format;
        }
    }

    return std::nullopt;
}

}  // namespace cdn::image

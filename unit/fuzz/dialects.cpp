#include "image/dialect.h"
#include "image/preset.h"
#include "targets.h"

#include <algorithm>
#include <string>

namespace cdn::fuzz {

namespace {

void is_clean(std::string_view uri)
{
    must(uri.starts_with('/'), "a URI begins with a slash");
    must(std::all_of(uri.begin(), uri.end(), [](char c) { return c > ' ' && c < '\x7f'; }),
         "a URI is of visible ASCII");
}

image::RawUrl raw(std::string_view text)
{
    const auto mark = text.find('?');
    return {text.substr(0, mark), mark == text.npos ? std::string_view() : text.substr(mark + 1)};
}

}  // namespace

// The first byte chooses the dialect.
void dialects(std::string_view bytes)
{
    static const image::Presets presets;
    static constexpr image::Parsed (*parsers[])(image::RawUrl) = {
        image::parse_cloudflare, image::parse_bunnycdn, image::parse_keycdn, image::parse_fastly,
        image::parse_custom};
    if (bytes.empty()) {
        return;
    }

    const auto chosen = static_cast<unsigned char>(bytes[0]);
    const auto asked = parsers[chosen % 5](raw(bytes.substr(1)));
    if (!asked || !*asked) {
        return;
    }

    auto options = presets.apply((*asked)->options);
    if (!options) {
        return;
    }
    options->lay_over((*asked)->defaults);

    image::Negotiated formats;
    if (image::leaves_format_open(*options) && chosen % 2 != 0) {
        formats = {image::Format::avif, image::Format::webp};
    }
    const auto request = image::resolve(*options, (*asked)->source, formats);
    if (!request) {
        return;
    }

    const std::string uri = image::print_canonical(*request);
    is_clean(uri);
    const auto again = image::parse_canonical(raw(uri));
    must(bool(again), "a canonical URI is understood");
    must(again->has_value() && **again == *request, "a canonical URI says all");
}

void canonical(std::string_view bytes)
{
    const auto request = image::parse_canonical(raw(bytes));
    if (!request || !*request) {
        return;
    }

    const std::string uri = image::print_canonical(**request);
    is_clean(uri);
    const auto again = image::parse_canonical(raw(uri));
    must(again && again->has_value() && **again == **request, "a canonical URI says all");
}

}  // namespace cdn::fuzz

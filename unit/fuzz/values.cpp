#include "bytes.h"
#include "image/color.h"
#include "image/dialect.h"
#include "image/negotiate.h"
#include "image/preset.h"
#include "image/sources.h"
#include "image/url.h"
#include "targets.h"

#include <string>

namespace cdn::fuzz {

// Lines: an option and its value, an Accept header, a host pattern and a host, a
// source.
void values(std::string_view bytes)
{
    Bytes in(bytes);

    image::Options options;
    const auto key = in.line();
    if (const auto error = image::set_option(options, key, in.line())) {
        must(!error->message.empty() && error->message.find('\n') == std::string::npos, "a refusal is one line");
    }

    const std::vector<image::Format> wanted{image::Format::avif, image::Format::webp};
    const auto formats = image::negotiate(in.line(), wanted);
    must(formats.size() <= wanted.size(), "what is negotiated was offered");

    image::SourceHosts hosts;
    const bool added = !hosts.add(in.line());
    if (const auto host = image::parse_host(in.line())) {
        must(!hosts.allow("https://" + *host) || added, "a host that is allowed was added");
    }

    const auto text = in.line();
    for (const auto &source : {image::any_source(text, in.rest()), image::site_source(text, in.rest())}) {
        if (!source) {
            continue;
        }
        must(source->path.starts_with('/'), "a path begins with a slash");
        must(source->path.find("/../") == std::string::npos && !source->path.ends_with("/.."), "a path does not climb");
        for (const char c : source->uri()) {
            must(c > ' ' && c < '\x7f', "a source is of visible ASCII");
        }
    }
}

}  // namespace cdn::fuzz

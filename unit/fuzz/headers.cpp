#include "image/render.h"
#include "targets.h"

namespace cdn::fuzz {

void headers(std::string_view bytes)
{
    image::Request request;
    request.width = 32;
    image::Limits limits;
    limits.max_pixels = 1'000'000;
    const auto prepared = image::prepare(
        bytes, request, image::FormatSet{image::Format::jpeg, image::Format::png, image::Format::webp,
                                         image::Format::gif, image::Format::avif, image::Format::heif,
                                         image::Format::tiff},
        limits);
    if (!prepared) {
        must(prepared.error().code != ErrorCode::internal && !prepared.error().message.empty(),
             "a refusal has a reason");
        return;
    }

    const image::SourceInfo &source = prepared->source;
    must(source.width > 0 && source.height > 0 && source.frames > 0, "a picture has pixels");
    must(static_cast<std::uint64_t>(source.width) * static_cast<std::uint64_t>(source.height)
                 * static_cast<std::uint64_t>(source.frames) <= limits.max_pixels,
         "a picture within limits");
}

}  // namespace cdn::fuzz

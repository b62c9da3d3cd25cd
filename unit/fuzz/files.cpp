#include "image/bare.h"
#include "image/bombs.h"
#include "image/ending.h"
#include "image/layout.h"
#include "image/sniff.h"
#include "targets.h"

#include <string>

namespace cdn::fuzz {

void files(std::string_view bytes)
{
    const auto format = image::sniff(bytes);
    must(image::sniff(bytes.substr(0, 4096)) == format, "the first bytes decide");
    if (!format) {
        return;
    }

    image::check_for_bombs(bytes, *format);
    image::has_quarter_chroma(bytes);
    image::tiff_block_memory(bytes, 2, 100, 100, 3);
    const bool cut = image::lacks_end_marker(bytes) || image::breaks_off(bytes);
    if (image::is_bare(bytes, *format)) {
        must(!cut || (*format != image::Format::jpeg && *format != image::Format::gif), "a bare file has its end");
        must(!image::is_bare(std::string(bytes) + 'x', *format), "nothing follows a bare file");
        must(!image::is_bare(bytes.substr(0, bytes.size() - 1), *format), "a bare file is whole");
    }
}

}  // namespace cdn::fuzz

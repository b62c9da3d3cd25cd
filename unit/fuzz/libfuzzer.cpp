// libFuzzer's way in: one program for each target.

#include "image/render.h"
#include "targets.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerInitialize(int *, char ***)
{
    return cdn::image::render_start(false) ? 0 : 1;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    cdn::fuzz::CDN_FUZZ_TARGET({reinterpret_cast<const char *>(data), size});
    return 0;
}

// Collects a source on its way out, and sends the picture made of it instead.

#pragma once

#include "ngx/ngx.h"

namespace cdn {

void install_image_filter() noexcept;

}  // namespace cdn

// What a client says it can show, reduced to the few answers that matter.

#pragma once

#include "image/request.h"

#include <string_view>

namespace cdn::image {

// The formats of `wanted`, in that order, that an Accept header names itself:
// "image/*" and "*/*" promise nothing, q=0 refuses.  RFC 9110 section 12.5.1.
Negotiated negotiate(std::string_view accept, const std::vector<Format> &wanted);

}  // namespace cdn::image

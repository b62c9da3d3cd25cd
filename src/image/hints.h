// What a client tells of its screen and its connection, where options leave
// something to it.
//
// Hints become few, coarse values: whatever clients send, one URL has a handful
// of pictures.

#pragma once

#include "image/request.h"

#include <functional>
#include <string>
#include <string_view>

namespace cdn::image {

// The value of a request header, empty if the client did not send it.
using ReadHint = std::function<std::string(std::string_view name)>;

// Settles width=auto, dpr=auto and the quality for slow connections.  Reads no
// header that it does not need: on those it reads, the answer varies.
// https://wicg.github.io/responsive-image-client-hints/, and the names without
// "Sec-CH-" that older clients send
void apply_hints(Options &options, const ReadHint &read);

}  // namespace cdn::image
